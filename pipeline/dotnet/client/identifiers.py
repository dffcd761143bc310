"""C# identifiers for the names in a contract. Pure."""

import itertools
import re
import unicodedata
from collections.abc import Iterable

from pipeline.core.errors import PipelineError

KEYWORDS = frozenset(
    """
    abstract as base bool break byte case catch char checked class const continue decimal default delegate do
    double else enum event explicit extern false finally fixed float for foreach goto if implicit in int
    interface internal is lock long namespace new null object operator out override params private protected
    public readonly ref return sbyte sealed short sizeof stackalloc static string struct switch this throw true
    try typeof uint ulong unchecked unsafe ushort using virtual void volatile while
    """.split()  # noqa: SIM905 - a list would be formatted with one keyword a line
)

# Members of System.Object.
OBJECT_MEMBERS = frozenset(
    {"Equals", "Finalize", "GetHashCode", "GetType", "MemberwiseClone", "ReferenceEquals", "ToString"}
)


def pascal(name: str) -> str:
    """Name of a type or property in PascalCase: "input_ids" -> "InputIds", "3d.points" -> "_3dPoints", "größe" -> "Grosse"."""
    joined = "".join(word[0].upper() + word[1:] for word in _words(name))
    return f"_{joined}" if joined[0].isdigit() else joined


def camel(name: str) -> str:
    """Name of a parameter in camelCase, which may be a keyword: "input_ids" -> "inputIds", "ID" -> "id"."""
    first, *rest = _words(name)
    first = first.lower() if first.isupper() else first[0].lower() + first[1:]
    joined = first + "".join(word[0].upper() + word[1:] for word in rest)
    return f"_{joined}" if joined[0].isdigit() else joined


def escape(identifier: str) -> str:
    """The identifier, with the @ that lets C# take a keyword as a name."""
    return f"@{identifier}" if identifier in KEYWORDS else identifier


def check_identifier(text: str, what: str, *, dotted: bool = False) -> None:
    """Raise PipelineError unless `text` is a C# identifier, or a dotted name; `what` names the setting in the message."""
    parts = text.split(".") if dotted else [text]
    for part in parts:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", part) or part in KEYWORDS:
            raise PipelineError(
                f"{what}: expected a C# name (letters, digits and _, no digit first, no keyword), got {text!r}; for instance "
                f"{'.'.join(pascal(part) for part in parts)}"
            )


class Scope:
    """The names of one C# scope, each given once: whatever a network calls its tensors, nothing collides."""

    def __init__(self, taken: Iterable[str]) -> None:
        """Begin with the names that are `taken` whatever the contract."""
        self._taken = set(taken)

    def give(self, name: str, suffix: str = "Value") -> str:
        """The name, or where it is taken the name and `suffix`, or those and a number."""
        numbered = (f"{name}{suffix}{number}" for number in itertools.count(2))
        free = next(one for one in itertools.chain((name, f"{name}{suffix}"), numbered) if one not in self._taken)
        self._taken.add(free)
        return free


def _words(name: str) -> list[str]:
    words = [word for word in re.split(r"[^A-Za-z0-9]+", _ascii(name)) if word]
    # .NET writes acronyms of three letters and more as words (LOGITS -> Logits), and keeps those of two (ID).
    return [word.capitalize() if word.isupper() and len(word) > 2 else word for word in words] or ["Unnamed"]


def _ascii(text: str) -> str:
    """Latin letters without accents; any other letter as its code point, so that different names stay different."""
    return "".join(_ascii_character(character) for character in text)


def _ascii_character(character: str) -> str:
    if character.isascii():
        return character
    plain = unicodedata.normalize("NFKD", character.replace("ß", "ss")).encode("ascii", "ignore").decode()
    if plain or unicodedata.combining(character):
        return plain
    return f" U{ord(character):04x} " if character.isalnum() else " "
