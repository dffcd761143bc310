"""Sizes that a graph computes in single precision, computed in double precision as Python does for torch.

`int(x.shape[1] * 0.29)` and `interpolate(scale_factor=0.29)` make 28 of 100; in float32 the product is 29.
"""

from fractions import Fraction

import numpy as np
import onnx_ir

DOUBLE, INT64 = onnx_ir.DataType.DOUBLE, onnx_ir.DataType.INT64
# Operators of a formula of sizes.
ARITHMETIC = ("Add", "Ceil", "Div", "Floor", "Mul", "Neg", "Round", "Sub")
# What only carries sizes from the operator Shape on.
CARRIERS = ("Cast", "Concat", "Gather", "Identity", "Reshape", "Slice", "Squeeze", "Unsqueeze", *ARITHMETIC)
# The largest denominator of a factor that a person writes.
DENOMINATOR = 10_000


def restore_double(value: np.ndarray) -> np.ndarray:
    """The double-precision numbers that were rounded to `value`: the simplest fractions among those that round to it."""
    numbers = []
    for single in value.astype(np.float32).ravel():
        simple = Fraction(float(single)).limit_denominator(DENOMINATOR)
        candidate = simple.numerator / simple.denominator
        numbers.append(candidate if np.float32(candidate) == single else float(single))
    return np.array(numbers).reshape(value.shape)


def compute_sizes_in_double(graph: onnx_ir.Graph) -> None:
    """Replace the arithmetic behind every whole number that is made of sizes, and cut what Resize makes too large, in place."""
    for node in list(graph.all_nodes()):
        if node.op_type == "Cast" and node.attributes["to"].as_int() == INT64:
            builder = _Builder(node)
            value = node.inputs[0]
            if value is not None and _is_arithmetic(value) and (formula := builder.in_double(value)) is not None:
                builder.insert()
                node.replace_input_with(0, formula)
        elif node.op_type == "Resize" and len(node.inputs) > 2:
            _fit_resize(node)


def _is_arithmetic(value: onnx_ir.Value) -> bool:
    producer = value.producer()
    return producer is not None and producer.op_type in ARITHMETIC


def _is_size(value: onnx_ir.Value | None) -> bool:
    """Whether a whole number comes from the operator Shape alone, and constants."""
    producer = value.producer() if value is not None else None
    if producer is None or producer.op_type == "Shape":
        return producer is not None
    return producer.op_type in CARRIERS and any(_is_size(each) for each in producer.inputs)


class _Builder:
    """Nodes to be put before `node`."""

    def __init__(self, node: onnx_ir.Node) -> None:
        self.node = node
        self.nodes: list[onnx_ir.Node] = []

    def add(
        self, operator: str, *inputs: onnx_ir.Value | None, **attributes: onnx_ir.TensorProtocol | int
    ) -> onnx_ir.Value:
        self.nodes.append(onnx_ir.node(operator, list(inputs), attributes))
        return self.nodes[-1].outputs[0]

    def constant(self, array: np.ndarray) -> onnx_ir.Value:
        return self.add("Constant", value=onnx_ir.tensor(array))

    def insert(self) -> None:
        self.node.prepend(self.nodes)

    def in_double(self, value: onnx_ir.Value | None) -> onnx_ir.Value | None:
        """`value`, made of sizes and constants, computed in double precision; None where it is made of something else."""
        if value is not None and (constant := onnx_ir.convenience.get_const_tensor(value)) is not None:
            array = constant.numpy()
            return self.constant(restore_double(array) if array.dtype == np.float32 else array.astype(np.float64))
        producer = value.producer() if value is not None else None
        if producer is None:
            return None
        if producer.op_type == "Cast" and _is_size(producer.inputs[0]):
            source = producer.inputs[0]
            formula = self.in_double(source) if source is not None and _is_fraction(source) else None
            return formula if formula is not None else self.add("Cast", source, to=DOUBLE)
        parts = [self.in_double(each) for each in producer.inputs] if producer.op_type in ARITHMETIC else [None]
        return None if any(part is None for part in parts) else self.add(producer.op_type, *parts)


def _is_fraction(value: onnx_ir.Value) -> bool:
    """Whether a number that is cast is no whole number yet."""
    return value.dtype in (onnx_ir.DataType.FLOAT, DOUBLE)


def _fit_resize(node: onnx_ir.Node) -> None:
    """Give the result of a Resize by constant factors the size that torch gives it: the whole part of the product in double."""
    scales = onnx_ir.convenience.get_const_tensor(node.inputs[2]) if node.inputs[2] is not None else None
    if scales is None or not scales.size or node.inputs[0] is None:
        return
    factors = restore_double(scales.numpy())
    if np.array_equal(factors, scales.numpy().astype(np.float64)):
        return
    builder = _Builder(node)
    shape = builder.add("Cast", builder.add("Shape", node.inputs[0]), to=DOUBLE)
    sizes = builder.add("Cast", builder.add("Floor", builder.add("Mul", shape, builder.constant(factors))), to=INT64)
    mode = node.attributes["coordinate_transformation_mode"].as_string()
    if mode == "align_corners":
        node.resize_inputs(4)
        node.replace_input_with(2, None)
        node.replace_input_with(3, sizes)
    elif node.attributes["mode"].as_string() != "nearest":
        # Never too small: what is too large is cut off. Where the nearest value is taken, the factor must stay what it is.
        rounded = scales.numpy()
        above = np.where(rounded < factors, np.nextafter(rounded, np.float32(np.inf)), rounded)
        node.replace_input_with(2, builder.constant(above.astype(np.float32)))
    builder.insert()
    if mode != "align_corners":
        result = node.outputs[0]
        starts = onnx_ir.node("Constant", [], {"value": onnx_ir.tensor(np.zeros(len(factors), np.int64))})
        cut = onnx_ir.node("Slice", [result, starts.outputs[0], sizes])
        onnx_ir.convenience.replace_all_uses_with(result, cut.outputs[0], replace_graph_outputs=True)
        cut.replace_input_with(0, result)
        node.append([starts, cut])
        cut.outputs[0].type, cut.outputs[0].shape = result.type, result.shape
        cut.outputs[0].name, result.name = result.name, f"{result.name}/uncut"
