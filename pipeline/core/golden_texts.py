"""Texts, their tokens, and PyTorch's answers to those: what the C# client's ways in for text are held against."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.core.arrays import Array, Arrays, load, save
from pipeline.core.contract import GOLDEN_TEXTS
from pipeline.core.files import read_json, write_text

# What `prepare` makes of a tokeniser; the first says what it is, or null where the model has none.
TOKENIZER = Path("build/tokenizer")
DESCRIPTION, VOCABULARY, CHARACTERS, TOKENS = (
    TOKENIZER / name for name in ("tokenizer.json", "vocab.txt", "characters.txt", "tokens.json")
)
# Characters of a text that a message shows.
SHOWN = 60


class GoldenTexts(NamedTuple):
    """One entry a text: itself, its tokens' numbers, and by output the values of its only row, flat."""

    texts: list[str]
    ids: list[list[int]]
    answers: dict[str, list[Array]]


def save_tokens(texts: list[str], ids: list[list[int]], path: Path = TOKENS) -> None:
    write_text(path, json.dumps([{"text": text, "ids": row} for text, row in zip(texts, ids, strict=True)]) + "\n")


def load_tokens(path: Path = TOKENS) -> tuple[list[str], list[list[int]]]:
    """Texts and their tokens, as `prepare` wrote them."""
    entries = read_json(path, made_by="prepare")
    return [entry["text"] for entry in entries], [entry["ids"] for entry in entries]


def save_golden(golden: GoldenTexts, path: Path = GOLDEN_TEXTS) -> None:
    """Write them as arrays; texts as JSON, for an array of texts would lose a NUL at the end."""
    arrays: Arrays = {"texts": np.frombuffer(json.dumps(golden.texts).encode(), dtype=np.uint8)}
    ids = [np.array(row, dtype=np.int64) for row in golden.ids]
    for name, rows in {"ids": ids, **{f"answer/{name}": rows for name, rows in golden.answers.items()}}.items():
        arrays[f"{name}/counts"] = np.array([len(row) for row in rows], dtype=np.int64)
        arrays[f"{name}/values"] = np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)
    save(path, arrays)


def load_golden(path: Path = GOLDEN_TEXTS) -> GoldenTexts:
    """Read what `save_golden` wrote."""
    arrays = load(path, made_by="export")
    rows = {
        name.removesuffix("/values"): np.split(array, np.cumsum(arrays[name.replace("/values", "/counts")])[:-1])
        for name, array in arrays.items()
        if name.endswith("/values")
    }
    texts: list[str] = json.loads(arrays["texts"].tobytes())
    return GoldenTexts(
        texts,
        [row.tolist() for row in rows.pop("ids")],
        {name.removeprefix("answer/"): answers for name, answers in rows.items()},
    )


def difference(text: str, expected: list[int], got: list[int]) -> str:
    """Where the tokens of a text first differ, with the text itself, escaped and shortened; empty when they do not."""
    if expected == got:
        return ""
    shown = ascii(text[:SHOWN]) + ("..." if len(text) > SHOWN else "")
    place = next(
        (i for i, (e, g) in enumerate(zip(expected, got, strict=False)) if e != g), min(len(expected), len(got))
    )
    e, g = (f"id {row[place]}" if place < len(row) else f"an end after {len(row)} tokens" for row in (expected, got))
    return f"text {shown}: expected {e} at token {place}, as Hugging Face's tokeniser, got {g}"
