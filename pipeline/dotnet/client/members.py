"""Inputs and outputs of a contract as the C# templates need them. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.core.contract import TensorSpec
from pipeline.core.errors import PipelineError
from pipeline.dotnet.client import identifiers
from pipeline.dotnet.client.elements import TYPES, Elements, sentences

# Members that the generated types have whatever the contract, and parameters of the methods that take tensors. The local variables of
# those methods begin with _ and a letter, as no parameter does.
OWN_MEMBERS = identifiers.OBJECT_MEMBERS | {
    *("Batch", "CheckFor", "Dispose", "GetRow", "HasSizesOf", "Run", "RunUntil", "SetRow", "SetRows"),
    # Classes whose methods these types call: a property of that name would hide them.
    *("Array", "Check", "InputCheck", "MemoryMarshal", "SizeCheck", "TextCheck"),
}
OWN_PARAMETERS = frozenset({"batch", "cancellationToken", "count", "nameof"})

# The size of a dynamic axis in examples and in the health check, where no size was proven.
EXAMPLE_SIZE = 16


@dataclass(frozen=True)
class Axis:
    """A dynamic axis: its name in the contract, and the C# names of its size as a parameter (`stem`) and as a property."""

    name: str
    stem: str
    member: str

    @property
    def parameter(self) -> str:
        return identifiers.escape(self.stem)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class View(Elements):
    """One input or output, as C# sees it.

    `shape` is that of a row, without the batch axis; `stem` is its name as a parameter, `member` as a property.
    """

    shape: tuple[int | Axis, ...]
    stem: str
    member: str
    batched: bool = True

    @property
    def field(self) -> str:
        """Name of the private field with its memory."""
        return f"_{self.stem}Memory"

    @property
    def parameter(self) -> str:
        return identifiers.escape(self.stem)

    @property
    def axes(self) -> list[Axis]:
        """The dynamic axes, each once."""
        return list(dict.fromkeys(size for size in self.shape if isinstance(size, Axis)))

    @property
    def length(self) -> int:
        """Values in a row whose dynamic axes all have size 1."""
        return math.prod(size for size in self.shape if isinstance(size, int))

    def row_length(self, owner: str = "") -> str:
        """C# expression: values in a row, by the properties of the axes; `owner` is what has them, such as "row."."""
        return self.product([f"{owner}{size.member}" for size in self.shape if isinstance(size, Axis)])

    @property
    def row_length_by_parameters(self) -> str:
        """C# expression: values in a row, by the parameters of the axes."""
        return self.product([size.parameter for size in self.shape if isinstance(size, Axis)])

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
    def span(self) -> str:
        """C# type of one row as a parameter that is read in place."""
        return self.type if self.scalar else f"ReadOnlySpan<{self.type}>"

    def shape_list(self, owner: str = "") -> str:
        """C# list of a row's shape, by the properties of the axes, each behind a comma; `owner` is what has them."""
        return "".join(f", {owner}{size.member}" if isinstance(size, Axis) else f", {size}" for size in self.shape)

    @property
    def shape_list_by_parameters(self) -> str:
        return "".join(f", {size.parameter}" if isinstance(size, Axis) else f", {size}" for size in self.shape)

    @property
    def shape_doc(self) -> str:
        return "" if self.scalar else f", row-major of shape [{', '.join(map(str, self.shape))}]"

    @property
    def expected_length(self) -> str:
        """Start of the message about the wrong length of a row of fixed size."""
        values = "value" if self.length == 1 else "values"
        return f"{self.name}: expected {self.length} {values}{self.shape_clause})"

    @property
    def expected_values_of_sizes(self) -> str:
        """Start of the message about a row with dynamic axes that is null."""
        return f"{self.name}: expected values{self.shape_clause})"

    @property
    def shape_clause(self) -> str:
        """Start of the parenthesis that follows the expected length."""
        return f" ({'one row' if self.batched else 'the whole input'}{self.shape_doc}"

    @property
    def null_message(self) -> str:
        """The message about null instead of an array."""
        return f"{self.expected_values_of_sizes if self.axes else self.expected_length}, got null."

    def product_without(self, inferred: Axis | None) -> str:
        """C# expression: values in a row of which axis `inferred` has size 1, by the parameters of the axes; it never overflows."""
        product = f"{self.length}L"
        for size in self.shape:
            if isinstance(size, Axis) and size != inferred:
                product = f"Check.Product({product}, {size.parameter})"
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


class TensorNames(NamedTuple):
    """The C# names of an input or output: as a parameter, and as a property."""

    stem: str
    member: str


def make_view(tensor: TensorSpec, what: str, names: TensorNames, *, batched: bool, axes: Mapping[str, Axis]) -> View:
    """The view of a tensor.

    Args:
        tensor: An input or output of the contract.
        what: How messages call it, such as 'input "x"'.
        names: Its C# names.
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
    shape = tuple(size if isinstance(size, int) else axes[size] for size in row)
    return View(tensor, TYPES[tensor.dtype], shape, *names, batched)


def _count_values(count: int) -> str:
    return "1 value" if count == 1 else f"{count} values"
