"""WordPiece as the C# client does it: a table of what becomes of each character, words, and their longest known pieces.

The table says what Hugging Face's own normaliser makes of every code point, so that no Unicode version, locale or
globalisation mode of a .NET runtime can make a difference. This module is the C# client's twin: `prepare` holds it against
Hugging Face's tokeniser before anything is exported. Pure.

The table is a list of runs, `start action` in ASCII: code points from `start` (hexadecimal) to the next run's start.

| action | what becomes of a character |
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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

# Surrogates are no characters.
CODE_POINTS = (*range(0xD800), *range(0xE000, 0x110000))
HANGUL = range(0xAC00, 0xD7A4)
SPACE = 0x20
# Characters of a text that a message shows.
SHOWN = 60


@dataclass(frozen=True)
class Characters:
    """The table: where each run starts, and its action."""

    starts: list[int]
    actions: list[str]

    def of(self, code: int) -> list[int]:
        """What becomes of one character, in code points."""
        action = self.actions[bisect.bisect_right(self.starts, code) - 1]
        kind, rest = action[0], action[1:]
        if kind == "+":
            return [code + int(rest)]
        if kind == ">":
            return [int(part, 16) for part in rest.split(".")]
        return {"=": [code], "-": [], "_": [SPACE], "|": [SPACE, code, SPACE], "~": _hangul(code)}[kind]

    def dump(self) -> str:
        """The table as text: a run a line."""
        return "".join(f"{start:x} {action}\n" for start, action in zip(self.starts, self.actions, strict=True))


def characters(normal: Callable[[str], str], splits: Callable[[str], list[str]]) -> Characters:
    """Ask for every code point.

    Args:
        normal: What becomes of a text before it is cut into words.
        splits: The words of a text.
    """
    starts: list[int] = []
    actions: list[str] = []
    for code in CODE_POINTS:
        action = _action(code, normal(chr(code)), splits)
        if not actions or action != actions[-1]:
            starts.append(code)
            actions.append(action)
    return Characters(starts, actions)


def _action(code: int, becomes: str, splits: Callable[[str], list[str]]) -> str:
    if not becomes:
        return "-"
    words = splits(f"a{becomes}a")
    if words == ["a", "a"]:
        return "_"
    if len(words) > 1:
        # It stands for itself: what is glued to one side only is beyond this table, and found out by comparison.
        becomes = f" {becomes.strip()} "
    if becomes == chr(code):
        return "="
    if becomes == f" {chr(code)} ":
        return "|"
    made = [ord(character) for character in becomes]
    if code in HANGUL and made == _hangul(code):
        return "~"
    return f"+{made[0] - code}" if len(made) == 1 else f">{'.'.join(f'{part:x}' for part in made)}"


def _hangul(code: int) -> list[int]:
    """Leading consonant, vowel and, if there is one, trailing consonant."""
    place = code - HANGUL.start
    trailing = place % 28
    return [0x1100 + place // 588, 0x1161 + place % 588 // 28, *([0x11A7 + trailing] if trailing else [])]


@dataclass(frozen=True)
class WordPiece:
    """The tokeniser.

    Args:
        vocabulary: Number of each piece.
        unknown: Number of what has no pieces.
        prefix: What pieces begin with that continue a word.
        longest: Characters of the longest word that is cut; a longer one is unknown.
        special: Texts that are one token wherever they stand, and their numbers.
        before: Numbers in front of every text.
        after: Numbers behind it.
        max_length: Numbers in all, at most: a longer text loses its end.
    """

    vocabulary: Mapping[str, int]
    characters: Characters
    unknown: int
    prefix: str
    longest: int
    special: Mapping[str, int]
    before: tuple[int, ...]
    after: tuple[int, ...]
    max_length: int

    def ids(self, text: str) -> list[int]:
        """The numbers of a text."""
        room = self.max_length - len(self.before) - len(self.after)
        return [
            *self.before,
            *[number for word in self._words(text) for number in self._pieces(word)][:room],
            *self.after,
        ]

    def _words(self, text: str) -> Iterator[str]:
        word: list[str] = []
        place = 0
        while place < len(text):
            special = max((s for s in self.special if text.startswith(s, place)), key=len, default="")
            made = [SPACE] if special else self.characters.of(ord(text[place]))
            place += len(special) or 1
            for code in made:
                if code != SPACE:
                    word.append(chr(code))
                elif word:
                    yield "".join(word)
                    word.clear()
            if special:
                yield special
        if word:
            yield "".join(word)

    def _pieces(self, word: str) -> list[int]:
        """The longest known piece from the left, again and again (Schuster and Nakajima, 2012)."""
        if word in self.special:
            return [self.special[word]]
        if len(word) > self.longest:
            return [self.unknown]
        found, start = [], 0
        while start < len(word):
            lead = self.prefix if start else ""
            end = next((e for e in range(len(word), start, -1) if lead + word[start:e] in self.vocabulary), None)
            if end is None:
                return [self.unknown]
            found.append(self.vocabulary[lead + word[start:end]])
            start = end
        return found


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
