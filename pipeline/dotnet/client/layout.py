"""How a contract's axes become rows, batches and sizes in C#. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.core.contract import BATCH, Contract, TensorSpec
from pipeline.core.errors import PipelineError
from pipeline.dotnet.client import identifiers
from pipeline.dotnet.client.literals import literal
from pipeline.dotnet.client.members import Axis, View, view

# Names that the methods of a client with axes of any size use beside the axes' own.
_LOCALS = frozenset(
    {
        "batch",
        "cancellationToken",
        "checked",
        "expected",
        "i",
        "isPublic",
        "model",
        "nameof",
        "options",
        "parameter",
        "row",
        "rows",
    }
    | {"size", "state", "taken", "validate", "value", "values"}
)


@dataclass(frozen=True)
class Step:
    """A check of one input: the sizes in its row that are known by now, and the one that its length tells."""

    view: View
    inferred: Axis | None

    @property
    def known(self) -> list[Axis]:
        return [axis for axis in self.view.axes if axis != self.inferred]


@dataclass(frozen=True)
class Layout:
    """Inputs and outputs as C# sees them, and which ways in the client has.

    `given` are the axes whose sizes the caller must say, for no length tells them; `steps` is the order in which the
    inputs are checked, so that each size is known when it is needed.
    """

    batched: bool
    inputs: list[View]
    outputs: list[View]
    given: list[Axis]
    steps: list[Step]

    @property
    def axes(self) -> list[Axis]:
        """Of the inputs' rows."""
        return _distinct(self.inputs)

    @property
    def output_axes(self) -> list[Axis]:
        return _distinct(self.outputs)

    @property
    def own_axes(self) -> list[Axis]:
        """Of the outputs alone: only the run tells their sizes."""
        return [axis for axis in self.output_axes if axis not in self.axes]

    @property
    def fixed(self) -> bool:
        """Whether one row always takes the same memory, so that it can be bound before the first call."""
        return self.batched and not self.axes and not self.output_axes and not self.strings

    @property
    def strings(self) -> bool:
        return any(view.text for view in [*self.inputs, *self.outputs])

    @property
    def bindable(self) -> bool:
        return self.batched and not self.strings and not self.own_axes

    @property
    def row_type(self) -> bool:
        """Whether a row is a generated type: one array does not say all."""
        return len(self.inputs) > 1 or bool(self.given)

    @property
    def ways(self) -> tuple[str, ...]:
        """How a consumer may call the model; `jagged` is one list with the rows of every golden case."""
        if not self.batched:
            return ("row",)
        jagged = ("jagged",) if self.axes and not self.own_axes else ()
        return ("row", "batch", *jagged, *(("buffers",) if self.bindable else ()), "async")


def layout(contract: Contract) -> Layout:
    """Check that the client can carry the contract, and lay it out.

    Raises:
        PipelineError: A tensor has a dtype or a shape that the client does not support, or rows are unclear.
    """
    kinds = [("input", contract.inputs), ("output", contract.outputs)]
    for kind, tensors in kinds:
        if not tensors:
            raise PipelineError(f"the contract has no {kind}: expected at least one; export the model again")
    batch = _batch_axis(contract)
    axes = _axes(contract, skip=1 if batch else 0)
    inputs, outputs = (
        [view(tensor, f"{kind} {literal(tensor.name)}", batched=batch is not None, axes=axes) for tensor in tensors]
        for kind, tensors in kinds
    )
    steps = list(_steps(inputs))
    told = {step.inferred for step in steps}
    given = [axis for axis in _distinct(inputs) if axis not in told]
    return Layout(batch is not None, inputs, outputs, given, steps)


def _batch_axis(contract: Contract) -> str | None:
    """The axis of rows, first in every input and output; None when a call is one row.

    Raises:
        PipelineError: Some tensors have rows and others not, or rows are not their first axis.
    """
    tensors = [*contract.inputs, *contract.outputs]
    for tensor in tensors:
        if BATCH in tensor.shape[1:]:
            raise PipelineError(
                f"{literal(tensor.name)} has shape {tensor.shape}: the C# client expects the batch axis first, and once; transpose in the "
                "model's forward, or name another axis in model.dynamic_axes"
            )
    first = {tensor.name: _first(tensor) for tensor in tensors}
    if set(first.values()) == {BATCH}:
        return BATCH
    if BATCH not in first.values():
        return None
    by_axis = {axis or "no named axis": name for name, axis in first.items()}
    listed = ", ".join(f"{axis} (of {name})" for axis, name in by_axis.items())
    raise PipelineError(
        f"the C# client expects one batch axis, first and of one name in every input and output (or in none), got {listed}: name it "
        "alike in model.dynamic_axes"
    )


def _first(tensor: TensorSpec) -> str | None:
    size = tensor.shape[0] if tensor.shape else None
    return size if isinstance(size, str) else None


def _axes(contract: Contract, skip: int) -> dict[str, Axis]:
    """C# names of all axes of any size, but the batch's; one that would be called like a tensor is called its size."""
    tensors = [*contract.inputs, *contract.outputs]
    taken = {identifiers.camel(tensor.name) for tensor in tensors} | _LOCALS
    found: dict[str, Axis] = {}
    for tensor in tensors:
        for size in tensor.shape[skip:]:
            if isinstance(size, str) and size not in found:
                stem = identifiers.camel(size)
                if stem in taken:
                    stem += "Size"
                found[size] = Axis(size, stem)
    return found


def _steps(inputs: Sequence[View]) -> Iterator[Step]:
    """Each input once: first those whose length tells one size, as soon as the others in it are known."""
    known: set[Axis] = set()
    waiting = list(inputs)
    while waiting:
        unknown = {v.name: [axis for axis in v.shape if isinstance(axis, Axis) and axis not in known] for v in waiting}
        ready = next((v for v in waiting if len(unknown[v.name]) == 1), None)
        if ready is None:
            # No length tells a size any more: the caller gives those of the first input that lacks some.
            lacking = next((v for v in waiting if unknown[v.name]), None)
            if lacking is None:
                yield from (Step(v, None) for v in waiting)
                return
            known |= set(unknown[lacking.name])
            continue
        waiting.remove(ready)
        known |= set(ready.axes)
        yield Step(ready, unknown[ready.name][0])


def _distinct(views: Sequence[View]) -> list[Axis]:
    return list(dict.fromkeys(axis for view in views for axis in view.axes))
