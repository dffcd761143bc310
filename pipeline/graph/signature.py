"""Names, dtypes and axes of a graph's inputs and outputs, beside those of the contract.

An axis of the graph is a number, a symbol (an axis name, or an expression such as `2*tokens`), or nothing. A symbol claims
something where it names an input's axis; another one is the exporter's own, and claims as little as no symbol.
"""

import re
from collections.abc import Iterator, Sequence

import onnx
from onnx import ModelProto, TensorShapeProto, ValueInfoProto

from pipeline.core.contract import Contract, TensorSpec

Dimension = TensorShapeProto.Dimension


def signature(values: Sequence[ValueInfoProto]) -> list[tuple[str, str, list[int | str]]]:
    """Name, dtype (numpy's name, or "string") and shape (number or symbol, "" for none) of inputs or outputs."""
    return [(value.name, _dtype(value), [_size(dim) for dim in _dimensions(value)]) for value in values]


def name_axes(model: ModelProto, contract: Contract) -> None:
    """Name the graph's open axes as the contract names them; what contradicts the contract stays, for `mismatches`."""
    input_axes = _input_axes(contract)
    for dim, size in _pairs(model, contract):
        if isinstance(size, str) and not dim.HasField("dim_value"):
            # An expression of this very axis, or of several where the contract has a name of the output's own.
            others = _axes_in(dim.dim_param, input_axes) - {size}
            if not others or (size not in input_axes and dim.dim_param not in input_axes):
                dim.dim_param = size


def fix_axes(model: ModelProto, contract: Contract) -> None:
    """Write the contract's numbers where the graph claims nothing: only for a graph that has been run at those sizes."""
    input_axes = _input_axes(contract)
    for dim, size in _pairs(model, contract):
        if isinstance(size, int) and _claims_nothing(dim, input_axes):
            dim.dim_value = size


def mismatches(model: ModelProto, contract: Contract, *, allow_open: bool = False) -> list[str]:
    """Where the graph's inputs and outputs differ from the contract; empty when they agree.

    Args:
        model: The graph.
        contract: What is expected.
        allow_open: An axis of an output that claims nothing agrees with a number: a run will show its size.
    """
    input_axes = _input_axes(contract)
    return [
        *_compare("input", _inputs(model), contract.inputs, input_axes, allow_open=False),
        *_compare("output", list(model.graph.output), contract.outputs, input_axes, allow_open=allow_open),
    ]


def _compare(
    kind: str, values: list[ValueInfoProto], expected: list[TensorSpec], input_axes: set[str], *, allow_open: bool
) -> list[str]:
    if [value.name for value in values] != [tensor.name for tensor in expected]:
        return [f"{kind}s: expected {[t.name for t in expected]}, got {[value.name for value in values]}"]
    problems = []
    for value, (name, dtype, shape), tensor in zip(values, signature(values), expected, strict=True):
        if dtype != tensor.dtype:
            problems.append(f"{kind} {name!r}: expected dtype {tensor.dtype}, got {dtype}")
        agreed = [
            size if allow_open and isinstance(size, int) and _claims_nothing(dim, input_axes) else _size(dim)
            for dim, size in zip(_dimensions(value), tensor.shape, strict=False)
        ]
        if len(shape) != len(tensor.shape) or agreed != tensor.shape:
            problems.append(f"{kind} {name!r}: expected shape {tensor.shape}, got {shape}")
    return problems


def _pairs(model: ModelProto, contract: Contract) -> Iterator[tuple[Dimension, int | str]]:
    """Each axis of the graph's inputs and outputs that the contract knows too, with its size there."""
    sizes = {tensor.name: tensor.shape for tensor in (*contract.inputs, *contract.outputs)}
    for value in (*_inputs(model), *model.graph.output):
        yield from zip(_dimensions(value), sizes.get(value.name, []), strict=False)


def _inputs(model: ModelProto) -> list[ValueInfoProto]:
    initializers = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in initializers]


def _input_axes(contract: Contract) -> set[str]:
    return {size for tensor in contract.inputs for size in tensor.shape if isinstance(size, str)}


def _axes_in(symbol: str, axes: set[str]) -> set[str]:
    """The axes that a symbol, or an expression of symbols, speaks of."""
    return {axis for axis in axes if re.search(rf"(?<!\w){re.escape(axis)}(?!\w)", symbol)}


def _claims_nothing(dim: Dimension, input_axes: set[str]) -> bool:
    return not dim.HasField("dim_value") and not _axes_in(dim.dim_param, input_axes)


def _dimensions(value: ValueInfoProto) -> Sequence[Dimension]:
    dimensions: Sequence[Dimension] = value.type.tensor_type.shape.dim
    return dimensions


def _dtype(value: ValueInfoProto) -> str:
    if not value.type.HasField("tensor_type") or not value.type.tensor_type.elem_type:
        return "none: it is no tensor"
    kind = value.type.tensor_type.elem_type
    return "string" if kind == onnx.TensorProto.STRING else str(onnx.helper.tensor_dtype_to_np_dtype(kind))


def _size(dim: Dimension) -> int | str:
    return dim.dim_value if dim.HasField("dim_value") else dim.dim_param
