"""A model that reads text, from prepare to verify: what each stage adds, and refuses."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

import text_network
from pipeline.__main__ import main
from pipeline.compare.policy import Policy, Tolerance
from pipeline.compare.similarity import cosine_similarity
from pipeline.core.arrays import load, save
from pipeline.core.contract import TokenizerSpec, load_contract
from pipeline.core.errors import PipelineError
from pipeline.core.files import read_json, sha256
from pipeline.core.golden import GoldenTexts, golden_texts, load_calls
from pipeline.core.paths import CONTRACT
from pipeline.dotnet import sdk
from pipeline.dotnet.nuget import golden_files
from pipeline.dotnet.proof import text_answers
from pipeline.export.text_calls import check_vocabulary
from pipeline.parity.gate import explain_failure
from pipeline.tokenizer.token_files import load_texts
from pipeline_runs import regolden, reseal

EXACT = Policy(Tolerance(0.0, 0.0), {})
CLOSE = Policy(Tolerance(1e-2, 0.0), {})
needs_dotnet = pytest.mark.skipif(
    sdk.version(sdk.find()) is None, reason="no .NET SDK on PATH, in DOTNET_ROOT or in ~/.dotnet"
)


@pytest.fixture
def bring(empty, passes):
    """Configure the tiny model anew in an empty folder."""

    def make(*overrides: str, **tokenizer: object) -> None:
        text_network.write(empty, **tokenizer)
        passes("params", *text_network.overrides("verify.mode=off", *overrides))

    return make


def texts_of_the_calls() -> GoldenTexts:
    return golden_texts(load_calls(), "input_ids")


def package() -> zipfile.ZipFile:
    return zipfile.ZipFile(Path("build/package") / read_json(Path("build/package/manifest.json"), "package")["package"])


def test_prepare_tokenizes_the_rows(texts):
    rows = load(Path("build/data/test.npz"), "prepare")
    assert set(rows) == {"input_ids", "attention_mask"}
    assert rows["input_ids"].shape == rows["attention_mask"].shape
    assert len(rows["input_ids"]) == 40
    assert (rows["input_ids"][:, 0] == 2).all()
    assert ((rows["input_ids"] > 0) <= (rows["attention_mask"] == 1)).all()


def test_prepare_again_gives_equal_bytes(texts, passes):
    made = [path for path in Path("build/data").rglob("*") if path.is_file()]
    before = {path: sha256(path) for path in made}
    passes("prepare")
    assert {path: sha256(path) for path in made} == before


def test_texts_of_one_s_own(bring, passes):
    save(Path("rows.npz"), {"review": np.array(["the nurse", "", "a"])})
    file = "{file: tokenizer.json, max_length: 9, text: review, inputs: {ids: input_ids, mask: attention_mask}}"
    bring("data=npz", "data.path=rows.npz", "data.rows=null", f"model.tokenizer={file}")
    passes("prepare")
    assert load(Path("build/data/test.npz"), "prepare")["attention_mask"].sum(axis=1).tolist() == [4, 2, 3]


def test_a_model_without_a_tokenizer_has_none(linear):
    assert not Path("build/data/tokenizer").exists()
    assert load_contract().tokenizer is None
    assert [call for call in load_calls() if call.texts] == []
    assert "Tokenizers" not in package().read("Linear.nuspec").decode()


def test_another_model_s_tokenizer_is_taken_away(texts, configure, passes):
    configure()
    passes("prepare")
    assert not Path("build/data/tokenizer").exists()


def test_the_contract_says_how_texts_become_inputs(texts):
    told = load_contract().tokenizer
    assert told is not None
    assert told.fills == {"ids": "input_ids", "mask": "attention_mask"}
    assert (told.max_length, told.before, told.after) == (text_network.LENGTH, [2], [3])
    assert told.vocabulary_sha256 == sha256(Path("build/data/tokenizer/vocab.txt"))


def test_every_text_has_a_proven_number_of_tokens(texts):
    contract = load_contract()
    sizes, tokenizer = contract.axes["tokens"].sizes, contract.tokenizer
    assert min(sizes) <= len(tokenizer.before) + len(tokenizer.after)
    assert max(sizes) >= tokenizer.max_length == text_network.LENGTH
    assert not set(contract.axes["tokens"].refused) & set(range(tokenizer.max_length + 1))


def test_pytorch_answers_every_text(texts):
    asked, token_ids = load_texts()
    golden = texts_of_the_calls()
    assert sorted(zip(golden.texts, golden.token_ids, strict=True)) == sorted(zip(asked, token_ids, strict=True))
    assert [len(golden.outputs[name]) for name in ("embedding", "kind")] == [len(asked)] * 2
    assert {row.shape for row in golden.outputs["embedding"]} == {(6,)}


def test_texts_are_compared_on_every_graph(texts, passes):
    passes("validate")
    compared = {
        (entry["stage"], entry["case"]) for entry in read_json(Path("reports/parity.json"), "validate")["comparisons"]
    }
    names = {call.name for call in load_calls() if call.texts}
    assert {(stage, name) for stage in ("export", "simplify") for name in names} <= compared


@pytest.mark.parametrize("rows", [20, 5000])
def test_another_vocabulary_than_the_embedding_s(rows, texts, passes, fails):
    passes("params", *text_network.OVERRIDES, "verify.mode=off", f"model.net.kwargs={{rows: {rows}}}")
    passes("train")
    size = len(text_network.vocabulary())
    told = f"expected a vocabulary of as many pieces as the network's embedding has rows ({rows:,}), got {size:,}"
    assert told in fails("export")


def test_an_embedding_that_was_rounded_up_is_taken():
    described = TokenizerSpec.model_construct(vocabulary_size=1000)
    check_vocabulary(text_network.TinyNet(1024), described)
    with pytest.raises(PipelineError, match="got 1,000"):
        check_vocabulary(text_network.TinyNet(999), described)


def test_the_package_holds_vocabulary_and_texts_and_asks_for_no_tokenizer(texts):
    digest = sha256(Path("build/data/tokenizer/vocab.txt"))
    with package() as opened:
        names = opened.namelist()
        assert opened.read(f"model/Tiny.{digest[:8]}.vocab.txt") == Path("build/data/tokenizer/vocab.txt").read_bytes()
        assert {"golden/texts.json", "golden/texts.0.bin"} <= set(names)
        # The client has a tokenizer of its own.
        assert "Tokenizers" not in opened.read("Tiny.nuspec").decode()
        assert f"Tiny.{digest[:8]}.vocab.txt" in opened.read("buildTransitive/Tiny.targets").decode()
        assert 'model.Run("some text")' in opened.read("README.md").decode()
        entries = json.loads(opened.read("golden/texts.json"))
    golden = texts_of_the_calls()
    tokens = dict(zip(golden.texts, golden.token_ids, strict=True))
    assert 0 < len(entries) < len(tokens)
    assert [entry["ids"] for entry in entries] == [tokens[entry["text"]] for entry in entries]


@pytest.mark.parametrize("name", ["vocab.txt", "characters.txt"])
def test_an_altered_or_missing_file_of_the_tokenizer(name, texts, fails):
    path = Path("build/data/tokenizer") / name
    path.write_bytes(path.read_bytes().replace(b"\n", b"\n\n", 1))
    assert f"{path} is not what `prepare` wrote" in fails("package")
    reseal(path)
    assert f"{path} is not the file that build/golden/contract.json was made with" in fails("package")
    path.unlink()
    assert f"{path} is missing: it is written by `python -m pipeline prepare`" in fails("package")


def test_a_tokenizer_that_does_not_fill_every_input(texts, passes, fails):
    ids = "{file: tokenizer.json, max_length: 9, inputs: {ids: input_ids}}"
    passes("params", *text_network.overrides(f"model.tokenizer={ids}", "verify.mode=off"))
    assert "(attention_mask missing)" in fails("prepare")


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("model.tokenizer={file: t, max_length: 2, inputs: {ids: input_ids}}", "model.tokenizer.max_length: "),
        ("model.tokenizer={file: t, max_length: 9, inputs: {mask: m}}", "expected the input that takes the tokens"),
        ("model.dynamic_axes={input_ids: {0: batch}}", "a tokenizer fills rows of any length: expected dynamic_axes"),
        ("data.rows=null", "data._target_=pipeline.data.sources.multilingual needs data.rows"),
    ],
)
def test_settings_that_are_refused(override, told, empty, capsys):
    text_network.write(empty)
    assert main(["params", *text_network.overrides(override)]) == 1
    assert told in capsys.readouterr().err


def test_params_warns_of_a_tokenizer_that_is_not_there(empty, capsys):
    assert main(["params", *text_network.OVERRIDES]) == 0
    assert "warning: params: model.tokenizer.file=tokenizer.json: there is no such file yet" in capsys.readouterr().err


def test_a_mismatch_is_found_before_anything_is_exported(bring, fails):
    odd = {"type": "Replace", "pattern": {"String": "ur"}, "content": "xx"}
    plain = json.loads(text_network.tokenizer_json())["normalizer"]
    bring(normalizer={"type": "Sequence", "normalizers": [plain, odd]})
    told = fails("prepare")
    assert "tokenizer mismatch, number" in told
    assert "as Hugging Face's tokenizer, got id" in told


GOLDEN = GoldenTexts(
    ["a", "b\0"],
    [[2, 5, 3], [2, 1, 3]],
    {"y": [np.array([1, 2], np.float32), np.array([3, 4], np.float32)], "k": [np.array([1]), np.array([0])]},
)


@pytest.fixture
def answers(tmp_path) -> Path:
    """What a faultless program writes."""
    rows = {**{f"{way}.{i}": GOLDEN.outputs[n] for way in text_answers.METHODS for i, n in enumerate(GOLDEN.outputs)}}
    rows["text.tokens"] = [np.array(ids) for ids in GOLDEN.token_ids]
    for name, values in rows.items():
        write(tmp_path / f"{name}.bin", values)
    return tmp_path


def write(path: Path, rows: list[np.ndarray]) -> None:
    path.write_bytes(b"".join(len(row).to_bytes(4, "little") + row.tobytes() for row in rows))


def judged(answers: Path, policy: Policy = EXACT, least: float = 0.99999) -> str:
    return explain_failure(text_answers.compare_texts(answers, GOLDEN, policy, least))


def test_faultless_texts(answers):
    comparisons = text_answers.compare_texts(answers, GOLDEN, EXACT, 0.99999)
    assert explain_failure(comparisons) == ""
    assert [entry.case for entry in comparisons if entry.output == "tokens"] == ["text-0", "text-1"]
    assert text_answers.summarize(comparisons).model_dump() == {
        "ways": ["text", "texts", "text-async"],
        "texts": 2,
        "tokens": 6,
        "mismatches": 0,
        "least_cosine": pytest.approx(1),
    }


def test_one_other_token(answers):
    write(answers / "text.tokens.bin", [np.array([2, 5, 3]), np.array([2, 6, 3])])
    told = judged(answers)
    assert "tokenizer mismatch, text 'b\\x00': expected id 1 at token 1, as Hugging Face's tokenizer, got id 6" in told
    assert "1 of 8 comparisons failed" in told


@pytest.mark.parametrize("name", ["text.tokens", "texts.0"])
def test_answers_that_are_missing(name, answers):
    (answers / f"{name}.bin").unlink()
    assert "is missing" in judged(answers)


def test_another_answer_names_the_way_and_the_text(answers):
    write(answers / "text-async.0.bin", [np.array([1, 2], np.float32), np.array([3, 4.5], np.float32)])
    told = judged(answers)
    assert "way in 'text-async', output 'y'" in told
    assert "(call text-1, batch 1)" in told


def test_another_direction_within_the_tolerance(answers):
    write(answers / "text.0.bin", [np.array([1, 2], np.float32), np.array([3.09, 3.91], np.float32)])
    told = judged(answers, Policy(Tolerance(0.1, 0.0), {}))
    assert "expected a cosine with PyTorch's answer of at least 0.99999 (verify.least_cosine), got 0.99968" in told
    assert judged(answers, Policy(Tolerance(0.1, 0.0), {}), 0.999) == ""


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [([1, 0], [0, 1], 0.0), ([1, 2], [2, 4], 1.0), ([0, 0], [0, 0], None), ([1], [1], None)],
)
def test_cosine(one, other, expected):
    found = cosine_similarity(np.array(one, np.float32), np.array(other, np.float32))
    assert found == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize("data", [b"\x01\0", b"\x05\0\0\0abcd", b"\xff\xff\xff\xff"])
def test_damaged_rows(data):
    with pytest.raises(ValueError, match="a row of"):
        golden_files.decode_rows(data, np.dtype(np.float32))


@needs_dotnet
def test_real(texts, passes):
    passes("params", *text_network.OVERRIDES, "verify.mode=required", "verify.threads=2")
    passes("package")
    count = len(texts_of_the_calls().texts)
    assert f"{count:,} texts, every token equal, smallest cosine" in passes("verify")
    report = read_json(Path("reports/dotnet.json"), "verify")
    assert report["texts"]["mismatches"] == 0
    assert report["texts"]["texts"] == count > 1200
    assert {entry["way"] for entry in report["comparisons"]} >= {*text_answers.METHODS}


@needs_dotnet
def test_real_and_another_vocabulary(texts, passes, capsys):
    """Two words change places in what the client reads: PyTorch and its tokens stay as they were."""
    passes("params", *text_network.OVERRIDES, "verify.mode=required", "verify.threads=1")
    path = Path("build/data/tokenizer/vocab.txt")
    swapped = path.read_text().replace("\nthe\nnurse\n", "\nnurse\nthe\n")
    assert swapped != path.read_text()
    path.write_text(swapped)
    reseal(path)
    contract = read_json(CONTRACT, "export")
    contract["tokenizer"]["vocabulary_sha256"] = sha256(path)
    CONTRACT.write_text(json.dumps(contract))
    regolden()
    passes("validate")
    passes("package")
    assert main(["verify"]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert ".NET does not answer like PyTorch" in told
    assert "tokenizer mismatch, text '" in told
    assert "as Hugging Face's tokenizer, got id" in told
    assert read_json(Path("reports/dotnet.json"), "verify")["verified"] is False
