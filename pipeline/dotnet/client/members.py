"""Inputs and outputs of a contract as the C# templates need them. Pure."""

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.core.contract import TensorSpec
from pipeline.core.errors import PipelineError
from pipeline.dotnet.client import identifiers
from pipeline.dotnet.client.literals import number


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
    # System.Half, or where the target has none Microsoft.ML.OnnxRuntime.Float16: the files that use it say which.
    "float16": CSharp("Half", "f"),
    "string": CSharp("string"),
}

# Beyond these a literal does not compile.
_LARGEST = {"Half": 65504.0, "float": 3.4028234663852886e38, "double": sys.float_info.max}

# Names that a method of the client uses beside the inputs' own.
_LOCALS = frozenset({"cancellationToken", "nameof", "row", "taken"})


@dataclass(frozen=True)
class Axis:
    """An axis of any size: its name in the contract, and in C# (for parameters; properties begin with a capital)."""

    name: str
    stem: str

    @property
    def member(self) -> str:
        return self.stem[0].upper() + self.stem[1:]

    @property
    def parameter(self) -> str:
        return identifiers.escape(self.stem)

    @property
    def field(self) -> str:
        return f"_{self.stem}Axis"

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class View:
    """One input or output, as C# sees it. `shape` is that of a row, without the batch axis; `scalar` when it is empty."""

    tensor: TensorSpec
    csharp: CSharp
    shape: tuple[int | Axis, ...]
    batched: bool = True

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
        return identifiers.pascal(self.name)

    @property
    def stem(self) -> str:
        """Start of the names of private fields."""
        return identifiers.camel(self.name)

    @property
    def doc_name(self) -> str:
        """The parameter, as documentation and `nameof` write it."""
        return f"{self.stem}Value" if self.stem in _LOCALS else self.stem

    parameter_name = doc_name

    @property
    def parameter(self) -> str:
        return identifiers.escape(self.doc_name)

    @property
    def text(self) -> bool:
        return self.type == "string"

    @property
    def storage(self) -> str:
        """Element type of the memory that the runtime sees."""
        return "Float16" if self.type == "Half" else self.type

    @property
    def axes(self) -> list[Axis]:
        """Those of any size, each once."""
        return list(dict.fromkeys(size for size in self.shape if isinstance(size, Axis)))

    @property
    def length(self) -> int:
        """Values in a row; where axes are of any size, when each of those is 1."""
        return math.prod(size for size in self.shape if isinstance(size, int))

    @property
    def row_length(self) -> str:
        """C# expression: values in a row, by the properties of the axes."""
        sizes = [*(size.member for size in self.shape if isinstance(size, Axis)), str(self.length)]
        return " * ".join(sizes if self.length > 1 or len(sizes) == 1 else sizes[:-1])

    @property
    def scalar(self) -> bool:
        return not self.shape

    @property
    def array(self) -> str:
        """C# type of one row."""
        return self.type if self.scalar else f"{self.type}[]"

    @property
    def shape_list(self) -> str:
        return ", ".join(["batch", *(size.member if isinstance(size, Axis) else str(size) for size in self.shape)])

    @property
    def shape_doc(self) -> str:
        return "" if self.scalar else f", row-major of shape [{', '.join(map(str, self.shape))}]"

    @property
    def expected(self) -> str:
        values = "value" if self.length == 1 else "values"
        return f"{self.name}: expected {self.length} {values} (one row{self.shape_doc})"

    @property
    def counted(self) -> str:
        """What a check of the length of a row with axes of any size says after the number that it expected."""
        return f" ({'one row' if self.batched else 'the whole'}{self.shape_doc}"

    def product_without(self, inferred: Axis | None) -> str:
        """C# expression, by the parameters of the axes: values in a row, but for the axis `inferred`; it never overflows."""
        product = f"{self.length}L"
        for size in self.shape:
            if isinstance(size, Axis) and size != inferred:
                product = f"CheckedProduct({product}, {size.parameter})"
        return product

    @property
    def summary(self) -> str:
        """Description, form, unit, range and labels, in sentences."""
        size = "" if self.scalar else f"{_values(self.length)}{self.shape_doc}."
        if self.axes:
            size = f"Values{self.shape_doc[1:]}."
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
            "NaN: not known" if self.tensor.missing else "",
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
        if self.type in ("bool", "string"):
            return ""
        low, high = self._bounds()
        if self.csharp.integer:
            return " || ".join(
                f"value {sign} {self._literal(bound)}" for sign, bound in (("<", low), (">", high)) if bound is not None
            )
        inside = " && ".join(
            f"value {sign} {self._literal(bound)}" for sign, bound in ((">=", low), ("<=", high)) if bound is not None
        )
        nan = f"{self.type}.IsNaN(value)"
        # Written as "not inside", so that NaN is refused too, unless it stands for a value that is not known.
        if self.tensor.missing:
            return f"!({inside}) && !{nan}" if inside else ""
        return f"!({inside})" if inside else nan

    @property
    def expected_values(self) -> str:
        low, high = self.tensor.minimum, self.tensor.maximum
        kind = "integers" if self.csharp.integer else "numbers"
        said = (("from", low), ("to", high))
        bounds = "".join(f" {word} {number(bound)}" for word, bound in said if bound is not None)
        return f"{self.name}: expected {kind}{bounds}, got "

    @property
    def example(self) -> str:
        """C# expression for one valid row: zeros, or the value within the bounds that is nearest to zero; axes of any size have `size`."""
        length = " * ".join([*("size" for size in self.shape if isinstance(size, Axis)), str(self.length)])
        if self.type == "string":
            return '""' if self.scalar else f'Enumerable.Repeat("", {length}).ToArray()'
        if self.type == "bool":
            return "false" if self.scalar else f"new bool[{length}]"
        low, high = self._bounds()
        value = low if low is not None and low > 0 else high if high is not None and high < 0 else None
        if self.scalar:
            return self._literal(value or 0)
        if value is None:
            return f"new {self.type}[{length}]"
        return f"Enumerable.Repeat(({self.type}){self._literal(value)}, {length}).ToArray()"

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
        text = f"{int(value) if self.csharp.integer else float(value)!r}{self.csharp.suffix}"
        return f"(Half)({text})" if self.type == "Half" else text  # a half has no literals of its own


def view(tensor: TensorSpec, what: str, *, batched: bool, axes: Mapping[str, Axis]) -> View:
    """Check that the client can carry this tensor; `what` is it for messages, and `axes` those of any size by name.

    Raises:
        PipelineError: Its dtype or its shape is not supported.
    """
    if tensor.dtype not in TYPES:
        raise PipelineError(
            f"{what} has dtype {tensor.dtype}, which the C# client does not support: expected one of {', '.join(TYPES)}"
        )
    row = tensor.shape[1:] if batched else tensor.shape
    fixed = [size for size in row if isinstance(size, int)]
    if any(size < 1 for size in fixed) or math.prod(fixed) >= 2**31:
        raise PipelineError(f"{what} has shape {tensor.shape}: the C# client expects 1 to 2,147,483,647 values a row")
    return View(
        tensor, TYPES[tensor.dtype], tuple(size if isinstance(size, int) else axes[size] for size in row), batched
    )


def _values(count: int) -> str:
    return "1 value" if count == 1 else f"{count} values"


def _sentences(*parts: str) -> str:
    cleaned = (" ".join(part.split()) for part in parts)
    return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in cleaned if part)
