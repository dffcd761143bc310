"""Hugging Face's tokeniser, read from its tokenizer.json: it says what each text's tokens are, once, in `prepare`.

What the C# client needs is taken from it and held against it on every text of pipeline/texts.py; where the client would
answer anything else, there is no package.
"""

import hashlib
import importlib.util
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pipeline.core.arrays import Array, Arrays
from pipeline.core.contract import TokenizerSpec
from pipeline.core.errors import PipelineError
from pipeline.core.files import missing
from pipeline.settings.compose import EXTRA
from pipeline.settings.model import TokenizerSettings
from pipeline.tokenizer.wordpiece import Characters, WordPiece, characters, describe_mismatch

SETTING = "model.tokenizer.file"
NEEDED = {"vocab": dict, "unk_token": str, "continuing_subword_prefix": str, "max_input_chars_per_word": int}


class LoadedTokenizer(NamedTuple):
    """Hugging Face's own, what its file says, and how many tokens a text may have."""

    hugging_face: Any
    said: dict[str, Any]
    max_length: int

    def ids(self, texts: list[str]) -> list[list[int]]:
        """Numbers of the tokens of each text."""
        return [list(found.ids) for found in self.hugging_face.encode_batch(texts)]

    @property
    def vocabulary(self) -> list[str]:
        """The pieces, by number."""
        found: dict[str, int] = self.said["model"]["vocab"]
        return sorted(found, key=lambda piece: found[piece])


def read(asked: TokenizerSettings) -> LoadedTokenizer:
    """Read the file that the setting names.

    Raises:
        PipelineError: It is missing, is not a WordPiece tokeniser, or has what the C# client does not carry.
    """
    path = Path(asked.file)
    if not path.exists():
        raise missing(path, f"the setting {SETTING} (or point it to another file)")
    if importlib.util.find_spec("tokenizers") is None:
        raise missing(Path(f"{EXTRA}minilm"), "a model with a tokeniser")
    from tokenizers import Tokenizer as HuggingFace

    where = f"{SETTING}={path}"
    try:
        text = path.read_text(encoding="utf-8")
        said = json.loads(text)
    except ValueError as error:
        raise PipelineError(
            f"{where}: expected a tokenizer.json as save_pretrained of Hugging Face's libraries writes it, got no JSON ({error})"
        ) from None
    _check(said, where)
    made = HuggingFace.from_str(text)
    made.no_padding()
    made.enable_truncation(asked.max_length)
    return LoadedTokenizer(made, said, asked.max_length)


def _check(said: Any, where: str) -> None:
    model = said.get("model") if isinstance(said, dict) else None
    kind = model.get("type") if isinstance(model, dict) else None
    if not isinstance(model, dict) or kind != "WordPiece":
        raise PipelineError(
            f"{where}: expected a tokenizer.json whose model.type is WordPiece (BERT's and its kin's), got {kind!r}: the C# client "
            "carries no other; leave model.tokenizer out and give the network numbers"
        )
    lacking = [name for name, type_ in NEEDED.items() if not isinstance(model.get(name), type_)]
    lacking += [name for name in ("normalizer", "pre_tokenizer", "post_processor") if not said.get(name)]
    if lacking:
        raise PipelineError(
            f"{where}: expected a BERT tokeniser's settings, got none for {', '.join(lacking)}: save it again"
        )
    pieces = model["vocab"]
    if sorted(pieces.values()) != list(range(len(pieces))) or any("\n" in piece or "\r" in piece for piece in pieces):
        raise PipelineError(
            f"{where}: expected a vocabulary of {len(pieces)} one-line pieces numbered 0 to {len(pieces) - 1}, got other numbers or a "
            "piece with a line break: vocab.txt could not hold it"
        )
    for token in said.get("added_tokens", []):
        odd = [flag for flag in ("lstrip", "rstrip", "single_word", "normalized") if token.get(flag)]
        if odd or pieces.get(token["content"]) != token["id"]:
            raise PipelineError(
                f"{where}: the C# client carries added tokens that stand for themselves and are in the vocabulary, got "
                f"{token['content']!r} with {odd or 'a number of its own'}"
            )


def pieces(tokenizer: LoadedTokenizer, table: Characters) -> WordPiece:
    """The C# client's twin."""
    made, model = tokenizer.hugging_face, tokenizer.said["model"]
    word = next(piece for piece in tokenizer.vocabulary if piece.isascii() and piece.isalpha() and piece.islower())
    bare, whole = made.encode(word, add_special_tokens=False).ids, made.encode(word).ids
    start = whole.index(bare[0])
    return WordPiece(
        vocabulary=model["vocab"],
        characters=table,
        unknown=model["vocab"][model["unk_token"]],
        prefix=model["continuing_subword_prefix"],
        longest=model["max_input_chars_per_word"],
        special={token["content"]: token["id"] for token in tokenizer.said.get("added_tokens", [])},
        before=tuple(whole[:start]),
        after=tuple(whole[start + len(bare) :]),
        max_length=tokenizer.max_length,
    )


def table(tokenizer: LoadedTokenizer) -> Characters:
    """What the normaliser and the splitter make of every character."""
    normalizer, splitter = tokenizer.hugging_face.normalizer, tokenizer.hugging_face.pre_tokenizer
    return characters(normalizer.normalize_str, lambda text: [word for word, _ in splitter.pre_tokenize_str(text)])


def prove(client: WordPiece, texts: list[str], expected: list[list[int]]) -> None:
    """Raise PipelineError at the first text whose tokens the client would not make."""
    for place, (text, ids) in enumerate(zip(texts, expected, strict=True)):
        if told := describe_mismatch(text, ids, client.ids(text)):
            raise PipelineError(
                f"tokenizer mismatch, number {place} of {len(texts)}, {told} in the C# client's WordPiece, which takes one character "
                f"at a time where the normaliser or the splitter of {SETTING} takes more: leave model.tokenizer out"
            )


def describe(tokenizer: LoadedTokenizer, client: WordPiece, asked: TokenizerSettings) -> TokenizerSpec:
    """What the contract says of it."""
    normal = tokenizer.hugging_face.normalizer.normalize_str
    return TokenizerSpec(
        fills=dict(asked.inputs),
        max_length=client.max_length,
        lower_case=normal("A") == "a",
        strip_accents=normal("é") == "e",
        prefix=client.prefix,
        longest_word=client.longest,
        unknown=tokenizer.said["model"]["unk_token"],
        special=dict(client.special),
        before=list(client.before),
        after=list(client.after),
        vocabulary="vocab.txt",
        vocabulary_size=len(client.vocabulary),
        vocabulary_sha256=_digest(vocabulary_file(tokenizer)),
        characters_sha256=_digest(client.characters.dump()),
    )


def vocabulary_file(tokenizer: LoadedTokenizer) -> str:
    """vocab.txt: a piece a line, in the order of their numbers."""
    return "".join(f"{piece}\n" for piece in tokenizer.vocabulary)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def fill(arrays: Arrays, tokenizer: LoadedTokenizer, asked: TokenizerSettings, where: str) -> Arrays:
    """The arrays with numbers in place of texts, padded to the longest row.

    Raises:
        PipelineError: There is no array of texts, or it is not one text a row.
    """
    texts = arrays.get(asked.text)
    if texts is None or texts.dtype.kind not in "OU" or texts.ndim != 1:
        got = f"{texts.dtype}{list(texts.shape)}" if texts is not None else f"the arrays {sorted(arrays)}"
        raise PipelineError(
            f"{where}: expected an array {asked.text!r} (model.tokenizer.text), one text a row, got {got}"
        )
    rows = tokenizer.ids([str(text) for text in texts])
    made = dict(zip(("ids", "mask"), as_arrays(rows), strict=True))
    made["types"] = np.zeros_like(made["ids"])
    rest = {name: array for name, array in arrays.items() if name != asked.text}
    return {**{name: made[role] for role, name in asked.inputs.items()}, **rest}


def as_arrays(rows: list[list[int]]) -> tuple[Array, Array]:
    """Numbers padded with 0, and a mask that is 1 where there are some: both int64 [rows, tokens of the longest]."""
    lengths = np.array([len(row) for row in rows])
    mask = np.arange(lengths.max()) < lengths[:, None]
    ids = np.zeros(mask.shape, dtype=np.int64)
    ids[mask] = np.concatenate([np.array(row, dtype=np.int64) for row in rows])
    return ids, mask.astype(np.int64)
