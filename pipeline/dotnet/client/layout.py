"""Which axes of a contract become batches, rows and sizes in C#, and what the client can therefore do. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.core.contract import BATCH, Contract, TensorSpec
from pipeline.core.errors import PipelineError
from pipeline.dotnet.client import identifiers
from pipeline.dotnet.client.identifiers import Scope
from pipeline.dotnet.client.literals import literal
from pipeline.dotnet.client.members import OWN_MEMBERS, OWN_PARAMETERS, Axis, TensorNames, View, make_view

# Ends of the names of the generated types, of which the first is the client's own.
TYPE_SUFFIXES = ("", "Buffers", "Exception", "Input", "Options", "Output")


@dataclass(frozen=True)
class InputCheck:
    """The check of one input in a row.

    `known` are the axes of the input whose sizes are known before it; `inferred` is the one whose size follows from the
    array's length, None when no size is left to infer.
    """

    input: View
    inferred: Axis | None

    @property
    def known(self) -> list[Axis]:
        return [axis for axis in self.input.axes if axis != self.inferred]

    @property
    def known_parameters(self) -> str:
        """C# parameters for the known sizes, each before a comma."""
        return "".join(f"int {axis.parameter}, " for axis in self.known)

    @property
    def known_arguments(self) -> str:
        return "" if self.input.scalar else "".join(f"{axis.parameter}, " for axis in self.known)

    @property
    def known_members(self) -> str:
        return "" if self.input.scalar else "".join(f"{axis.member}, " for axis in self.known)

    @property
    def known_message(self) -> str:
        """C# expression that appends the known sizes to a message."""
        return "".join(f" + {literal(f', {axis.name} = ')} + {axis.parameter}" for axis in self.known)


@dataclass(frozen=True)
class Layout:
    """Inputs and outputs as C# sees them, and which methods the client has.

    `explicit_axes` are those whose sizes the caller must pass, because they follow from no array's length. `checks` is the
    order in which the inputs are checked, so that each size is known when it is needed.
    """

    batched: bool
    inputs: list[View]
    outputs: list[View]
    explicit_axes: list[Axis]
    checks: list[InputCheck]

    @property
    def axes(self) -> list[Axis]:
        """Dynamic axes of the inputs, without the batch axis."""
        return _distinct_axes(self.inputs)

    @property
    def output_axes(self) -> list[Axis]:
        """Dynamic axes of the outputs, without the batch axis."""
        return _distinct_axes(self.outputs)

    @property
    def output_only_axes(self) -> list[Axis]:
        """Axes of the outputs that no input has: their sizes are known only after a run."""
        return [axis for axis in self.output_axes if axis not in self.axes]

    def name_local(self, name: str) -> str:
        """A variable of an example beside the inputs and sizes: the name, or another where one of them has it."""
        taken = [*(view.stem for view in self.inputs), *(axis.stem for axis in self.axes)]
        return Scope(taken).give(name, "Variable")

    @property
    def fixed(self) -> bool:
        """Whether every row takes the same number of bytes, so that its memory can be bound before the first call."""
        return self.batched and not self.axes and not self.output_axes and not self.has_text

    @property
    def has_text(self) -> bool:
        return any(view.text for view in [*self.inputs, *self.outputs])

    @property
    def bindable(self) -> bool:
        """Whether the client has CreateBuffers (IO binding): every size is known before the run, and text has no flat memory."""
        return self.batched and not self.has_text and not self.output_only_axes

    @property
    def has_row_type(self) -> bool:
        """Whether a row is an instance of the generated class <Class>Input: one array or value is not enough."""
        return len(self.inputs) > 1 or bool(self.explicit_axes)

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods of the client that run rows, each replayed by `verify`.

        Run of one row, Run of a batch, Run of a ragged batch with the rows of all golden cases (`ragged`), Run of rows that stand one
        behind the other (`whole`), CreateBuffers, RunAsync.
        """
        if not self.batched:
            return ("row", "async")
        ragged = ("ragged",) if self.axes and not self.output_only_axes else ()
        whole = ("whole",) if self.fixed else ()
        return ("row", "batch", *ragged, *whole, *(("buffers",) if self.bindable else ()), "async")

    @property
    def bulk_method(self) -> str:
        """The one of `methods` that takes many rows at the least cost."""
        return next(method for method in ("buffers", "batch", "row") if method in self.methods)


def derive_layout(contract: Contract, class_name: str = "") -> Layout:
    """The layout of a contract.

    Args:
        contract: What the client is for.
        class_name: The client's, which no member of its types may have; "" where names do not matter.

    Raises:
        PipelineError: The client does not support a tensor's dtype or shape, or the tensors do not agree on a batch axis.
    """
    tensors_by_kind = [("input", contract.inputs), ("output", contract.outputs)]
    for kind, tensors in tensors_by_kind:
        if not tensors:
            raise PipelineError(f"the contract has no {kind}: expected at least one; export the model again")
    batched = _has_batch_axis(contract)
    stems, members = Scope(OWN_PARAMETERS), Scope({*OWN_MEMBERS, *(class_name + suffix for suffix in TYPE_SUFFIXES)})
    names = {
        tensor.name: TensorNames(
            stems.give(identifiers.camel(tensor.name)), members.give(identifiers.pascal(tensor.name))
        )
        for _, tensors in tensors_by_kind
        for tensor in tensors
    }
    axes = _name_axes(contract, stems, members, batched=batched)
    inputs, outputs = (
        [
            make_view(tensor, f"{kind} {literal(tensor.name)}", names[tensor.name], batched=batched, axes=axes)
            for tensor in tensors
        ]
        for kind, tensors in tensors_by_kind
    )
    checks = list(_order_checks(inputs))
    inferred_axes = {check.inferred for check in checks}
    explicit_axes = [axis for axis in _distinct_axes(inputs) if axis not in inferred_axes]
    return Layout(batched, inputs, outputs, explicit_axes, checks)


def _has_batch_axis(contract: Contract) -> bool:
    """Whether the batch is the first axis of every input and output; False when no tensor has it.

    Raises:
        PipelineError: Some tensors have a batch axis and others do not, or it is not their first axis.
    """
    tensors = [*contract.inputs, *contract.outputs]
    for tensor in tensors:
        if BATCH in tensor.shape[1:]:
            raise PipelineError(
                f"{literal(tensor.name)} has shape {tensor.shape}: the C# client expects the batch axis first, and once; transpose in the "
                "model's forward, or name another axis in model.dynamic_axes"
            )
    first_axes = {tensor.name: _first_axis(tensor) for tensor in tensors}
    if set(first_axes.values()) == {BATCH}:
        return True
    if BATCH not in first_axes.values():
        return False
    tensor_by_axis = {axis or "no named axis": name for name, axis in first_axes.items()}
    listed = ", ".join(f"{axis} (of {name})" for axis, name in tensor_by_axis.items())
    raise PipelineError(
        f"the C# client expects {BATCH!r} as the first axis of every input and output, or of none, got {listed}: name that axis "
        f"{BATCH!r} in model.dynamic_axes"
    )


def _first_axis(tensor: TensorSpec) -> str | None:
    size = tensor.shape[0] if tensor.shape else None
    return size if isinstance(size, str) else None


def _name_axes(contract: Contract, stems: Scope, members: Scope, *, batched: bool) -> dict[str, Axis]:
    """All dynamic axes but the batch's; `Size` is appended to a name that is taken."""
    axes: dict[str, Axis] = {}
    for tensor in [*contract.inputs, *contract.outputs]:
        for size in tensor.shape[1 if batched else 0 :]:
            if isinstance(size, str) and size not in axes:
                stem = stems.give(identifiers.camel(size), "Size")
                axes[size] = Axis(size, stem, members.give(stem[0].upper() + stem[1:], "Size"))
    return axes


def _order_checks(inputs: Sequence[View]) -> Iterator[InputCheck]:
    """Each input once: first those with exactly one size unknown, which follows from the length, then the others."""
    known: set[Axis] = set()
    remaining = list(inputs)
    while remaining:
        # An axis that stands twice in a shape counts twice: its size does not follow from the length by a division.
        unknown = {
            view.name: [size for size in view.shape if isinstance(size, Axis) and size not in known]
            for view in remaining
        }
        inferable = next((view for view in remaining if len(unknown[view.name]) == 1), None)
        if inferable is not None:
            remaining.remove(inferable)
            known |= set(inferable.axes)
            yield InputCheck(inferable, unknown[inferable.name][0])
            continue
        # No size follows from a length any more: the caller passes those of the first input that lacks some.
        incomplete = next((view for view in remaining if unknown[view.name]), None)
        if incomplete is None:
            yield from (InputCheck(view, None) for view in remaining)
            return
        known |= set(unknown[incomplete.name])


def _distinct_axes(views: Sequence[View]) -> list[Axis]:
    return list(dict.fromkeys(axis for view in views for axis in view.axes))
