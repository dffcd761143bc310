"""benchmarks/tokenizers: which texts count, what is a missed goal, and what is printed."""

import runpy
import sys
from types import SimpleNamespace

import pytest

from pipeline.core.errors import PipelineError
from pipeline_runs import PROJECT

FOLDER = PROJECT / "benchmarks" / "tokenizers"


@pytest.fixture(scope="module")
def benchmark():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        for name in ("RAYON_NUM_THREADS", "TOKENIZERS_PARALLELISM"):
            patch.setenv(name, "")
        yield SimpleNamespace(**runpy.run_path(str(FOLDER / "run.py")))
        for name in ("benchmark_texts", "benchmark_vocabulary"):
            del sys.modules[name]


@pytest.fixture
def result(benchmark):
    """Makes a result of two texts with five tokens together, in which the client took a microsecond."""

    def make(fastbert: float = 2e-6, allocated: float = 44, wrong: tuple[str, ...] = ()):
        rounds = {
            "ours": benchmark.Round(1e-6, allocated),
            "FastBertTokenizer": benchmark.Round(fastbert, 0),
            "Hugging Face, encode": benchmark.Round(1e-5, None),
            "Hugging Face, encode_batch": benchmark.Round(1e-5, None),
        }
        return benchmark.Result([2, 3], rounds, {"ours": wrong}, benchmark.Round(1e-7, 44))

    return make


def test_a_text_is_wrong_where_its_tokens_differ(benchmark):
    wrong = benchmark.find_wrong(["a", "b", "c"], [[1], [2, 3], [4]], [[1], [2, 5], [4]])
    assert list(wrong) == [1]
    assert wrong[1].endswith("expected id 3 at token 1, as Hugging Face's tokenizer, got id 5")


def test_only_texts_count_that_every_tokenizer_has_right(benchmark):
    assert benchmark.places_that_count(4, [{0: "wrong"}, {}, {3: "wrong"}]) == [1, 2]


def test_a_tokenizer_that_has_no_text_right_takes_none_away(benchmark):
    assert benchmark.places_that_count(2, [{0: "wrong", 1: "wrong"}, {1: "wrong"}]) == [0]


def test_without_a_text_that_counts_nothing_is_measured(benchmark):
    with pytest.raises(PipelineError, match="expected a text that every tokenizer has right, got none of 2"):
        benchmark.places_that_count(2, [{0: "wrong"}, {1: "wrong"}])


def test_the_quickest_round_counts_and_the_bytes_of_the_last(benchmark):
    rounds = [benchmark.Round(2.0, 90), benchmark.Round(1.0, 50), benchmark.Round(3.0, 40)]
    assert benchmark.quickest(rounds) == benchmark.Round(1.0, 40)


def test_no_goal_is_missed(benchmark, result):
    assert benchmark.missed_goals({"prose": result()}) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"fastbert": 5e-7}, "prose: expected at least the speed of FastBertTokenizer, got 0.50 of it"),
        ({"allocated": 60.5}, "prose: expected 44.0 bytes a call, those of the answer, got 60.5"),
        ({"wrong": ("that",)}, "prose: 1 texts have other tokens than Hugging Face's, such as that"),
    ],
)
def test_a_missed_goal_is_a_sentence(benchmark, result, changes, sentence):
    assert benchmark.missed_goals({"prose": result(**changes)}) == [sentence]


def test_a_tokenizer_that_was_not_measured_has_an_empty_cell(benchmark, result):
    table = benchmark.format_table("speed", {"prose": result()}, benchmark.speed_cell)
    cells = {line.split("|")[1].strip(): line.split("|")[2].strip() for line in table.splitlines()}
    assert cells["ours"] == "5.00 (1.00)"
    assert cells["Microsoft.ML.Tokenizers"] == ""


def test_the_answer_s_share_is_said(benchmark, result):
    assert benchmark.describe_answer("prose", result()) == (
        "prose: 2 texts, 5 tokens; the array that a call answers with is 44 of its 44 bytes and 10% of its time"
    )


def test_a_vocabulary_of_our_own_tokenizes_as_the_client_does(benchmark, monkeypatch, tmp_path):
    pytest.importorskip("tokenizers", reason="needs the extra `minilm`: pip install '.[minilm]'")
    vocabulary = sys.modules["benchmark_vocabulary"]
    vocabulary.train(tmp_path / "tokenizer.json", ["a nurse", "the nurses' notes"])
    text = (tmp_path / "tokenizer.json").read_text()
    assert '"WordPiece"' in text
    assert "[CLS]" in text


def test_short_paragraphs_are_left_out_and_long_ones_become_a_line(benchmark):
    long = "word " * 50
    assert sys.modules["benchmark_texts"].split_paragraphs(f"Title\n\n{long}\n{long}\n\nend") == [(long + long).strip()]
