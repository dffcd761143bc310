"""Which sizes of each dynamic axis the C# client takes: those that are proven, all but a few, or none. Pure.

The batch is no such axis: any number of rows may stand in a call.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.core.contract import Contract, ProvenAxis
from pipeline.dotnet.client.layout import Layout
from pipeline.dotnet.client.literals import literal
from pipeline.dotnet.client.members import EXAMPLE_SIZE, Axis

# Name of the option with which a client takes sizes that are not proven.
OPTION = "AllowUnprovenSizes"


@dataclass(frozen=True)
class ProvenSizes:
    """What is proven of one dynamic axis of the inputs.

    `inputs` are the names of those that have the axis, `parameter` is the C# parameter that its size follows from.
    """

    axis: Axis
    inputs: list[str]
    parameter: str
    proven: ProvenAxis

    @property
    def range(self) -> str:
        """The proven sizes in words, such as "from 4 to 24 in multiples of 4"."""
        smallest, largest = min(self.proven.sizes), max(self.proven.sizes)
        if smallest == largest:
            return str(smallest)
        multiples = f" in multiples of {self.proven.multiple_of}" if self.proven.multiple_of > 1 else ""
        return f"from {smallest} to {largest}{multiples}"

    @property
    def refused(self) -> str:
        """The sizes that are known to fail in words, such as "2, 25 and 48"; empty when there are none."""
        *others, last = [str(size) for size in sorted(self.proven.refused)] or [""]
        return f"{', '.join(others)} and {last}" if others else last

    @property
    def refused_condition(self) -> str:
        """C# condition on `_size` that holds for sizes that are known to fail; empty when there are none."""
        return " || ".join(f"_size == {size}" for size in sorted(self.proven.refused))

    @property
    def unproven_condition(self) -> str:
        """C# condition on `_size`, at least 1, that holds for sizes that are not proven."""
        smallest, largest, multiple_of = min(self.proven.sizes), max(self.proven.sizes), self.proven.multiple_of
        return " || ".join(
            [
                *([f"_size < {smallest}"] if smallest > 1 else []),
                f"_size > {largest}",
                *([f"_size % {multiple_of} != 0"] if multiple_of > 1 else []),
            ]
        )

    @property
    def expected(self) -> str:
        """C# literal: start of the message about a size."""
        return literal(f"{', '.join(self.inputs)}: expected {self.axis.name} {self.range}, got ")

    @property
    def known_to_fail(self) -> str:
        """C# literal: end of the message about a size that is known to fail."""
        return literal(f", and the network itself is known to fail at {self.refused}.")

    def not_proven(self, class_name: str) -> str:
        """C# literal: end of the message about a size that is not proven."""
        return literal(f", which is not proven: set {class_name}Options.{OPTION} to take other sizes all the same.")


def proven_sizes(contract: Contract, layout: Layout) -> list[ProvenSizes]:
    """Every dynamic axis of the inputs, but the batch, that the contract says something of."""
    parameters = {
        **{axis: axis.stem for axis in layout.explicit_axes},
        **{check.inferred: check.input.stem for check in layout.checks if check.inferred},
    }
    return [
        ProvenSizes(
            axis,
            [view.name for view in layout.inputs if axis in view.axes],
            parameters[axis],
            contract.axes[axis.name],
        )
        for axis in layout.axes
        if axis.name in contract.axes
    ]


def typical_size(contract: Contract, axis: Axis) -> int:
    """A proven size for examples: the middle one, since the smallest ask little and the largest cost much."""
    if axis.name not in contract.axes:
        return EXAMPLE_SIZE
    sizes = sorted(contract.axes[axis.name].sizes)
    return sizes[len(sizes) // 2]


def describe_option(sizes: Sequence[ProvenSizes]) -> str:
    """Sentences about the option: what is proven, and what is refused whatever it says."""
    ranges = "; ".join(f"{entry.axis.name}: {entry.range}" for entry in sizes)
    refused = "; ".join(f"{entry.axis.name}: {entry.refused}" for entry in sizes if entry.refused)
    always = f" Sizes at which the network itself is known to fail are rejected always ({refused})." if refused else ""
    return f"By axis, proven are {ranges}.{always}"
