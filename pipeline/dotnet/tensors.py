"""Inputs and outputs of a contract as the C# templates need them. Pure."""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.contract import Tensor
from pipeline.dotnet import names
from pipeline.dotnet.text import literal, number
from pipeline.errors import PipelineError


class CSharp(NamedTuple):
    """A C# number type: the suffix of its literals, and its range when it is an integer."""

    name: str
    suffix: str = ""
    minimum: int = 0
    maximum: int = 0

    @property
    def integer(self) -> bool:
        return self.maximum > 0


TYPES = {
    "float32": CSharp("float", "f"),
    "float64": CSharp("double", "d"),
    "int8": CSharp("sbyte", "", -(2**7), 2**7 - 1),
    "int16": CSharp("short", "", -(2**15), 2**15 - 1),
    "int32": CSharp("int", "", -(2**31), 2**31 - 1),
    "int64": CSharp("long", "L", -(2**63), 2**63 - 1),
    "uint8": CSharp("byte", "", 0, 2**8 - 1),
    "uint16": CSharp("ushort", "", 0, 2**16 - 1),
    "uint32": CSharp("uint", "U", 0, 2**32 - 1),
    "uint64": CSharp("ulong", "UL", 0, 2**64 - 1),
    "bool": CSharp("bool"),
}

# Beyond these a literal does not compile.
_LARGEST = {"float": 3.4028234663852886e38, "double": sys.float_info.max}

# Names that a method of the client uses beside the inputs' own.
_LOCALS = frozenset({"cancellationToken", "nameof", "row", "taken"})


@dataclass(frozen=True)
class View:
    """One input or output, as C# sees it. `shape` is that of a row, without the batch axis; `scalar` when it is empty."""

    tensor: Tensor
    csharp: CSharp
    shape: tuple[int, ...]

    @property
    def name(self) -> str:
        return self.tensor.name

    @property
    def labels(self) -> list[str]:
        return self.tensor.labels

    @property
    def type(self) -> str:
        return self.csharp.name

    @property
    def member(self) -> str:
        return names.pascal(self.name)

    @property
    def stem(self) -> str:
        """Start of the names of private fields."""
        return names.camel(self.name)

    @property
    def doc_name(self) -> str:
        """The parameter, as documentation and `nameof` write it."""
        return f"{self.stem}Value" if self.stem in _LOCALS else self.stem

    parameter_name = doc_name

    @property
    def parameter(self) -> str:
        return names.escape(self.doc_name)

    @property
    def length(self) -> int:
        return math.prod(self.shape)

    @property
    def scalar(self) -> bool:
        return not self.shape

    @property
    def shape_list(self) -> str:
        return ", ".join(["batch", *map(str, self.shape)])

    @property
    def shape_doc(self) -> str:
        return "" if self.scalar else f", row-major of shape [{', '.join(map(str, self.shape))}]"

    @property
    def expected(self) -> str:
        values = "value" if self.length == 1 else "values"
        return f"{self.name}: expected {self.length} {values} (one row{self.shape_doc})"

    @property
    def summary(self) -> str:
        """Description, form, unit, range and labels, in sentences."""
        size = "" if self.scalar else f"{_values(self.length)}{self.shape_doc}."
        return _sentences(self.tensor.description or f"The model's `{self.name}`", size, self._facts())

    @property
    def batch_doc(self) -> str:
        shape = ", ".join(["Batch", *map(str, self.shape)])
        return _sentences(f"row-major of shape [{shape}]", self.tensor.description, self._facts())

    def _facts(self) -> str:
        low, high = self.tensor.minimum, self.tensor.maximum
        bounds = " ".join(
            f"{word} {number(bound)}" for word, bound in (("at least", low), ("at most", high)) if bound is not None
        )
        if low is not None and high is not None:
            bounds = f"from {number(low)} to {number(high)}"
        return _sentences(
            f"Unit: {self.tensor.unit}" if self.tensor.unit else "",
            f"Range: {bounds}" if bounds else "",
            f"Labels: {', '.join(self.labels[:20])}{', …' if len(self.labels) > 20 else ''}" if self.labels else "",
        )

    @property
    def names_classes(self) -> bool:
        """Whether the value of each row is the number of a class."""
        return self.scalar and self.csharp.integer and bool(self.labels)

    @property
    def outside(self) -> str:
        """C# condition for a class number without a label."""
        above = f"{self.member} >= {len(self.labels)}"
        return f"{self.member} < 0 || {above}" if self.csharp.minimum < 0 else above

    @property
    def refused(self) -> str:
        """C# condition, on `value`, for values that the contract rules out; empty when it rules out none."""
        if self.type == "bool":
            return ""
        low, high = self._bounds()
        if self.csharp.integer:
            return " || ".join(
                f"value {sign} {self._literal(bound)}" for sign, bound in (("<", low), (">", high)) if bound is not None
            )
        inside = " && ".join(
            f"value {sign} {self._literal(bound)}" for sign, bound in ((">=", low), ("<=", high)) if bound is not None
        )
        # Written as "not inside", so that NaN is refused too.
        return f"!({inside})" if inside else f"{self.type}.IsNaN(value)"

    @property
    def expected_values(self) -> str:
        low, high = self.tensor.minimum, self.tensor.maximum
        kind = "integers" if self.csharp.integer else "numbers"
        bounds = "".join(
            f" {word} {number(bound)}" for word, bound in (("from", low), ("to", high)) if bound is not None
        )
        return f"{self.name}: expected {kind}{bounds}, got "

    @property
    def example(self) -> str:
        """C# expression for one valid row: zeros, or the value within the bounds that is nearest to zero."""
        if self.type == "bool":
            return "false" if self.scalar else f"new bool[{self.length}]"
        low, high = self._bounds()
        value = low if low is not None and low > 0 else high if high is not None and high < 0 else None
        if self.scalar:
            return self._literal(value or 0)
        if value is None:
            return f"new {self.type}[{self.length}]"
        return f"Enumerable.Repeat(({self.type}){self._literal(value)}, {self.length}).ToArray()"

    def _bounds(self) -> tuple[float | None, float | None]:
        """The contract's bounds, less those that the C# type has anyway."""
        low, high = self.tensor.minimum, self.tensor.maximum
        if not self.csharp.integer:
            largest = _LARGEST[self.type]
            return (
                low if low is not None and abs(low) <= largest else None,
                high if high is not None and abs(high) <= largest else None,
            )
        low = None if low is None or low <= self.csharp.minimum else math.ceil(low)
        high = None if high is None or high >= self.csharp.maximum else math.floor(high)
        return low, high

    def _literal(self, value: float) -> str:
        return f"{int(value) if self.csharp.integer else float(value)!r}{self.csharp.suffix}"


def views(tensors: Sequence[Tensor], kind: str) -> list[View]:
    """Check that the client can carry these tensors; `kind` is "input" or "output", for messages.

    Raises:
        PipelineError: There is none, or one has a dtype or a shape that the client does not support.
    """
    if not tensors:
        raise PipelineError(f"the contract has no {kind}: expected at least one; export the model again")
    return [_view(tensor, f"{kind} {literal(tensor.name)}") for tensor in tensors]


def _view(tensor: Tensor, what: str) -> View:
    if tensor.dtype not in TYPES:
        raise PipelineError(
            f"{what} has dtype {tensor.dtype}, which the C# client does not support yet: expected one of {', '.join(TYPES)}"
        )
    if not tensor.shape or isinstance(tensor.shape[0], int):
        raise PipelineError(
            f"{what} has shape {tensor.shape}: the C# client expects a named batch axis first, for instance ['batch', 8]; name it "
            "in model.dynamic_axes"
        )
    fixed = [size for size in tensor.shape[1:] if isinstance(size, int)]
    if len(fixed) < len(tensor.shape) - 1:
        raise PipelineError(
            f"{what} has shape {tensor.shape}: the C# client does not support a second axis of any size yet; fix all axes but the "
            "first in model.dynamic_axes"
        )
    if any(size < 1 for size in fixed) or math.prod(fixed) >= 2**31:
        raise PipelineError(f"{what} has shape {tensor.shape}: the C# client expects 1 to 2,147,483,647 values a row")
    return View(tensor, TYPES[tensor.dtype], tuple(fixed))


def _values(count: int) -> str:
    return "1 value" if count == 1 else f"{count} values"


def _sentences(*parts: str) -> str:
    cleaned = (" ".join(part.split()) for part in parts)
    return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in cleaned if part)
