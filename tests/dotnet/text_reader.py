"""A model that takes text and is easy to check: its outputs are the sum of the token ids and their number."""

import hashlib
import unicodedata
from functools import cache

import numpy as np
from onnx import helper, numpy_helper

from csharp_projects import make_contract, make_model, tensor
from pipeline.core.contract import Contract, TokenizerSpec
from pipeline.tokenizer.wordpiece import CharacterTable, WordPiece, tabulate_characters

PIECES = [
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "nur", "##se", "##s", "s", "!", "'", "ä", "a", "##b", "東"),
    *("\u1112", "##\u1161", "##\u11ab", "\U0001f389", "##\U00010330", "\U00010330", "x", "##x"),
]
VOCABULARY = "".join(f"{piece}\n" for piece in PIECES)
MAX_TOKENS = 12


@cache
def make_character_table() -> CharacterTable:
    """Lower case, no accents but the dots of ä, no control characters; punctuation and ideographs are words of their own."""

    def normalize(text: str) -> str:
        if text in "äÄ":
            return "ä"
        letters = (c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) not in ("Mn", "Cc"))
        return " " if text.isspace() else "".join(letters)

    def split(text: str) -> list[str]:
        return "".join(f" {c} " if c in "!'東" else c for c in text).split()

    return tabulate_characters(normalize, split)


def make_python_tokenizer() -> WordPiece:
    """The tokenizer that the C# client must agree with."""
    numbers = {piece: number for number, piece in enumerate(PIECES)}
    special = {piece: numbers[piece] for piece in ("[CLS]", "[SEP]", "[MASK]")}
    return WordPiece(numbers, make_character_table(), 1, "##", 100, special, (2,), (3,), MAX_TOKENS)


def make_tokenizer_spec(fills: dict[str, str] | None = None) -> TokenizerSpec:
    wordpiece = make_python_tokenizer()
    return TokenizerSpec.model_validate(
        {
            "fills": fills or {"ids": "input_ids", "mask": "attention_mask", "types": "token_type_ids"},
            "max_length": MAX_TOKENS,
            "lower_case": True,
            "strip_accents": True,
            "prefix": wordpiece.prefix,
            "longest_word": wordpiece.longest,
            "unknown": "[UNK]",
            "special": dict(wordpiece.special),
            "before": list(wordpiece.before),
            "after": list(wordpiece.after),
            "vocabulary": "vocab.txt",
            "vocabulary_size": len(PIECES),
            "vocabulary_sha256": hashlib.sha256(VOCABULARY.encode()).hexdigest(),
            "characters_sha256": hashlib.sha256(make_character_table().dump().encode()).hexdigest(),
        }
    )


WITHOUT_TOKENIZER: Contract = make_contract(
    "text_sum",
    # Not in the order of the tokenizer's roles.
    [tensor(name, "int64", "batch", "tokens") for name in ("attention_mask", "token_type_ids", "input_ids")],
    [tensor("sum", "int64", "batch"), tensor("count", "int64", "batch")],
)


def make_text_contract(max_length: int = MAX_TOKENS) -> Contract:
    tokenizer = make_tokenizer_spec().model_copy(update={"max_length": max_length})
    return WITHOUT_TOKENIZER.model_copy(update={"tokenizer": tokenizer})


def make_text_model() -> bytes:
    nodes = [
        helper.make_node("Mul", ["input_ids", "attention_mask"], ["kept"]),
        helper.make_node("Add", ["kept", "token_type_ids"], ["typed"]),
        helper.make_node("ReduceSum", ["typed", "one"], ["sum"], keepdims=0),
        helper.make_node("ReduceSum", ["attention_mask", "one"], ["count"], keepdims=0),
    ]
    return make_model(nodes, WITHOUT_TOKENIZER, [numpy_helper.from_array(np.array([1]), "one")])
