"""What is different between two contracts for who calls the model, and which part of a version it moves. Pure.

Who sends what was taken before, and reads what was answered before, must go on as before: what is no longer taken, or may now be
answered, is major; what is taken beside it, or answered within it, is minor.
"""

from collections.abc import Iterator, Sequence

from pipeline.core.contract import BATCH, Contract, ProvenAxis, TensorSpec, TokenizerSpec
from pipeline.core.release import Change, Part
from pipeline.dotnet.versions.tensor_difference import compare_tensors, name_of


def compare_contracts(before: Contract, after: Contract) -> list[Change]:
    """Every difference, in the contract's order."""
    return [
        *compare_lists("input", before.inputs, after.inputs),
        *compare_lists("output", before.outputs, after.outputs),
        *(
            change
            for was, now in _pairs(before.inputs, after.inputs)
            for change in compare_tensors("input", was, now, frozenset())
        ),
        *(
            change
            for was, now in _pairs(before.outputs, after.outputs)
            for change in compare_tensors("output", was, now, _opened(before, after))
        ),
        *compare_sizes(before, after),
        *compare_tokenizers(before.tokenizer, after.tokenizer),
        *compare_descriptions(before, after),
    ]


def _pairs(before: Sequence[TensorSpec], after: Sequence[TensorSpec]) -> list[tuple[TensorSpec, TensorSpec]]:
    """The tensors that are in both, by their names."""
    now = {tensor.name: tensor for tensor in after}
    return [(tensor, now[tensor.name]) for tensor in before if tensor.name in now]


def _opened(before: Contract, after: Contract) -> frozenset[tuple[int | str, int | str]]:
    """Axes of inputs that are open now, and the size that they had: an output of this axis has that size as long as the inputs have."""
    return frozenset(
        (size, axis)
        for was, now in _pairs(before.inputs, after.inputs)
        if len(was.shape) == len(now.shape)
        for size, axis in zip(was.shape, now.shape, strict=True)
        if isinstance(size, int) and isinstance(axis, str)
    )


def compare_lists(kind: str, before: Sequence[TensorSpec], after: Sequence[TensorSpec]) -> Iterator[Change]:
    """Inputs or outputs that are gone, new, or in another order. A new input is one that nobody gives yet."""
    was, now = ([tensor.name for tensor in tensors] for tensors in (before, after))
    for tensor in before:
        if tensor.name not in now:
            yield Change(part="major", kind="removed", text=f"{name_of(kind, tensor)} is gone")
    for tensor in after:
        if tensor.name not in was:
            part: Part = "major" if kind == "input" else "minor"
            yield Change(part=part, kind="added", text=f"{name_of(kind, tensor)} ({tensor.dtype}) is new")
    kept = [name for name in was if name in now]
    order = [name for name in now if name in was]
    if kept != order:
        yield Change(
            part="major", text=f"the {kind}s are in another order: {', '.join(order)} (they were {', '.join(kept)})"
        )


def compare_sizes(before: Contract, after: Contract) -> Iterator[Change]:
    """The sizes that the client takes of each open axis; a call may have any number of rows."""
    axes = {size for tensor in (*before.inputs, *after.inputs) for size in tensor.shape if isinstance(size, str)}
    for axis in sorted(axes - {BATCH}):
        was, now = before.axes.get(axis), after.axes.get(axis)
        # An axis that is open in one of both only is a difference of the shapes.
        if was == now or not all(_has_axis(contract, axis) for contract in (before, after)):
            continue
        text = f"axis {axis!r} takes {describe_sizes(now)} (it took {describe_sizes(was)})"
        narrowed, widened = not _takes(now, was), not _takes(was, now)
        part: Part = "major" if narrowed else "minor" if widened else "patch"
        yield Change(part=part, text=text if part != "patch" else f"axis {axis!r} was proven at other sizes")


def _has_axis(contract: Contract, axis: str) -> bool:
    return any(axis in tensor.shape for tensor in contract.inputs)


def _takes(wider: ProvenAxis | None, narrower: ProvenAxis | None) -> bool:
    """Whether each size that `narrower` takes is one that `wider` takes; without proof every size is taken."""
    if wider is None:
        return True
    if narrower is None:
        return False
    refused = {
        size
        for size in wider.refused
        if min(narrower.sizes) <= size <= max(narrower.sizes) and not size % narrower.multiple_of
    }
    # A single size is a multiple of itself.
    one = min(narrower.sizes) == max(narrower.sizes)
    step = narrower.sizes[0] if one else narrower.multiple_of
    return (
        min(wider.sizes) <= min(narrower.sizes)
        and max(wider.sizes) >= max(narrower.sizes)
        and not step % wider.multiple_of
        and refused <= set(narrower.refused)
    )


def describe_sizes(axis: ProvenAxis | None) -> str:
    """Such as "2 to 16, multiples of 2, not 6"."""
    if axis is None:
        return "every size"
    smallest, largest = min(axis.sizes), max(axis.sizes)
    text = f"{smallest} to {largest}" if smallest < largest else f"{smallest}"
    if axis.multiple_of > 1:
        text += f", multiples of {axis.multiple_of}"
    return text + (f", not {', '.join(map(str, sorted(axis.refused)))}" if axis.refused else "")


def compare_tokenizers(before: TokenizerSpec | None, after: TokenizerSpec | None) -> Iterator[Change]:
    """Text as an input, and how much of it is read. Another vocabulary is another model."""
    if before is None and after is not None:
        yield Change(part="minor", kind="added", text="the client takes text")
    elif before is not None and after is None:
        yield Change(part="major", kind="removed", text="the client takes no text any more")
    elif before is not None and after is not None:
        if before.max_length != after.max_length:
            yield Change(
                part="major" if after.max_length < before.max_length else "minor",
                text=f"a text is cut at {after.max_length} tokens (it was at {before.max_length})",
            )
        if before.model_copy(update={"max_length": after.max_length}) != after:
            yield Change(part="patch", text="texts become other tokens")


def compare_descriptions(before: Contract, after: Contract) -> Iterator[Change]:
    """What changes no call: the description, the format, the task's metric."""
    if before.description != after.description:
        yield Change(part="patch", text="the model is described in other words")
    formats = [f"opset {contract.opset}, IR version {contract.ir_version}" for contract in (before, after)]
    if formats[0] != formats[1]:
        yield Change(part="patch", text=f"the graph is of {formats[1]} (it was of {formats[0]})")
    if before.task != after.task:
        yield Change(part="patch", text="how good the model is, is measured otherwise")
