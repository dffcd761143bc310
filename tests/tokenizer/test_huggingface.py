"""Hugging Face's tokenizer, and what the pipeline takes and refuses of it."""

import json
from pathlib import Path

import numpy as np
import pytest

import text_network
from pipeline.core.errors import PipelineError
from pipeline.data.corpus import make_corpus
from pipeline.settings.model import TokenizerSettings
from pipeline.tokenizer import huggingface

pytest.importorskip("tokenizers", reason="needs the extra `minilm`: pip install '.[minilm]'")
SETTINGS = {"max_length": 32, "inputs": {"ids": "input_ids", "mask": "attention_mask"}}


def settings(path: Path, **rest: object) -> TokenizerSettings:
    return TokenizerSettings.model_validate({"file": str(path), **SETTINGS, **rest})


def configuration(**changes: object) -> dict:
    return json.loads(text_network.tokenizer_json(**changes))


@pytest.fixture
def read(tmp_path):
    def make(text: str) -> huggingface.LoadedTokenizer:
        (tmp_path / "tokenizer.json").write_text(text)
        return huggingface.read_tokenizer(settings(tmp_path / "tokenizer.json"))

    return make


@pytest.mark.parametrize("lowercase", [True, False], ids=["uncased", "cased"])
def test_the_client_s_tokens_are_hugging_face_s(lowercase, read):
    tokenizer = read(text_network.tokenizer_json(normalizer={**configuration()["normalizer"], "lowercase": lowercase}))
    client = huggingface.build_wordpiece(tokenizer, huggingface.build_character_table(tokenizer))
    texts = make_corpus(np.random.default_rng(3))
    assert [client.tokenize(text) for text in texts] == tokenizer.tokenize(texts)
    described = huggingface.describe_tokenizer(tokenizer, client, settings(Path("t.json")))
    assert (described.lower_case, described.strip_accents) == (lowercase, lowercase)
    assert (described.before, described.after, described.special["[MASK]"]) == ([2], [3], 4)
    assert described.vocabulary_size == len(text_network.vocabulary())


def test_a_normalizer_that_looks_at_more_than_a_character_is_refused(read):
    odd = {"type": "Replace", "pattern": {"String": "ti"}, "content": "xx"}
    tokenizer = read(
        text_network.tokenizer_json(
            normalizer={"type": "Sequence", "normalizers": [configuration()["normalizer"], odd]}
        )
    )
    client = huggingface.build_wordpiece(tokenizer, huggingface.build_character_table(tokenizer))
    texts = ["The nurse", "deinstitutionalizes"]
    with pytest.raises(
        PipelineError, match="tokenizer mismatch, number 1 of 2, text 'deinstitutionalizes': expected id"
    ):
        huggingface.check_client(client, texts, tokenizer.tokenize(texts))


def test_vocabulary_is_a_piece_a_line(read):
    tokenizer = read(text_network.tokenizer_json())
    assert huggingface.format_vocabulary(tokenizer).split("\n") == [*text_network.vocabulary(), ""]


def model(**changes: object) -> str:
    return text_network.tokenizer_json(model={**configuration()["model"], **changes})


def added(**flags: object) -> str:
    return text_network.tokenizer_json(added_tokens=[{"id": 0, "content": "[PAD]", "special": True, **flags}])


@pytest.mark.parametrize(
    ("text", "message"),
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
def test_what_is_refused(text, message, read):
    with pytest.raises(PipelineError, match=message):
        read(text)


def test_missing_file(tmp_path):
    with pytest.raises(PipelineError, match=r"gone.json is missing: look at the setting model.tokenizer.file"):
        huggingface.read_tokenizer(settings(tmp_path / "gone.json"))


def test_missing_library(tmp_path, monkeypatch):
    text_network.write(tmp_path)
    monkeypatch.setattr(huggingface.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(PipelineError, match=r"the package 'tokenizers' is not installed: install the extra `minilm`"):
        huggingface.read_tokenizer(settings(tmp_path / "tokenizer.json"))


def test_rows_are_padded_to_the_longest(read):
    tokenizer = read(text_network.tokenizer_json())
    names = {"ids": "a", "mask": "b", "types": "c"}
    arrays = {"text": np.array(["", "the nurse"]), "target": np.array([1, 0])}
    rows = huggingface.tokenize_rows(arrays, tokenizer, settings(Path("t"), inputs=names), "data=npz")
    assert rows["a"].tolist() == [[2, 3, 0, 0], [2, 5, 6, 3]]
    assert rows["b"].tolist() == [[1, 1, 0, 0], [1, 1, 1, 1]]
    assert rows["c"].tolist() == [[0] * 4] * 2
    assert rows["target"].tolist() == [1, 0]


@pytest.mark.parametrize("arrays", [{}, {"text": np.zeros(3)}, {"text": np.array([["a"]])}])
def test_rows_without_texts(arrays, read):
    with pytest.raises(
        PipelineError, match=r"data=npz: expected an array 'text' \(model.tokenizer.text\), one text a row"
    ):
        huggingface.tokenize_rows(arrays, read(text_network.tokenizer_json()), settings(Path("t")), "data=npz")
