"""Adaptive pooling to any size, of any size: its windows are computed where the graph runs. Part of translations.py.

Window `i` of `count` over an axis of `size` is from floor(i * size / count) to ceil((i + 1) * size / count), as torch has it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import onnx_ir
import torch
from onnx_ir import DataType
from onnxscript.onnx_opset import opset18

aten = torch.ops.aten
# Its types allow tensors alone; in a translation numbers and lists become constants.
op: Any = opset18


def adaptive_average(values: Any, output_size: Sequence[Any]) -> Any:
    """The mean of each window along each of the last axes."""
    axes = list(range(-len(output_size), 0))
    if all(_is_number(count, 1) for count in output_size):
        return op.ReduceMean(values, axes, keepdims=1)
    sizes = [values.shape[axis] for axis in axes]
    if len(values.shape) == len(axes) + 2 and all(
        isinstance(size, int) and isinstance(count, int) and size % count == 0
        for size, count in zip(sizes, output_size, strict=True)
    ):
        window = [size // count for size, count in zip(sizes, output_size, strict=True)]
        return op.AveragePool(values, kernel_shape=window, strides=window)
    for axis, count in zip(axes, output_size, strict=True):
        inside = op.CastLike(_windows(values, axis, count), values)
        weights = op.Div(inside, op.ReduceSum(inside, [1], keepdims=1))
        # The axis last, [..., size] x [size, count], and back.
        order = list(range(len(values.shape)))
        order[axis], order[-1] = order[-1], order[axis]
        moved = values if axis == -1 else op.Transpose(values, perm=order)
        pooled = op.MatMul(moved, op.Transpose(weights, perm=[1, 0]))
        shape = [*values.shape[:axis], None, *(values.shape[axis + 1 :] if axis != -1 else ())]
        values = pooled if axis == -1 else op.Transpose(pooled, perm=order)
        values.shape = onnx_ir.Shape(shape)
    return values


def adaptive_max(values: Any, output_size: Sequence[Any]) -> tuple[Any, Any]:
    """The largest value of each window along each of the last axes, and its place among all values of these axes."""
    rank, kind = len(values.shape), values.dtype
    lowest = op.CastLike(op.Constant(value_float=float("-inf")), values)
    places: Any = None
    stride = op.Constant(value_ints=[1])
    for axis in range(-1, -len(output_size) - 1, -1):
        size = _size(values, axis)
        trailing = -axis - 1
        inside = _windows(values, axis, output_size[axis])  # [count, size]
        if trailing:
            inside = op.Unsqueeze(inside, list(range(2, 2 + trailing)))
        windows = op.Where(inside, op.Unsqueeze(values, [rank + axis]), lowest)
        place = op.ArgMax(windows, axis=axis, keepdims=1)
        values = op.Squeeze(op.ReduceMax(windows, [axis], keepdims=1), [axis])
        values.shape, values.dtype = onnx_ir.Shape([None] * rank), kind
        flat = op.Mul(op.Squeeze(place, [axis]), stride)
        if places is not None:
            inner = op.Expand(op.Unsqueeze(places, [rank + axis]), op.Shape(windows))
            flat = op.Add(flat, op.Squeeze(op.GatherElements(inner, place, axis=axis), [axis]))
        places, stride = flat, op.Mul(stride, size)
    return values, places


def _windows(values: Any, axis: int, count: Any) -> Any:
    """Boolean [count, size]: which places of the axis are in which window."""
    zero, one = op.Constant(value_int=0), op.Constant(value_int=1)
    number = op.Constant(value_int=count) if isinstance(count, int) else op.Cast(count, to=DataType.INT64)
    size = op.Squeeze(_size(values, axis), [0])
    window = op.Range(zero, number, one)
    start = op.Unsqueeze(op.Div(op.Mul(window, size), number), [1])
    # The quotient rounded up.
    end = op.Unsqueeze(op.Div(op.Add(op.Mul(op.Add(window, one), size), op.Sub(number, one)), number), [1])
    place = op.Unsqueeze(op.Range(zero, size, one), [0])
    return op.And(op.GreaterOrEqual(place, start), op.Less(place, end))


def _size(values: Any, axis: int) -> Any:
    """int64 [1]"""
    return op.Gather(op.Shape(values), [axis])


def _is_number(count: Any, number: int) -> bool:
    return isinstance(count, int) and count == number


TRANSLATIONS: Mapping[Callable[..., Any], Callable[..., Any]] = {
    **dict.fromkeys(
        (
            aten.adaptive_avg_pool1d.default,
            aten.adaptive_avg_pool2d.default,
            aten.adaptive_avg_pool3d.default,
            aten._adaptive_avg_pool2d.default,
            aten._adaptive_avg_pool3d.default,
        ),
        adaptive_average,
    ),
    aten.adaptive_max_pool2d.default: adaptive_max,
    aten.adaptive_max_pool3d.default: adaptive_max,
}
