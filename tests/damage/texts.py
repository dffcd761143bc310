"""Edits of JSON and YAML, and of files of lines."""

import io
import json
import random
from collections.abc import Callable
from typing import Any

from ruamel.yaml import YAML

from damage.edits import Edit

# In place of any value of a JSON or YAML file.
VALUES: tuple[Any, ...] = (
    None,
    "",
    "x",
    "\0",
    0,
    -1,
    0.5,
    True,
    1e308,
    10**400,
    -(2**63),
    [],
    {},
    [[]],
    {"": None},
    "é" * 300,
)
DEEP = 100_000


def _places(node: Any) -> list[tuple[Any, Any]]:
    """Every container and key within a tree."""
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else []
    return [place for key in keys for place in ((node, key), *_places(node[key]))]


def _in_tree(change: Callable[[Any, Any, random.Random], None]) -> Edit:
    """An edit of one place of a JSON or YAML file."""

    def edit(content: bytes, chance: random.Random) -> bytes:
        text = content.decode()
        is_json = text.lstrip().startswith(("{", "["))
        tree = json.loads(text) if is_json else YAML(typ="safe").load(text)
        places = _places(tree)
        # What lies near the root is as likely as one of a thousand leaves.
        depth = chance.choice([len(places), 12])
        change(*chance.choice(places[:depth]), chance)
        if is_json:
            return json.dumps(tree).encode()
        stream = io.StringIO()
        YAML(typ="safe").dump(tree, stream)
        return stream.getvalue().encode()

    return edit


def _replace(container: Any, key: Any, chance: random.Random) -> None:
    container[key] = chance.choice(VALUES)


def _nothing(container: Any, key: Any, chance: random.Random) -> None:
    container[key] = None


def _drop(container: Any, key: Any, chance: random.Random) -> None:
    del container[key]


def _swap(container: Any, key: Any, chance: random.Random) -> None:
    other = chance.choice(list(container) if isinstance(container, dict) else range(len(container)))
    container[key], container[other] = container[other], container[key]


def _rename(container: Any, key: Any, chance: random.Random) -> None:
    if isinstance(container, dict):
        container[f"{key}s"] = container.pop(key)
    else:
        container.append(container[key])


def _twice(content: bytes, chance: random.Random) -> bytes:
    """Every key of the root a second time, with other values."""
    text = content.decode()
    if not text.lstrip().startswith(("{", "[")):
        return content + content
    tree = json.loads(text)
    first = tree[0] if isinstance(tree, list) else tree
    key = chance.choice(list(first))
    place = text.index("{") + 1
    return f"{text[:place]}{json.dumps(key)}: {json.dumps(chance.choice(VALUES))}, {text[place:]}".encode()


def _deep(content: bytes, chance: random.Random) -> bytes:
    return chance.choice(
        [b"[" * DEEP, b"[" * DEEP + b"]" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP, b"[" * 2000 + b"]" * 2000]
    )


TREE: dict[str, Edit] = {
    "another type": _in_tree(_replace),
    "null": _in_tree(_nothing),
    "a key missing": _in_tree(_drop),
    "two values exchanged": _in_tree(_swap),
    "a key renamed": _in_tree(_rename),
    "a key twice": _twice,
    "deep nesting": _deep,
    "a number of 5,000 digits": lambda content, chance: b'{"a": ' + b"9" * 5000 + b"}",
    "another whole": lambda content, chance: chance.choice([b"null", b"[]", b"{}", b"7", b'"x"', b"[{}]", b"[null]"]),
    "white space": lambda content, chance: content + b"\n \n",
}


def _in_lines(change: Callable[[list[str], random.Random], None]) -> Edit:
    def edit(content: bytes, chance: random.Random) -> bytes:
        lines = content.decode().splitlines()
        change(lines, chance)
        return "".join(f"{line}\n" for line in lines).encode()

    return edit


LINES: dict[str, Edit] = {
    "no first line": _in_lines(lambda lines, chance: lines.pop(0)),
    "lines exchanged": _in_lines(lambda lines, chance: lines.reverse()),
    "words for numbers": _in_lines(lambda lines, chance: lines.append(",".join(["x"] * len(lines[0].split(","))))),
    "a longer line": _in_lines(lambda lines, chance: lines.append("1" + ",1" * 40)),
    "a shorter line": _in_lines(lambda lines, chance: lines.append("1")),
    "a NUL in a line": _in_lines(lambda lines, chance: lines.append("1,\0")),
}
