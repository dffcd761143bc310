"""Attention as ONNX operators with torch's answer for a query that may look at nothing: 0, and not the mean of all values."""

from collections.abc import Callable, Mapping
from typing import Any

import onnx_ir
import torch
from onnxscript.function_libs.torch_lib.ops import nn as torch_lib
from onnxscript.onnx_opset import opset18

# Their stubs know no symbolic values.
op: Any = opset18
attend: Any = torch_lib.aten_scaled_dot_product_attention
FLOAT = 1  # as onnx.TensorProto numbers it


def translate_attention(query: Any, key: Any, value: Any, attn_mask: Any = None, *rest: Any, **options: Any) -> Any:
    """What onnxscript makes of it, and 0 where the mask allows no key, or leaves none above minus infinity.

    The arguments are those of torch's operator, and their names too.
    """
    heads = (query, key, value)
    dropped = 4 - len(query.shape)
    if dropped > 0:  # attention without heads, or of one row
        heads = tuple(_add_axes(each, dropped) for each in heads)
    mixed = attend(*heads, attn_mask, *rest, **options)
    if dropped > 0:
        mixed = op.Squeeze(mixed, list(range(dropped)))
    if attn_mask is None:
        return mixed
    lowest = 0.0 if attn_mask.dtype.name == "BOOL" else float("-inf")
    strongest = op.ReduceMax(op.Cast(attn_mask, to=FLOAT), op.Constant(value_ints=[-1]), keepdims=1)
    nothing = op.CastLike(op.Constant(value_float=0.0), mixed)
    return op.Where(op.Greater(strongest, op.Constant(value_float=lowest)), mixed, nothing)


def _add_axes(values: Any, count: int) -> Any:
    """`values` with axes of one in front, whose shape is known to what comes next."""
    wider = op.Unsqueeze(values, list(range(count)))
    wider.shape, wider.dtype = onnx_ir.Shape([*[1] * count, *values.shape]), values.dtype
    return wider


TRANSLATIONS: Mapping[Callable[..., Any], Callable[..., Any]] = {
    torch.ops.aten.scaled_dot_product_attention.default: translate_attention
}
