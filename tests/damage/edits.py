"""What an edit of a file is, and those that fit any file."""

import random
from collections.abc import Callable

Edit = Callable[[bytes, random.Random], bytes]


def _truncate(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _flip(content: bytes, chance: random.Random) -> bytes:
    edited = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        edited[chance.randrange(len(edited))] ^= 1 << chance.randrange(8)
    return bytes(edited)


def _insert(part: bytes) -> Edit:
    def edit(content: bytes, chance: random.Random) -> bytes:
        place = chance.randrange(len(content) + 1)
        return content[:place] + part + content[place:]

    return edit


def _cut_out(content: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.randrange(len(content) + 1) for _ in range(2))
    return content[:start] + content[end:]


BYTES: dict[str, Edit] = {
    "truncated": _truncate,
    "bits flipped": _flip,
    "emptied": lambda content, chance: b"",
    "not UTF-8": _insert(b"\xff\xfe\xc3"),
    "NULs inserted": _insert(b"\0" * 40),
    "a piece cut out": _cut_out,
    "noise": lambda content, chance: chance.randbytes(len(content)),
}
