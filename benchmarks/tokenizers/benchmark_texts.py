"""The texts that the tokenizers are measured on; all of them are there without a network."""

from pathlib import Path
from pydoc_data.topics import topics
from typing import NamedTuple

import numpy as np

from pipeline.data.corpus import make_sentences

REVIEWS = Path(__file__).resolve().parents[2] / "data" / "reviews"
# What most models take at most; a long text is read to its end.
LIMIT, NO_LIMIT = 512, 1_000_000
# Characters of a paragraph at least: shorter ones are headings and code.
PARAGRAPH = 200


class Texts(NamedTuple):
    """Texts of one kind, and how many tokens of each count."""

    texts: list[str]
    limit: int = LIMIT


def read() -> dict[str, Texts]:
    """By kind: paragraphs of Python's language reference, reviews of a sentence, sentences in twenty languages, one long text."""
    prose = split_paragraphs("\n\n".join(topics.values()))
    reviews = [line for file in sorted(REVIEWS.glob("*.txt")) for line in file.read_text().splitlines()]
    # Every other sentence is English.
    languages = make_sentences(1200, np.random.default_rng(0))[1::2]
    return {
        "prose": Texts(prose),
        "reviews": Texts(reviews),
        "languages": Texts(languages),
        "one long": Texts([" ".join(prose)], NO_LIMIT),
    }


def split_paragraphs(text: str) -> list[str]:
    """The paragraphs that are long enough, each in one line."""
    paragraphs = (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
    return [paragraph for paragraph in paragraphs if len(paragraph) >= PARAGRAPH]
