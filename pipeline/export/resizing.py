"""Interpolation by the nearest value at the places that torch takes, which it rounds otherwise than Resize does. Part of translations.py.

Value `i` of an axis is from floor(i * factor), in single precision; the factor is the reciprocal of what the network gives, or the
quotient of the sizes. Resize divides by it, and takes another value at one size in many.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx_ir
import torch
from onnx_ir import DataType
from onnxscript.function_libs.torch_lib.ops import nn as torch_lib
from onnxscript.onnx_opset import opset18

aten = torch.ops.aten
# Its types allow tensors alone; in a translation numbers and lists become constants.
op: Any = opset18
resize: Any = torch_lib.aten_upsample_nearestnd_vec


def take_nearest(values: Any, output_size: Sequence[Any] | None, scale_factors: Sequence[float] | None) -> Any:
    """The value at the left end of each step."""
    if scale_factors and all(math.frexp(factor)[0] == 0.5 for factor in scale_factors):  # powers of two are exact
        return resize(values, output_size, scale_factors)
    return _take(values, output_size, scale_factors, 0.0)


def take_nearest_exact(values: Any, output_size: Sequence[Any] | None, scale_factors: Sequence[float] | None) -> Any:
    """The value at the middle of each step."""
    return _take(values, output_size, scale_factors, 0.5)


def _take(values: Any, output_size: Sequence[Any] | None, scale_factors: Sequence[float] | None, offset: float) -> Any:
    kind = DataType.DOUBLE if values.dtype == DataType.DOUBLE else DataType.FLOAT
    for place in range(len(values.shape) - 2):
        axis = place + 2
        size = op.Squeeze(op.Shape(values, start=axis, end=axis + 1), [0])
        if scale_factors:
            factor = scale_factors[place]
            product = op.Mul(op.Cast(size, to=DataType.DOUBLE), _constant(factor, DataType.DOUBLE))
            count = op.Cast(op.Floor(product), to=DataType.INT64)
            step = _constant(1 / factor, kind)
        else:
            count = _as_number((output_size or ())[place])
            step = op.Div(op.Cast(size, to=kind), op.Cast(count, to=kind))
        steps = op.Cast(op.Range(op.Constant(value_int=0), count, op.Constant(value_int=1)), to=kind)
        steps = op.Add(steps, _constant(offset, kind)) if offset else steps
        nearest = op.Cast(op.Floor(op.Mul(steps, step)), to=DataType.INT64)
        last = op.Sub(size, op.Constant(value_int=1))
        values, shape = op.Gather(values, op.Min(nearest, last), axis=axis), values.shape
        values.shape = onnx_ir.Shape([*shape[:axis], None, *shape[axis + 1 :]])
    return values


def _as_number(size: Any) -> Any:
    """int64 []"""
    if isinstance(size, int):
        return op.Constant(value_int=size)
    return op.Reshape(op.Cast(size, to=DataType.INT64), op.Constant(value=onnx_ir.tensor(np.array([], np.int64))))


def _constant(value: float, kind: DataType) -> Any:
    return op.Constant(value=onnx_ir.tensor(np.array(value, kind.numpy())))


TRANSLATIONS: Mapping[Callable[..., Any], Callable[..., Any]] = {
    **dict.fromkeys(
        (aten.upsample_nearest1d.vec, aten.upsample_nearest2d.vec, aten.upsample_nearest3d.vec), take_nearest
    ),
    **dict.fromkeys(
        (aten._upsample_nearest_exact1d.vec, aten._upsample_nearest_exact2d.vec, aten._upsample_nearest_exact3d.vec),
        take_nearest_exact,
    ),
}
