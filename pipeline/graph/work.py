"""How much work a graph is: multiply-adds of one call, and of opening a session. Counted, never timed: the same on any machine."""

import math
from collections.abc import Mapping

from onnx import ModelProto, NodeProto, TensorProto

from pipeline.graph import onnx_model
from pipeline.graph.inference import TensorType

# What opening a session costs, in multiply-adds that take as long (measured with onnxruntime 1.31, one thread): the optimizer
# visits every node, and weights are packed for the processor.
NODE, WEIGHT = 1_000_000, 30
# Operators that take their weights once for each step and row.
RECURRENT = {"RNN", "GRU", "LSTM"}


def opening(model: ModelProto) -> int:
    """The cost of a session, in multiply-adds."""
    weights: int = sum(math.prod(tensor.dims) for tensor in model.graph.initializer if _is_floating(tensor))
    return NODE * sum(1 for _ in onnx_model.nodes(model.graph)) + WEIGHT * weights


def multiply_adds(model: ModelProto, types: Mapping[str, TensorType]) -> int:
    """Those of one run, at the sizes of `types`; what is no product of matrices counts as one for each value.

    Where a size is not known, a node counts as its weights.
    """
    constants = {tensor.name: math.prod(tensor.dims) for tensor in model.graph.initializer}
    return sum(_count(node, types, constants) for node in model.graph.node)


def _count(node: NodeProto, types: Mapping[str, TensorType], constants: Mapping[str, int]) -> int:
    inputs = [types[name].numbers if name in types else None for name in node.input]
    output = types[node.output[0]].numbers if node.output and node.output[0] in types else None
    weights = max((constants[name] for name in node.input if name in constants), default=1)
    if not inputs or inputs[0] is None or output is None:
        return weights
    values = math.prod(output)
    weight = inputs[1] if len(inputs) > 1 else None
    if node.op_type in ("MatMul", "Gemm") and inputs[0]:
        transposed = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
        return values * inputs[0][0 if transposed else -1]
    if node.op_type == "Conv" and weight:
        return values * math.prod(weight[1:])
    if node.op_type == "ConvTranspose" and weight:
        return math.prod(inputs[0]) * math.prod(weight[1:])
    if node.op_type in RECURRENT and weight:
        return math.prod(inputs[0][:2]) * sum(math.prod(shape) for shape in inputs[1:3] if shape)
    return values


def _is_floating(tensor: TensorProto) -> bool:
    return tensor.data_type in (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE)
