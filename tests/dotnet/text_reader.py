"""A model that reads text, small enough to see through: its answer is the sum and the number of its tokens' numbers."""

import hashlib
import unicodedata
from functools import cache

import numpy as np
from onnx import helper, numpy_helper

from csharp_projects import contract, model_of, tensor
from pipeline.core.contract import Contract, TokenizerSpec
from pipeline.tokenizer.wordpiece import Characters, WordPiece, characters

PIECES = [
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "nur", "##se", "##s", "s", "!", "'", "ä", "a", "##b", "東"),
    *("\u1112", "##\u1161", "##\u11ab", "\U0001f389", "##\U00010330", "\U00010330", "x", "##x"),
]
VOCABULARY = "".join(f"{piece}\n" for piece in PIECES)
LENGTH = 12


@cache
def table() -> Characters:
    """Lower case, no accents but the dots of ä, no control characters; marks and ideographs by themselves."""

    def normal(text: str) -> str:
        if text in "äÄ":
            return "ä"
        kept = (c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) not in ("Mn", "Cc"))
        return " " if text.isspace() else "".join(kept)

    def splits(text: str) -> list[str]:
        return "".join(f" {c} " if c in "!'東" else c for c in text).split()

    return characters(normal, splits)


def twin() -> WordPiece:
    numbers = {piece: number for number, piece in enumerate(PIECES)}
    special = {piece: numbers[piece] for piece in ("[CLS]", "[SEP]", "[MASK]")}
    return WordPiece(numbers, table(), 1, "##", 100, special, (2,), (3,), LENGTH)


def described(fills: dict[str, str] | None = None) -> TokenizerSpec:
    of = twin()
    return TokenizerSpec.model_validate(
        {
            "fills": fills or {"ids": "input_ids", "mask": "attention_mask", "types": "token_type_ids"},
            "max_length": LENGTH,
            "lower_case": True,
            "strip_accents": True,
            "prefix": of.prefix,
            "longest_word": of.longest,
            "unknown": "[UNK]",
            "special": dict(of.special),
            "before": list(of.before),
            "after": list(of.after),
            "vocabulary": "vocab.txt",
            "vocabulary_size": len(PIECES),
            "vocabulary_sha256": hashlib.sha256(VOCABULARY.encode()).hexdigest(),
            "characters_sha256": hashlib.sha256(table().dump().encode()).hexdigest(),
        }
    )


READS: Contract = contract(
    "reads",
    # In another order than the tokeniser's own.
    [tensor(name, "int64", "batch", "tokens") for name in ("attention_mask", "token_type_ids", "input_ids")],
    [tensor("sum", "int64", "batch"), tensor("count", "int64", "batch")],
)


def reads() -> Contract:
    return READS.model_copy(update={"tokenizer": described()})


def model() -> bytes:
    nodes = [
        helper.make_node("Mul", ["input_ids", "attention_mask"], ["kept"]),
        helper.make_node("Add", ["kept", "token_type_ids"], ["typed"]),
        helper.make_node("ReduceSum", ["typed", "one"], ["sum"], keepdims=0),
        helper.make_node("ReduceSum", ["attention_mask", "one"], ["count"], keepdims=0),
    ]
    return model_of(nodes, READS, [numpy_helper.from_array(np.array([1]), "one")])
