import numpy as np
import pytest

from pipeline.core.golden_texts import GoldenTexts, difference, load_golden, load_tokens, save_golden, save_tokens

TEXTS = ["", "a\0", "🎉\ufffd"]
IDS = [[1, 2], [1, 5, 2], [1, 0, 2]]


def test_texts_and_answers_come_back(tmp_path):
    rows = [np.array([0.5, i], dtype=np.float32) for i in range(3)]
    kinds = [np.array([i]) for i in range(3)]
    save_golden(GoldenTexts(TEXTS, IDS, {"embedding": rows, "kind": kinds}), tmp_path / "texts.npz")
    back = load_golden(tmp_path / "texts.npz")
    assert (back.texts, back.ids) == (TEXTS, IDS)
    assert [row.tolist() for row in back.answers["embedding"]] == [row.tolist() for row in rows]
    assert {name: answers[0].dtype for name, answers in back.answers.items()} == {
        "embedding": np.float32,
        "kind": np.int64,
    }


def test_a_model_without_a_tokeniser_has_none(tmp_path):
    save_golden(GoldenTexts([], [], {}), tmp_path / "texts.npz")
    assert load_golden(tmp_path / "texts.npz").texts == []


def test_tokens_come_back(tmp_path):
    save_tokens(TEXTS, IDS, tmp_path / "tokens.json")
    assert load_tokens(tmp_path / "tokens.json") == (TEXTS, IDS)


@pytest.mark.parametrize(
    ("text", "expected", "got", "told"),
    [
        ("a", [1, 2], [1, 2], ""),
        (
            "a\0é",
            [1, 5, 2],
            [1, 6, 2],
            r"text 'a\x00\xe9': expected id 5 at token 1, as Hugging Face's tokeniser, got id 6",
        ),
        (
            "b",
            [1, 5, 2],
            [1],
            "text 'b': expected id 5 at token 1, as Hugging Face's tokeniser, got an end after 1 tokens",
        ),
        (
            "b",
            [1],
            [1, 2],
            "text 'b': expected an end after 1 tokens at token 1, as Hugging Face's tokeniser, got id 2",
        ),
        ("c" * 99, [1], [2], f"text '{'c' * 60}'...: expected id 1 at token 0"),
    ],
)
def test_a_difference_shows_text_and_place(text, expected, got, told):
    assert difference(text, expected, got).startswith(told)
    assert bool(difference(text, expected, got)) is bool(told)
