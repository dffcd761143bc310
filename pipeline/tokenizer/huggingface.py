"""Hugging Face's tokenizer, read from its tokenizer.json: `prepare` tokenizes every text with it, once.

What the C# client needs is derived from it, and the client's tokens are compared with its tokens on every text of
pipeline/data/corpus.py; where one differs, there is no package.
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
from pipeline.settings.model import TokenizerSettings
from pipeline.settings.package_files import not_installed
from pipeline.tokenizer.wordpiece import CharacterTable, WordPiece, describe_mismatch, tabulate_characters

SETTING = "model.tokenizer.file"
NEEDED = {"vocab": dict, "unk_token": str, "continuing_subword_prefix": str, "max_input_chars_per_word": int}


class LoadedTokenizer(NamedTuple):
    """Hugging Face's tokenizer, the content of its file, and how many tokens a text may have."""

    hugging_face: Any
    configuration: dict[str, Any]
    max_length: int

    def tokenize(self, texts: list[str]) -> list[list[int]]:
        """The token ids of each text."""
        return [list(encoding.ids) for encoding in self.hugging_face.encode_batch(texts)]

    @property
    def vocabulary(self) -> list[str]:
        """The pieces, by id."""
        ids: dict[str, int] = self.configuration["model"]["vocab"]
        return sorted(ids, key=lambda piece: ids[piece])


def read_tokenizer(settings: TokenizerSettings) -> LoadedTokenizer:
    """Read the file that the setting names.

    Raises:
        PipelineError: It is missing, is not a WordPiece tokenizer, or has parts that the C# client does not support.
    """
    path = Path(settings.file)
    if not path.exists():
        raise missing(path, f"the setting {SETTING} (or point it to another file)")
    if importlib.util.find_spec("tokenizers") is None:
        raise PipelineError(f"{SETTING}={path}: {not_installed('tokenizers')}")
    from tokenizers import Tokenizer as HuggingFace

    where = f"{SETTING}={path}"
    try:
        text = path.read_text(encoding="utf-8")
        configuration = json.loads(text)
    except ValueError as error:
        raise PipelineError(
            f"{where}: expected a tokenizer.json as save_pretrained of Hugging Face's libraries writes it, got no JSON ({error})"
        ) from None
    _check_configuration(configuration, where)
    tokenizer = HuggingFace.from_str(text)
    tokenizer.no_padding()
    tokenizer.enable_truncation(settings.max_length)
    return LoadedTokenizer(tokenizer, configuration, settings.max_length)


def _check_configuration(configuration: Any, where: str) -> None:
    model = configuration.get("model") if isinstance(configuration, dict) else None
    kind = model.get("type") if isinstance(model, dict) else None
    if not isinstance(model, dict) or kind != "WordPiece":
        raise PipelineError(
            f"{where}: expected a tokenizer.json whose model.type is WordPiece (BERT's and its kin's), got {kind!r}: the C# client "
            "carries no other; leave model.tokenizer out and give the network numbers"
        )
    missing_settings = [name for name, type_ in NEEDED.items() if not isinstance(model.get(name), type_)]
    missing_settings += [
        name for name in ("normalizer", "pre_tokenizer", "post_processor") if not configuration.get(name)
    ]
    if missing_settings:
        raise PipelineError(
            f"{where}: expected a BERT tokenizer's settings, got none for {', '.join(missing_settings)}: save it again"
        )
    pieces = model["vocab"]
    if sorted(pieces.values()) != list(range(len(pieces))) or any("\n" in piece or "\r" in piece for piece in pieces):
        raise PipelineError(
            f"{where}: expected a vocabulary of {len(pieces)} one-line pieces numbered 0 to {len(pieces) - 1}, got other numbers or a "
            "piece with a line break: vocab.txt could not hold it"
        )
    for token in configuration.get("added_tokens", []):
        odd = [flag for flag in ("lstrip", "rstrip", "single_word", "normalized") if token.get(flag)]
        if odd or pieces.get(token["content"]) != token["id"]:
            raise PipelineError(
                f"{where}: the C# client carries added tokens that stand for themselves and are in the vocabulary, got "
                f"{token['content']!r} with {odd or 'a number of its own'}"
            )


def build_wordpiece(tokenizer: LoadedTokenizer, characters: CharacterTable) -> WordPiece:
    """The WordPiece tokenizer of the C# client, in Python."""
    hugging_face, model = tokenizer.hugging_face, tokenizer.configuration["model"]
    word = next(piece for piece in tokenizer.vocabulary if piece.isascii() and piece.isalpha() and piece.islower())
    bare, whole = hugging_face.encode(word, add_special_tokens=False).ids, hugging_face.encode(word).ids
    start = whole.index(bare[0])
    return WordPiece(
        vocabulary=model["vocab"],
        characters=characters,
        unknown=model["vocab"][model["unk_token"]],
        prefix=model["continuing_subword_prefix"],
        longest=model["max_input_chars_per_word"],
        special={token["content"]: token["id"] for token in tokenizer.configuration.get("added_tokens", [])},
        before=tuple(whole[:start]),
        after=tuple(whole[start + len(bare) :]),
        max_length=tokenizer.max_length,
    )


def build_character_table(tokenizer: LoadedTokenizer) -> CharacterTable:
    """The characters that the normalizer and the pre-tokenizer put in place of each character."""
    normalizer, pre_tokenizer = tokenizer.hugging_face.normalizer, tokenizer.hugging_face.pre_tokenizer
    return tabulate_characters(
        normalizer.normalize_str, lambda text: [word for word, _ in pre_tokenizer.pre_tokenize_str(text)]
    )


def check_client(client: WordPiece, texts: list[str], expected: list[list[int]]) -> None:
    """Raise PipelineError at the first text that the client would tokenize otherwise."""
    for place, (text, ids) in enumerate(zip(texts, expected, strict=True)):
        if mismatch := describe_mismatch(text, ids, client.tokenize(text)):
            raise PipelineError(
                f"tokenizer mismatch, number {place} of {len(texts)}, {mismatch} in the C# client's WordPiece, which takes one character "
                f"at a time where the normalizer or the splitter of {SETTING} takes more: leave model.tokenizer out"
            )


def describe_tokenizer(tokenizer: LoadedTokenizer, client: WordPiece, settings: TokenizerSettings) -> TokenizerSpec:
    """The tokenizer's part of the contract."""
    normalize = tokenizer.hugging_face.normalizer.normalize_str
    return TokenizerSpec(
        fills=dict(settings.inputs),
        max_length=client.max_length,
        lower_case=normalize("A") == "a",
        strip_accents=normalize("é") == "e",
        prefix=client.prefix,
        longest_word=client.longest,
        unknown=tokenizer.configuration["model"]["unk_token"],
        special=dict(client.special),
        before=list(client.before),
        after=list(client.after),
        vocabulary="vocab.txt",
        vocabulary_size=len(client.vocabulary),
        vocabulary_sha256=_digest(format_vocabulary(tokenizer)),
        characters_sha256=_digest(client.characters.dump()),
    )


def format_vocabulary(tokenizer: LoadedTokenizer) -> str:
    """vocab.txt: a piece a line, in the order of their ids."""
    return "".join(f"{piece}\n" for piece in tokenizer.vocabulary)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def tokenize_rows(arrays: Arrays, tokenizer: LoadedTokenizer, settings: TokenizerSettings, where: str) -> Arrays:
    """The arrays with token ids, mask and types in place of the texts, padded to the longest row.

    Raises:
        PipelineError: There is no array of texts, or it is not one text a row.
    """
    texts = arrays.get(settings.text)
    if texts is None or texts.dtype.kind not in "OU" or texts.ndim != 1:
        got = f"{texts.dtype}{list(texts.shape)}" if texts is not None else f"the arrays {sorted(arrays)}"
        raise PipelineError(
            f"{where}: expected an array {settings.text!r} (model.tokenizer.text), one text a row, got {got}"
        )
    rows = tokenizer.tokenize([str(text) for text in texts])
    filled = dict(zip(("ids", "mask"), pad_tokens(rows), strict=True))
    filled["types"] = np.zeros_like(filled["ids"])
    rest = {name: array for name, array in arrays.items() if name != settings.text}
    return {**{name: filled[role] for role, name in settings.inputs.items()}, **rest}


def pad_tokens(rows: list[list[int]]) -> tuple[Array, Array]:
    """Token ids padded with 0, and the mask, 1 for each token: both int64 [rows, tokens of the longest row]."""
    lengths = np.array([len(row) for row in rows])
    mask = np.arange(lengths.max()) < lengths[:, None]
    ids = np.zeros(mask.shape, dtype=np.int64)
    ids[mask] = np.concatenate([np.array(row, dtype=np.int64) for row in rows])
    return ids, mask.astype(np.int64)
