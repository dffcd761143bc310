"""The client's WordPiece on rules that fit on a page; tests/tokenizer/test_huggingface.py compares it with Hugging Face's."""

import unicodedata

import pytest

from pipeline.tokenizer import wordpiece
from pipeline.tokenizer.wordpiece import CharacterTable, WordPiece, tabulate_characters

PIECES = [
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "a",
    "##b",
    "##bc",
    "b",
    "한",
    "!",
    "\u1112",
    "##\u1161",
    "##\u11ab",
    "x",
]


def normal(text: str) -> str:
    """Lower case, no accents, no control characters, a space for a tab."""
    lower = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))
    return lower.replace("\t", " ").replace("\x01", "")


def splits(text: str) -> list[str]:
    return "".join(f" {c} " if c in "!?" else c for c in text).split()


@pytest.fixture(scope="module")
def table() -> CharacterTable:
    return tabulate_characters(normal, splits)


@pytest.fixture(scope="module")
def pieces(table: CharacterTable) -> WordPiece:
    numbers = {piece: number for number, piece in enumerate(PIECES)}
    return WordPiece(numbers, table, 0, "##", 5, {"[MASK]": 3, "[CLS]": 1}, (1,), (2,), 8)


@pytest.mark.parametrize(
    ("character", "becomes"),
    [
        ("a", "a"),
        ("A", "a"),
        ("é", "e"),
        ("\u0301", ""),
        ("\x01", ""),
        ("\t", " "),
        ("!", " ! "),
        ("한", "\u1112\u1161\u11ab"),
        ("하", "\u1112\u1161"),
        ("Ж", "ж"),
        ("\U00010400", "\U00010428"),
        ("\U0010ffff", "\U0010ffff"),
        ("豈", "豈"),
    ],
)
def test_what_becomes_of_a_character(character, becomes, table):
    assert "".join(map(chr, table.replace(ord(character)))) == becomes


def test_every_code_point_is_asked_once(monkeypatch):
    asked = []
    monkeypatch.setattr(wordpiece, "CODE_POINTS", (range(0x250),))
    tabulate_characters(lambda text: asked.append(text) or text, str.split)
    assert asked == list(map(chr, range(0x250)))


def test_the_table_is_ascii_runs(table):
    lines = table.dump().splitlines()
    assert table.dump().isascii()
    assert len(lines) == len(table.starts)
    assert lines[0].split(" ")[0] == "0"
    assert {line.split(" ")[1][0] for line in lines} <= set("=-_|~+>")


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", [1, 2]),
        ("a", [1, 4, 2]),
        ("abc", [1, 4, 6, 2]),
        ("ÁBC", [1, 4, 6, 2]),
        ("ab!b", [1, 4, 5, 9, 7, 2]),
        ("az", [1, 0, 2]),
        ("한", [1, 10, 11, 12, 2]),
        ("a[MASK]b", [1, 4, 3, 7, 2]),
        ("[mask]", [1, 0, 2]),
        ("abbbb", [1, 4, 5, 5, 5, 5, 2]),
        ("abbbbb", [1, 0, 2]),
        ("x x x x x x x x x", [1, 13, 13, 13, 13, 13, 13, 2]),
        ("\ta\x01b\t", [1, 4, 5, 2]),
    ],
)
def test_the_numbers_of_a_text(text, ids, pieces):
    assert pieces.tokenize(text) == ids
