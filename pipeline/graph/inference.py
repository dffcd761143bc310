"""What onnx infers of every value of a graph: dtype and shape, with symbols, or at the sizes of one call."""

from collections.abc import Mapping
from typing import NamedTuple

import onnx
from onnx import ModelProto, TypeProto

Dimension = int | str


class TensorType(NamedTuple):
    """The number of a dtype in onnx.TensorProto, and a shape: numbers, symbols, "" for what is not known; None without a rank."""

    dtype: int
    shape: tuple[Dimension, ...] | None

    @property
    def numbers(self) -> tuple[int, ...] | None:
        """The shape, where all of it is known."""
        sizes = tuple(size for size in self.shape or () if isinstance(size, int))
        return sizes if self.shape is not None and len(sizes) == len(self.shape) else None

    def matches(self, other: "TensorType") -> bool:
        """Whether both have one dtype and one shape, whatever the sizes are."""
        return (
            self.dtype == other.dtype and self.shape is not None and self.shape == other.shape and "" not in self.shape
        )


def infer_types(model: ModelProto) -> dict[str, TensorType]:
    """The types of inputs, initializers, outputs and all that lies between in the main graph, where they are known."""
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
    graph = inferred.graph
    values = {value.name: _type(value.type) for value in (*graph.value_info, *graph.input, *graph.output)}
    constants = {tensor.name: TensorType(tensor.data_type, tuple(tensor.dims)) for tensor in graph.initializer}
    return values | constants


def infer_types_of_call(model: ModelProto, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, TensorType]:
    """`infer_types`, where the inputs have the `shapes` of one call."""
    fixed = ModelProto()
    fixed.CopyFrom(model)
    # What the exporter wrote there has symbols, and so have the outputs, which inference then fills in.
    del fixed.graph.value_info[:]
    for value in fixed.graph.output:
        value.type.tensor_type.ClearField("shape")
    for value in fixed.graph.input:
        if value.name in shapes:
            del value.type.tensor_type.shape.dim[:]
            for size in shapes[value.name]:
                value.type.tensor_type.shape.dim.add(dim_value=size)
    return infer_types(fixed)


def _type(value: TypeProto) -> TensorType:
    tensor = value.tensor_type
    if not tensor.HasField("shape"):
        return TensorType(tensor.elem_type, None)
    sizes = (dim.dim_value if dim.HasField("dim_value") else dim.dim_param for dim in tensor.shape.dim)
    return TensorType(tensor.elem_type, tuple(sizes))
