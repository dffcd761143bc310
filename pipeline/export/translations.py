"""Operators of torch that its exporter lacks, or gives another meaning: for torch.onnx.export's custom_translation_table.

Each is the function of its operator at every size. What follows an axis in order (cumulative products and extremes, searches)
compares every value with every other: memory grows with the square of the axis.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx_ir
import torch
from onnx_ir import DataType
from onnxscript.function_libs.torch_lib.ops.core import (
    aten_bitwise_left_shift,
    aten_bitwise_right_shift,
    aten_scatter_reduce,
)
from onnxscript.onnx_opset import opset18

from pipeline.export import attention, pooling, resizing

aten = torch.ops.aten
# Its types allow tensors alone; in a translation numbers and lists become constants.
op: Any = opset18
# Types that onnxruntime's TopK and ReduceMax take; others are widened for them.
ORDERED = frozenset({DataType.FLOAT, DataType.DOUBLE, DataType.INT32, DataType.INT64})


def sort_stable(values: Any, stable: bool | None = None, dim: int = -1, descending: bool = False) -> tuple[Any, Any]:
    """TopK of all values: of equal ones ONNX puts first the one that came first."""
    if not _rank(values):
        return op.Identity(values), op.Constant(value_int=0)
    count = op.Gather(op.Shape(values), [dim])
    top, indices = op.TopK(_widen(values), count, axis=dim, largest=int(descending), sorted=1)
    return op.CastLike(top, values), indices


def scatter_reduce(  # noqa: PLR0913, PLR0917 - as torch has it
    values: Any, dim: int, index: Any, source: Any, reduce: str, include_self: bool = True
) -> Any:
    """Without the values themselves, those that are met start at what leaves the reduction as it is; a mean is sum by count."""
    if not _rank(values) or (reduce != "mean" and (include_self or reduce not in ("amax", "amin"))):
        return aten_scatter_reduce(values, dim, index, source, reduce, include_self)
    if reduce == "mean":
        return _scatter_mean(values, dim, index, source, include_self=include_self)
    # The exporter's own starts at the largest finite number, though what is met may be infinite.
    neutral = op.Expand(_extreme(values.dtype, largest=reduce == "amin"), op.Shape(index))
    start = op.ScatterElements(values, index, neutral, axis=dim)
    return op.ScatterElements(start, index, source, axis=dim, reduction=reduce.removeprefix("a"))


def _scatter_mean(values: Any, dim: int, index: Any, source: Any, *, include_self: bool) -> Any:
    one, zero = op.CastLike(1, values), op.CastLike(0, values)
    ones, zeros = op.Expand(one, op.Shape(index)), op.Expand(zero, op.Shape(index))
    start = values if include_self else op.ScatterElements(values, index, zeros, axis=dim)
    total = op.ScatterElements(start, index, source, axis=dim, reduction="add")
    own = op.Expand(one if include_self else zero, op.Shape(values))
    counts = op.ScatterElements(own, index, ones, axis=dim, reduction="add")
    counts = op.Max(counts, one)  # where nothing was met the value stays
    quotient = op.Div(total, counts)
    if values.dtype.is_floating_point():
        return quotient
    # ONNX divides integers towards zero, torch downwards.
    below = op.Less(op.Sub(total, op.Mul(quotient, counts)), zero)
    return op.Sub(quotient, op.CastLike(below, values))


def bucketize(values: Any, boundaries: Any, out_int32: bool = False, right: bool = False) -> Any:
    """How many boundaries lie below each value; those that equal it count too where `right`."""
    return _count_below(boundaries, op.Unsqueeze(values, [-1]), right=right, out_int32=out_int32)


def searchsorted(  # noqa: PLR0913, PLR0917 - as torch has it
    boundaries: Any,
    values: Any,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Any = None,
) -> Any:
    """As `bucketize`, with boundaries for each row where they have more axes than one."""
    by_row, kind = _rank(boundaries) > 1, boundaries.dtype
    if sorter is not None:
        boundaries = op.GatherElements(boundaries, sorter, axis=-1)
    rows = op.Unsqueeze(boundaries, [-2]) if by_row else boundaries
    rows.dtype = kind
    return _count_below(rows, op.Unsqueeze(values, [-1]), right=right or side == "right", out_int32=out_int32)


def _count_below(boundaries: Any, values: Any, *, right: bool, out_int32: bool) -> Any:
    kinds = (boundaries.dtype, values.dtype)
    if kinds[0] != kinds[1]:
        floating = any(kind is not None and kind.is_floating_point() for kind in kinds)
        widest = DataType.DOUBLE if floating else DataType.INT64
        boundaries, values = op.Cast(boundaries, to=widest), op.Cast(values, to=widest)
    # Not the reverse comparison: NaN is above every boundary.
    above = op.Greater(boundaries, values) if right else op.GreaterOrEqual(boundaries, values)
    count = op.ReduceSum(op.Cast(op.Not(above), to=DataType.INT64), [-1], keepdims=0)
    return op.Cast(count, to=DataType.INT32) if out_int32 else count


def cumprod(values: Any, dim: int, dtype: int = -1) -> Any:
    """The product of all values up to each."""
    kind = DataType(dtype) if dtype != -1 else values.dtype if values.dtype.is_floating_point() else DataType.INT64
    if values.dtype != kind:
        values = op.Cast(values, to=kind)
    if not _rank(values):
        return op.Identity(values)
    axis = dim % _rank(values)
    earlier = _pair_with_earlier(values, axis, op.Cast(1, to=kind), _rank(values))
    return op.ReduceProd(earlier, [axis + 1], keepdims=0)


def cummax(values: Any, dim: int) -> tuple[Any, Any]:
    """The largest value up to each, and the place of the last that equals it."""
    return _cumulative_extreme(values, dim, largest=True)


def cummin(values: Any, dim: int) -> tuple[Any, Any]:
    """The smallest value up to each, and the place of the last that equals it."""
    return _cumulative_extreme(values, dim, largest=False)


def _cumulative_extreme(values: Any, dim: int, *, largest: bool) -> tuple[Any, Any]:
    rank = _rank(values)
    if not rank:
        return op.Identity(values), op.Constant(value_int=0)
    axis, kind = dim % rank, values.dtype if values.dtype in ORDERED else _wider(values.dtype)
    earlier = _pair_with_earlier(_widen(values), axis, _extreme(kind, largest=not largest), rank)
    extreme = (op.ReduceMax if largest else op.ReduceMin)(earlier, [axis + 1], keepdims=1)
    places = _places(values, axis)
    place = op.Unsqueeze(places, list(range(1, rank - axis)))
    # Later values are neutral, and would match where the extreme is: their places are out of bounds.
    earlier_places = op.Where(_is_earlier(places, rank - axis - 1), place, op.Constant(value_int=-1))
    last = op.ReduceMax(
        op.Where(op.Equal(earlier, extreme), earlier_places, op.Constant(value_int=-1)), [axis + 1], keepdims=0
    )
    return op.CastLike(op.Squeeze(extreme, [axis + 1]), values), last


def _pair_with_earlier(values: Any, axis: int, neutral: Any, rank: int) -> Any:
    """The values up to each, along a further axis behind `axis`; `neutral` in place of later ones."""
    is_earlier = _is_earlier(_places(values, axis), rank - axis - 1)
    return op.Where(is_earlier, op.Unsqueeze(values, [axis]), neutral)


def _is_earlier(places: Any, trailing: int) -> Any:
    """Boolean [places, places, 1 ...]: whether the second comes no later than the first, with `trailing` axes of one behind."""
    first = op.Unsqueeze(places, list(range(1, trailing + 2)))
    second = op.Unsqueeze(places, [0, *range(2, trailing + 2)])
    return op.LessOrEqual(second, first)


def _places(values: Any, axis: int) -> Any:
    size = op.Squeeze(op.Shape(values, start=axis, end=axis + 1), [0])
    return op.Range(op.Constant(value_int=0), size, op.Constant(value_int=1))


def squeeze(values: Any) -> Any:
    """Without the axes that are one: an open axis is not, though a call may have one row."""
    axes = [axis for axis, size in enumerate(values.shape) if size == 1]
    return op.Squeeze(values, axes) if axes else op.Identity(values)


def shift_right(values: Any, places: Any) -> Any:
    """Bytes as bytes: the exporter's own answers int8 for uint8."""
    places = op.CastLike(places, values)
    if values.dtype != DataType.UINT8:
        return aten_bitwise_right_shift(values, places)
    return op.BitShift(values, places, direction="RIGHT")


def shift_left(values: Any, places: Any) -> Any:
    """Bytes as bytes: the exporter's own answers int8 for uint8."""
    places = op.CastLike(places, values)
    if values.dtype != DataType.UINT8:
        return aten_bitwise_left_shift(values, places)
    return op.BitShift(values, places, direction="LEFT")


def _rank(values: Any) -> int:
    return len(values.shape)


def _wider(kind: DataType) -> DataType:
    return DataType.FLOAT if kind.is_floating_point() else DataType.INT64


def _widen(values: Any) -> Any:
    return values if values.dtype in ORDERED else op.Cast(values, to=_wider(values.dtype))


def _extreme(kind: DataType, *, largest: bool) -> Any:
    """The value of this type that no other is above, or below: infinite where the type has infinity."""
    numpy_type = kind.numpy()
    if kind.is_floating_point():
        value = np.array(np.inf if largest else -np.inf, numpy_type)
    else:
        limits = np.iinfo(numpy_type)
        value = np.array(limits.max if largest else limits.min, numpy_type)
    return op.Constant(value=onnx_ir.tensor(value))


def _overloads(operator: str) -> list[Callable[..., Any]]:
    packet = getattr(aten, operator)
    return [getattr(packet, kind) for kind in ("Tensor", "Tensor_Scalar")]


TRANSLATIONS: Mapping[Callable[..., Any], Callable[..., Any] | Sequence[Callable[..., Any]]] = {
    aten.sort.stable: sort_stable,
    aten.squeeze.default: squeeze,
    aten.scatter_reduce.two: scatter_reduce,
    aten.bucketize.Tensor: bucketize,
    aten.searchsorted.Tensor: searchsorted,
    aten.cumprod.default: cumprod,
    aten.cummax.default: cummax,
    aten.cummin.default: cummin,
    **dict.fromkeys((aten.__rshift__.Scalar, aten.__rshift__.Tensor, *_overloads("bitwise_right_shift")), shift_right),
    **dict.fromkeys((aten.__lshift__.Scalar, aten.__lshift__.Tensor, *_overloads("bitwise_left_shift")), shift_left),
    **attention.TRANSLATIONS,
    **pooling.TRANSLATIONS,
    **resizing.TRANSLATIONS,
}
