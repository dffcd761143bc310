"""How large an output's values are: what tolerances are relative to. Pure."""

from collections.abc import Sequence

import numpy as np

from pipeline.compare.policy import scale_of_values
from pipeline.core.arrays import Array, is_text
from pipeline.core.contract import OutputScale

# The scale is this quantile of the absolute values: a tenth of them may be outliers.
QUANTILE = 0.9
# A value that fills more than this share of the places stands for something (0 after a ReLU, -1e9 under a mask) and says nothing of scale.
FREQUENT = 0.01
# More values than this are thinned out evenly.
MOST_VALUES = 2**20
# Channels have scales of their own where the largest is so many times the smallest, and each has so many values.
CHANNEL_RATIO = 1000.0
CHANNEL_VALUES = 20
# An output hardly varies when 5 % to 95 % of the rows lie within this share of its scale, at every place of a row.
LEAST_SPREAD = 1e-3


def typical_size(values: Array) -> float:
    """The 90th percentile of the absolute finite values, without those that are repeated in more than 1 % of the places.

    Where all are repeated it is that of those that are not 0; without any it is 0.
    """
    sizes = np.abs(values[np.isfinite(values)]).astype(np.float64).ravel()
    sizes = sizes[:: max(1, -(-sizes.size // MOST_VALUES))]
    distinct, counts = np.unique(sizes, return_counts=True)
    rare = counts <= max(1.0, FREQUENT * sizes.size)
    kept = np.repeat(distinct[rare], counts[rare])
    if not kept.size:
        kept = sizes[sizes > 0]
    return float(np.quantile(kept, QUANTILE)) if kept.size else 0.0


def hardly_varies(rows: Array, scale: float) -> bool:
    """Whether nearly all rows have one answer, so that comparing them cannot tell one row from another.

    Args:
        rows: The answers to the test split, [rows, ...].
        scale: The output's.
    """
    if len(rows) < 2:
        return False
    if is_text(rows) or rows.dtype.kind != "f":
        first = rows.reshape(len(rows), -1).astype(object) if is_text(rows) else rows.reshape(len(rows), -1)
        _, counts = np.unique(first.astype(str) if is_text(rows) else first, axis=0, return_counts=True)
        return bool(counts.max() >= 0.95 * len(rows))
    flat = rows.reshape(len(rows), -1).astype(np.float64)
    flat = flat[:: max(1, -(-flat.size // MOST_VALUES))]
    with np.errstate(invalid="ignore"):
        low, high = np.quantile(np.where(np.isfinite(flat), flat, 0.0), (0.05, 0.95), axis=0)
    return bool(np.all(high - low <= LEAST_SPREAD * scale))


def measure_scale(
    golden: Sequence[Array],
    rows: Array,
    moved: Sequence[tuple[Array, Array]],
    fixed_axes: Sequence[int],
    *,
    batched: bool,
) -> OutputScale:
    """The scale of one output.

    Args:
        golden: PyTorch's answers to the golden calls.
        rows: Its answers to the test split, [rows, ...].
        moved: Pairs of its answers to one call: as they are, and when all weights and inputs are moved by one rounding.
        fixed_axes: Axes of a golden call that have one size, which may be channels.
        batched: Whether the first axis of a golden call is the row.
    """
    if is_text(rows) or rows.dtype.kind != "f":
        return OutputScale(scale=0.0, varies=not hardly_varies(rows, 0.0))
    scale = typical_size(np.concatenate([array.ravel() for array in (*golden, rows)]))
    varies = not hardly_varies(rows, scale)
    axis, channels = _measure_channels(rows, fixed_axes, moved, scale, offset=0 if batched else 1)
    measured = OutputScale(scale=scale, varies=varies, axis=axis, channels=channels)
    return measured.model_copy(update={"rounding": _measure_rounding(measured, moved)})


def _measure_channels(
    rows: Array, fixed_axes: Sequence[int], moved: Sequence[tuple[Array, Array]], scale: float, offset: int
) -> tuple[int | None, list[float]]:
    """The axis along which scales differ most, and the scale of each index of it; nothing where they are much alike.

    What rounding moves in a channel is a lower bound of its scale: a channel that is 0 but for rounding has none.
    """
    best_axis, best, best_ratio = None, [], CHANNEL_RATIO
    for axis in fixed_axes:
        columns = np.moveaxis(rows, axis + offset, 0)
        if not len(columns) > 1 or columns[0].size < CHANNEL_VALUES:
            continue
        sizes = np.array([typical_size(column) for column in columns])
        for before, after in moved:
            if before.ndim > axis:
                distance = np.abs(after.astype(np.float64) - before.astype(np.float64))
                others = tuple(other for other in range(before.ndim) if other != axis)
                noise = np.nan_to_num(distance, nan=0.0, posinf=0.0).max(axis=others)
                sizes = np.maximum(sizes, np.minimum(noise / np.finfo(rows.dtype).eps, scale))
        used = sizes[sizes > 0]
        if used.size and used.max() / used.min() > best_ratio:
            best_axis, best, best_ratio = axis, np.where(sizes > 0, sizes, used.min()).tolist(), used.max() / used.min()
    return best_axis, best


def _measure_rounding(scale: OutputScale, moved: Sequence[tuple[Array, Array]]) -> float:
    """The largest move of a value by rounding, as a share of its scale and itself together."""
    largest = 0.0
    for before, after in moved:
        e, g = before.astype(np.float64), after.astype(np.float64)
        size = np.broadcast_to(scale_of_values(scale, before), before.shape) + np.abs(e)
        counted = np.isfinite(e) & np.isfinite(g) & (size > 0)
        if counted.any():
            largest = max(largest, float((np.abs(g - e)[counted] / size[counted]).max()))
    return largest
