"""Text of a contract as C# literals and XML documentation. Pure."""

import re
import textwrap
from xml.sax.saxutils import escape

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
WIDTH = 130


def literal(text: str) -> str:
    """A C# string literal; characters that cannot be printed are escaped."""
    return '"' + "".join(_ESCAPES.get(character) or _printable(character) for character in text) + '"'


def documentation(text: str, indent: int) -> str:
    """XML-escaped text of a `///` comment, wrapped; lines after the first begin with `///` at `indent` spaces.

    Line breaks and other white space become single spaces; characters that XML does not allow are left out.
    """
    clean = re.sub(r"[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", " ".join(text.split()))
    lines = textwrap.wrap(escape(clean), WIDTH - indent - 4, break_long_words=False, break_on_hyphens=False)
    return f"\n{' ' * indent}/// ".join(lines)


def number(value: float) -> str:
    """The number as a person writes it: 16, 0.5."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
