"""Inputs and outputs of a contract as the C# templates need them. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.core.contract import TensorSpec
from pipeline.core.errors import PipelineError
from pipeline.dotnet.client import identifiers
from pipeline.dotnet.client.elements import TYPES, Elements, sentences

# Parameters and local variables of the templates' methods: the parameter of an input must not have their names.
RESERVED_PARAMETERS = frozenset({"cancellationToken", "nameof", "row", "taken"})

# Members that the C# types have whatever the contract: `Value` is appended to the name of an input or output that is one.
BUFFERS_MEMBERS = (
    "Batch",
    "Dispose",
    "Run",
    "Idle",
    "Running",
    "Ended",
    "SetRow",
    "GetRow",
    "Allocate",
    "Wrap",
    "Release",
)
INPUT_MEMBERS = ("Validate",)
_BUILT_IN = identifiers.OBJECT_MEMBERS.union(BUFFERS_MEMBERS, INPUT_MEMBERS)

# The size of a dynamic axis in examples and in the health check, where no size was proven.
EXAMPLE_SIZE = 16


@dataclass(frozen=True)
class Axis:
    """A dynamic axis: its name in the contract, and the C# name of its size as a parameter (`stem`)."""

    name: str
    stem: str

    @property
    def member(self) -> str:
        """Name of the property with the size."""
        return self.stem[0].upper() + self.stem[1:]

    @property
    def parameter(self) -> str:
        return identifiers.escape(self.stem)

    @property
    def field(self) -> str:
        return f"_{self.stem}Axis"

    @property
    def check(self) -> str:
        """Name of the method that checks that a size is proven."""
        return f"CheckProven{self.member}"

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class View(Elements):
    """One input or output, as C# sees it. `shape` is that of a row, without the batch axis; `scalar` when it is empty."""

    shape: tuple[int | Axis, ...]
    batched: bool = True

    @property
    def member(self) -> str:
        """Name of the property."""
        name = identifiers.pascal(self.name)
        return f"{name}Value" if name in _BUILT_IN else name

    @property
    def stem(self) -> str:
        """Start of the names of private fields."""
        return identifiers.camel(self.name)

    @property
    def parameter_name(self) -> str:
        """The parameter, as XML documentation and `nameof` write it: without the @ of an escaped keyword."""
        return f"{self.stem}Value" if self.stem in RESERVED_PARAMETERS else self.stem

    @property
    def parameter(self) -> str:
        return identifiers.escape(self.parameter_name)

    @property
    def axes(self) -> list[Axis]:
        """The dynamic axes, each once."""
        return list(dict.fromkeys(size for size in self.shape if isinstance(size, Axis)))

    @property
    def length(self) -> int:
        """Values in a row whose dynamic axes all have size 1."""
        return math.prod(size for size in self.shape if isinstance(size, int))

    @property
    def row_length(self) -> str:
        """C# expression: values in a row, by the properties of the axes."""
        return self.product([size.member for size in self.shape if isinstance(size, Axis)])

    def product(self, sizes: Sequence[str]) -> str:
        """C# expression: values in a row, from an expression for the size of each dynamic axis in the shape."""
        return " * ".join([*sizes, str(self.length)] if self.length > 1 or not sizes else sizes)

    @property
    def scalar(self) -> bool:
        return not self.shape

    @property
    def array(self) -> str:
        """C# type of one row."""
        return self.type if self.scalar else f"{self.type}[]"

    @property
    def shape_list(self) -> str:
        """C# list of the whole shape, by `batch` and the properties of the axes."""
        return ", ".join(["batch", *(size.member if isinstance(size, Axis) else str(size) for size in self.shape)])

    @property
    def shape_doc(self) -> str:
        return "" if self.scalar else f", row-major of shape [{', '.join(map(str, self.shape))}]"

    @property
    def expected_length(self) -> str:
        """Start of the message about the wrong length of a row of fixed size."""
        values = "value" if self.length == 1 else "values"
        return f"{self.name}: expected {self.length} {values} (one row{self.shape_doc})"

    @property
    def shape_clause(self) -> str:
        """Start of the parenthesis that follows the expected length of a row with dynamic axes."""
        return f" ({'one row' if self.batched else 'the whole input'}{self.shape_doc}"

    def product_without(self, inferred: Axis | None) -> str:
        """C# expression: values in a row of which axis `inferred` has size 1, by the parameters of the axes; it never overflows."""
        product = f"{self.length}L"
        for size in self.shape:
            if isinstance(size, Axis) and size != inferred:
                product = f"CheckedProduct({product}, {size.parameter})"
        return product

    @property
    def summary(self) -> str:
        """Description, shape, unit, range and labels, in sentences."""
        size = "" if self.scalar else f"{_count_values(self.length)}{self.shape_doc}."
        if self.axes:
            size = f"Values{self.shape_doc[1:]}."
        return sentences(self.tensor.description or f"The model's `{self.name}`", size, self.facts)

    @property
    def batch_doc(self) -> str:
        """As `summary`, of the rows of a whole batch."""
        shape = ", ".join(["Batch", *map(str, self.shape)])
        return sentences(f"row-major of shape [{shape}]", self.tensor.description, self.facts)

    @property
    def names_classes(self) -> bool:
        """Whether the value of each row is the number of a class that has a label."""
        return self.scalar and self.csharp.integer and bool(self.labels)

    @property
    def unlabelled_condition(self) -> str:
        """C# condition that holds for a class number without a label."""
        above = f"{self.member} >= {len(self.labels)}"
        return f"{self.member} < 0 || {above}" if self.csharp.minimum < 0 else above

    def example_row(self, sizes: Mapping[str, str]) -> str:
        """C# expression for one valid row: zeros, or the value within the bounds that is nearest to zero.

        Args:
            sizes: C# expression for the size of each dynamic axis, by the axis' name.
        """
        length = self.product([sizes[size.name] for size in self.shape if isinstance(size, Axis)])
        if self.type == "string":
            return '""' if self.scalar else f'Enumerable.Repeat("", {length}).ToArray()'
        if self.type == "bool":
            return "false" if self.scalar else f"new bool[{length}]"
        low, high = self.bounds()
        nonzero = low if low is not None and low > 0 else high if high is not None and high < 0 else None
        if self.scalar:
            return self.literal(nonzero or 0)
        if nonzero is None:
            return f"new {self.type}[{length}]"
        return f"Enumerable.Repeat(({self.type}){self.literal(nonzero)}, {length}).ToArray()"


def make_view(tensor: TensorSpec, what: str, *, batched: bool, axes: Mapping[str, Axis]) -> View:
    """The view of a tensor.

    Args:
        tensor: An input or output of the contract.
        what: How messages call it, such as 'input "x"'.
        batched: Whether its first axis is the batch.
        axes: The dynamic axes but the batch, by name.

    Raises:
        PipelineError: The client does not support its dtype or its shape.
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


def _count_values(count: int) -> str:
    return "1 value" if count == 1 else f"{count} values"
