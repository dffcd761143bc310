"""The C# client's WordPiece tokenizer, in Python: replace characters by a table, split words, find their longest pieces.

The table has what Hugging Face's normalizer puts in place of every code point, so that no Unicode version, locale or
globalization mode of a .NET runtime makes a difference. `prepare` compares this tokenizer with Hugging Face's before anything
is exported. Pure.

The table is a list of runs, `start action` in ASCII: code points from `start` (hexadecimal) to the next run's start.

| action | what replaces a character |
|---|---|
| `=` | itself |
| `-` | nothing |
| `_` | a space, which ends a word |
| `|` | a word of its own |
| `~` | a Hangul syllable: its two or three letters (The Unicode Standard, 3.12) |
| `+N` | the character N places on (decimal, may be negative) |
| `>A.B` | these code points (hexadecimal), of which 20 ends a word |
"""

import bisect
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

# Surrogates are no characters.
CODE_POINTS = (range(0xD800), range(0xE000, 0x110000))
HANGUL = range(0xAC00, 0xD7A4)
SPACE = 0x20
# Characters of a text that a message shows.
SHOWN = 60


@dataclass(frozen=True)
class CharacterTable:
    """The table: where each run starts, and its action."""

    starts: list[int]
    actions: list[str]

    def replace(self, code: int) -> list[int]:
        """The code points that replace one character."""
        action = self.actions[bisect.bisect_right(self.starts, code) - 1]
        kind, rest = action[0], action[1:]
        if kind == "+":
            return [code + int(rest)]
        if kind == ">":
            return [int(part, 16) for part in rest.split(".")]
        return {"=": [code], "-": [], "_": [SPACE], "|": [SPACE, code, SPACE], "~": _decompose_hangul(code)}[kind]

    def dump(self) -> str:
        """The table as text: a run a line."""
        return "".join(f"{start:x} {action}\n" for start, action in zip(self.starts, self.actions, strict=True))


def tabulate_characters(normalize: Callable[[str], str], split: Callable[[str], list[str]]) -> CharacterTable:
    """Make the table: normalize and split every code point.

    Args:
        normalize: Normalizes a text.
        split: Splits a normalized text into words.
    """
    starts: list[int] = []
    actions: list[str] = []
    for code in itertools.chain(*CODE_POINTS):
        action = _choose_action(code, normalize(chr(code)), split)
        if not actions or action != actions[-1]:
            starts.append(code)
            actions.append(action)
    return CharacterTable(starts, actions)


def _choose_action(code: int, normalized: str, split: Callable[[str], list[str]]) -> str:
    if not normalized:
        return "-"
    words = split(f"a{normalized}a")
    if words == ["a", "a"]:
        return "_"
    if len(words) > 1:
        # A word of its own; one that is joined to one side only is beyond this table, and shows in the comparison.
        normalized = f" {normalized.strip()} "
    if normalized == chr(code):
        return "="
    if normalized == f" {chr(code)} ":
        return "|"
    code_points = [ord(character) for character in normalized]
    if code in HANGUL and code_points == _decompose_hangul(code):
        return "~"
    return f"+{code_points[0] - code}" if len(code_points) == 1 else f">{'.'.join(f'{part:x}' for part in code_points)}"


def _decompose_hangul(code: int) -> list[int]:
    """Leading consonant, vowel and, if there is one, trailing consonant."""
    place = code - HANGUL.start
    trailing = place % 28
    return [0x1100 + place // 588, 0x1161 + place % 588 // 28, *([0x11A7 + trailing] if trailing else [])]


@dataclass(frozen=True)
class WordPiece:
    """The tokenizer.

    Args:
        vocabulary: Id of each piece.
        unknown: Id of a word that has no pieces.
        prefix: Prefix of pieces that continue a word.
        longest: Characters of the longest word that is split into pieces; a longer one is unknown.
        special: Texts that are one token wherever they stand, and their ids.
        before: Ids in front of every text.
        after: Ids behind it.
        max_length: Ids in all, at most: a longer text loses its end.
    """

    vocabulary: Mapping[str, int]
    characters: CharacterTable
    unknown: int
    prefix: str
    longest: int
    special: Mapping[str, int]
    before: tuple[int, ...]
    after: tuple[int, ...]
    max_length: int

    def tokenize(self, text: str) -> list[int]:
        """The token ids of a text."""
        room = self.max_length - len(self.before) - len(self.after)
        return [
            *self.before,
            *[token for word in self._split_words(text) for token in self._find_pieces(word)][:room],
            *self.after,
        ]

    def _split_words(self, text: str) -> Iterator[str]:
        word: list[str] = []
        place = 0
        while place < len(text):
            special = max((s for s in self.special if text.startswith(s, place)), key=len, default="")
            code_points = [SPACE] if special else self.characters.replace(ord(text[place]))
            place += len(special) or 1
            for code in code_points:
                if code != SPACE:
                    word.append(chr(code))
                elif word:
                    yield "".join(word)
                    word.clear()
            if special:
                yield special
        if word:
            yield "".join(word)

    def _find_pieces(self, word: str) -> list[int]:
        """The longest known piece from the left, again and again (Schuster and Nakajima, 2012)."""
        if word in self.special:
            return [self.special[word]]
        if len(word) > self.longest:
            return [self.unknown]
        ids, start = [], 0
        while start < len(word):
            prefix = self.prefix if start else ""
            end = next((e for e in range(len(word), start, -1) if prefix + word[start:e] in self.vocabulary), None)
            if end is None:
                return [self.unknown]
            ids.append(self.vocabulary[prefix + word[start:end]])
            start = end
        return ids


def describe_mismatch(text: str, expected: Sequence[int], got: Sequence[int]) -> str:
    """Where the tokens of a text first differ, with the text itself, escaped and shortened; empty when they do not."""
    if list(expected) == list(got):
        return ""
    shown = ascii(text[:SHOWN]) + ("..." if len(text) > SHOWN else "")
    place = next(
        (i for i, (e, g) in enumerate(zip(expected, got, strict=False)) if e != g), min(len(expected), len(got))
    )
    e, g = (f"id {row[place]}" if place < len(row) else f"an end after {len(row)} tokens" for row in (expected, got))
    return f"text {shown}: expected {e} at token {place}, as Hugging Face's tokenizer, got {g}"
