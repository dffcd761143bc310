"""What each onnxruntime takes and runs on a processor: kernels.json, which benchmarks/kernels.py makes from the wheels themselves.

It says what to expect of a version whose wheel is not here. The wheel itself has the last word: an operator without a kernel, whose
meaning onnx spells out in others, counts as run, whatever types those have kernels for.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).parent / "kernels.json"

# Element types by parameter, "float int64" for each: one row of kernels that came together.
_Row = Mapping[str, str]


class Format(NamedTuple):
    """The highest IR version, and the highest opset of each domain, that an onnxruntime opens; `wheel` is what was measured."""

    wheel: str
    ir: int
    opsets: Mapping[str, int]


class _Table(NamedTuple):
    formats: Mapping[int, Format]
    # By domain, operator, version of the operator, and the minor version of onnxruntime that the rows came with.
    operators: Mapping[str, Mapping[str, Mapping[str, Mapping[str, Sequence[_Row]]]]]


@cache
def _read() -> _Table:
    content = json.loads(TABLE.read_text())
    formats = {int(minor): Format(**measured) for minor, measured in content["limits"].items()}
    return _Table(formats, content["operators"])


def formats() -> Mapping[int, Format]:
    """By minor version of onnxruntime, the oldest first."""
    return _read().formats


def first_minor(domain: str, operator: str, since: int, types: Mapping[str, str] | None = None) -> int | None:
    """The first minor version of onnxruntime 1.x that runs this version of an operator; None where none known here does.

    Args:
        domain: "" is the standard one.
        operator: Its name.
        since: The opset that this version of it came with.
        types: Element types that are known, such as "float", by the operator's type parameters, inputs and outputs; any by default.
    """
    came_with = _read().operators.get(domain, {}).get(operator, {}).get(str(since), {})
    wanted = types or {}
    # onnxruntime puts casts around what it cannot do in half precision.
    in_single = {parameter: "float" if name == "float16" else name for parameter, name in wanted.items()}
    for minor, rows in came_with.items():
        if any(_runs(row, wanted) or _runs(row, in_single) for row in rows):
            return int(minor)
    return None


def first_version(domain: str, operator: str, since: int, types: Mapping[str, str] | None = None) -> str | None:
    """As `first_minor`: "1.20"."""
    minor = first_minor(domain, operator, since, types)
    return None if minor is None else f"1.{minor}"


def _runs(row: _Row, types: Mapping[str, str]) -> bool:
    return all(types[parameter] in names.split() for parameter, names in row.items() if parameter in types)
