"""docs/settings.md, made of the typed settings and of conf/: `python tests/settings_page.py` writes it; a test fails when it is stale.

What a setting does stands in the class that types it, in its docstring's Attributes or in a comment, or in conf/ above it; the class's docstring introduces its section.
"""

import ast
import inspect
import re
import sys
import textwrap
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from ruamel.yaml import YAML

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from pipeline.settings.model import MetricTarget, Section  # noqa: E402 (of this checkout, installed or not)
from pipeline.settings.params import Params  # noqa: E402
from pipeline.settings.target import IrVersion, Opset, Runtime  # noqa: E402
from pipeline.settings.train_section import Loss  # noqa: E402

CONF = PROJECT / "conf"
PAGE = PROJECT / "docs" / "settings.md"
# The file of each section's group in which the defaults of a network that somebody brings stand.
CHOICES = {"data": "npz", "model": "custom"}
# Types that a validator of ours checks, in words.
SPELLED = {
    repr(Runtime): "`onnxruntime-X.Y[.Z]` or null",
    repr(Opset): "whole number or `auto`",
    repr(IrVersion): "whole number or null",
}
SCALARS = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "`true` or `false`",
    types.NoneType: "null",
    Any: "anything",
}
HEAD = """\
# Settings

Every setting, with its type, its default and what it does. Made of the typed settings (`pipeline/settings/`) and of the comments in `conf/` by
`python tests/settings_page.py`; a test fails when this page is stale. `<name>` stands for a name of yours, of an input, an output or an axis.

Change one, and run what depends on it:

    python -m pipeline params train.epochs=5 model=linear
    dvc exp run -S train.epochs=5 -S model=linear

A setting that no choice of `conf/` has is added with a plus, `+model.axes.time.maximum=16`. What is misspelt is refused with the
nearest name. The defaults of `data` and `model` are those of a network that you bring (`model=custom`); the models that ship have their own in
`conf/model/`. [Change a setting](changing.md) says how they are composed.
"""


def comments_above(text: str, place: int) -> str:
    """The comment lines just above line `place`, counted from 0, joined; "" where there are none."""
    lines = text.splitlines()
    above = []
    while place and lines[place - 1].strip().startswith("#"):
        place -= 1
        above.append(lines[place].strip().lstrip("#").strip())
    return " ".join(reversed(above))


def conf_comments(path: Path) -> dict[str, str]:
    """The comment above each key of a file of conf/, by its dotted name. That of the first key is the file's own."""
    text, comments, parents = path.read_text(encoding="utf-8"), {}, []
    for place, line in enumerate(text.splitlines()):
        match = re.match(r"( *)([\w.]+):", line)
        if match is None:
            continue
        depth = len(match[1]) // 2
        parents = [*parents[:depth], match[2]]
        comment = comments_above(text, place)
        if comment and place != comment_lines(text):
            comments[".".join(parents)] = comment
    return comments


def comment_lines(text: str) -> int:
    """How many lines of comments a file begins with."""
    return next(place for place, line in enumerate(text.splitlines()) if not line.startswith("#"))


def field_comments(section: type[Section]) -> dict[str, str]:
    """What a section's class says of each field, and those that it inherits from: in its docstring's Attributes, above it or beside it."""
    comments: dict[str, str] = {}
    for kind in reversed(section.__mro__):
        if not issubclass(kind, Section) or kind is Section:
            continue
        attributes = (inspect.getdoc(kind) or "").partition("Attributes:")[2]
        # A field that takes more than a line goes on further in.
        entries = re.findall(r"^    (\w+): (.*(?:\n {5,}.*)*)$", attributes, re.MULTILINE)
        comments |= {name: " ".join(text.split()) for name, text in entries}
        source = textwrap.dedent(inspect.getsource(kind))
        for node in ast.parse(source).body[0].body:  # type: ignore[attr-defined]
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                beside = re.search(r"  # (.*)$", source.splitlines()[(node.end_lineno or node.lineno) - 1])
                comment = beside[1] if beside else comments_above(source, node.lineno - 1)
                if comment:
                    comments[node.target.id] = comment
    return comments


def introduction(section: type[Section]) -> str:
    """What a section's class says of itself, without its fields."""
    text = "" if section.__doc__ is None else inspect.getdoc(section) or ""
    return " ".join(text.partition("Attributes:")[0].split())


def sections_in(annotation: Any) -> list[type[Section]]:
    """The sections that a field may hold, itself or as values of a mapping or a list."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [annotation]
    return [section for part in get_args(annotation) for section in sections_in(part)]


def spell(annotation: Any, metadata: tuple[Any, ...] = ()) -> str:
    """A type in words."""
    whole = repr(Annotated[(annotation, *metadata)]) if metadata else repr(annotation)
    origin, parts = get_origin(annotation), get_args(annotation)
    if whole in SPELLED:
        words = SPELLED[whole]
    elif origin is Annotated:
        words = spell(parts[0], parts[1:])
    elif origin is Literal:
        words = " or ".join(f"`{part}`" for part in parts)
    elif origin in (Union, types.UnionType):
        words = " or ".join(dict.fromkeys(spell(part) for part in parts))
    elif origin is list:
        words = f"list of {spell(parts[0])}"
    elif isinstance(annotation, type) and issubclass(annotation, (Loss, MetricTarget)):
        words = "short name or mapping"
    else:
        words = SCALARS.get(annotation, "mapping") + bounds(metadata)
    return words


def bounds(metadata: tuple[Any, ...]) -> str:
    """What a number or a text must keep to, such as ", at least 1"."""
    words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    constraints = [part for entry in metadata for part in (entry.metadata if isinstance(entry, FieldInfo) else [entry])]
    limits = {
        name[0]: (word, getattr(part, name))
        for part in constraints
        for name, word in words.items()
        if hasattr(part, name)
    }
    return "".join(f", {word} {limit}" for word, limit in limits.values() if limit is not None)


def defaults(section: str) -> dict[str, Any]:
    """What conf/ presets in a section; "" is the top."""
    yaml = YAML(typ="safe")
    top = yaml.load(CONF / "config.yaml")
    if not section:
        return top
    preset = top.get(section) or {}
    return preset | yaml.load(CONF / section / f"{CHOICES.get(section, 'default')}.yaml")


def describe_default(preset: Any, of_field: FieldInfo) -> str:
    if preset is not ...:
        return f"`{spell_value(preset)}`"
    if of_field.is_required():
        return "none: say it"
    return f"`{spell_value(of_field.get_default(call_default_factory=True))}`"


def spell_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {spell_value(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(spell_value, value)) + "]"
    words = {None: "null", True: "true", False: "false", "": '""'}
    if value is None or value is True or value is False or value == "":
        return words[value]
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).encode("unicode_escape").decode() if isinstance(value, str) else str(value)


class Row(typing.NamedTuple):
    """A line of a section's table."""

    setting: str
    kind: str
    default: str
    purpose: str


@dataclass
class Listing:
    """What a table needs to know: comments of conf/, and where the values of a mapping were listed already."""

    conf: dict[str, str]
    listed: dict[type[Section], str] = field(default_factory=dict)


def rows(
    section: type[Section], prefix: str, preset: dict[str, Any], listing: Listing, under: str = ""
) -> Iterator[Row]:
    """The settings of a section, those of the sections within it too; `under` is the key within its file of conf/."""
    comments = field_comments(section)
    for name, of_field in section.model_fields.items():
        key = of_field.alias or name
        inner = list(dict.fromkeys(sections_in(of_field.annotation)))
        several = get_origin(strip_none(of_field.annotation)) is dict
        value = preset.get(key, ...)
        purpose = comments.get(name) or listing.conf.get(f"{under}{key}", "")
        if not purpose and inner:
            purpose = introduction(inner[0])
        if several and inner and inner[0] in listing.listed:
            purpose += f" Each as `{listing.listed[inner[0]]}`."
        kind = spell(of_field.annotation, tuple(of_field.metadata))
        yield Row(f"{prefix}{key}", kind, describe_default(value, of_field), " ".join(purpose.split()))
        for inside in inner:
            beneath = f"{prefix}{key}.{'<name>' if several else ''}"
            if several and inside in listing.listed:
                continue
            listing.listed |= {inside: beneath} if several else {}
            within = value if isinstance(value, dict) and not several else {}
            yield from rows(inside, beneath + "." * several, within, listing, f"{under}{key}.")


def strip_none(annotation: Any) -> Any:
    """The type without `| None`."""
    parts = [part for part in get_args(annotation) if part is not types.NoneType]
    return parts[0] if get_origin(annotation) in (Union, types.UnionType) and len(parts) == 1 else annotation


def tables() -> dict[str, list[Row]]:
    """The rows of each section's table; those at the top under ""."""
    top = conf_comments(CONF / "config.yaml")
    comments = field_comments(Params)
    result: dict[str, list[Row]] = {"": []}
    for name, of_field in Params.model_fields.items():
        inner = sections_in(of_field.annotation)
        if inner:
            files = [CONF / name / f"{CHOICES.get(name, 'default')}.yaml"]
            conf = {key.removeprefix(f"{name}."): text for key, text in top.items() if key.startswith(f"{name}.")}
            # What a choice that ships says of a setting holds for the others too.
            files += [path for path in sorted((CONF / name).glob("*.yaml")) if path not in files and name == "data"]
            for path in reversed(files):
                conf |= conf_comments(path)
            result[name] = list(rows(inner[0], f"{name}.", defaults(name), Listing(conf)))
        else:
            purpose = comments.get(name) or top.get(name, "")
            value = defaults("").get(name, ...)
            result[""].append(
                Row(
                    name,
                    spell(of_field.annotation, tuple(of_field.metadata)),
                    describe_default(value, of_field),
                    purpose,
                )
            )
    return result


def undescribed() -> list[str]:
    """Settings of which nothing says what they do."""
    return [row.setting for table in tables().values() for row in table if not row.purpose]


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;") if "`" not in text else text.replace("|", "\\|")


def page() -> str:
    """docs/settings.md."""
    parts = [HEAD]
    for section, table in tables().items():
        title = f"`{section}`" if section else "At the top"
        text = introduction(sections_in(Params.model_fields[section].annotation)[0]) if section else ""
        lines = [f"## {title}", *(["", text] if text else []), ""]
        lines += ["| setting | type | default | what it does |", "|---|---|---|---|"]
        lines += [
            f"| `{row.setting}` | {cell(row.kind)} | {cell(row.default)} | {cell(row.purpose)} |" for row in table
        ]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
