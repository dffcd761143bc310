"""What is different between two forms of one input or output: shape, type, range, labels, words. Pure.

Of an input, more than before may be taken; of an output, less than before may be answered: the other way round is major.
"""

import json
import math
from collections.abc import Iterator, Set

from pipeline.core.contract import TensorSpec
from pipeline.core.release import Change, Part

# Labels in a sentence; more are counted.
_MOST_LABELS = 5


def name_of(kind: str, tensor: TensorSpec) -> str:
    """Such as "output 'probabilities'"."""
    return f"{kind} {tensor.name!r}"


def compare_tensors(
    kind: str, before: TensorSpec, after: TensorSpec, opened: Set[tuple[int | str, int | str]]
) -> Iterator[Change]:
    """Differences of an input or output that is in both contracts.

    Args:
        kind: "input" or "output".
        before: As it was released.
        after: As it is now.
        opened: Pairs of a size that inputs had and the open axis that took its place.
    """
    name = name_of(kind, after)
    if before.dtype != after.dtype:
        yield Change(part="major", text=f"{name} is {after.dtype} (it was {before.dtype})")
    if before.shape != after.shape:
        part = _part_of_shape(kind, before, after, opened)
        yield Change(part=part, text=f"{name} has the shape {_shape(after)} (it had {_shape(before)})")
    yield from _compare_ranges(kind, before, after)
    if before.labels != after.labels:
        part = "minor" if not before.labels else "major"
        yield Change(part=part, text=f"{name} has the labels {_labels(after)} (it had {_labels(before)})")
    if before.unit != after.unit:
        # Who knows no unit yet has none to get wrong.
        part = "major" if before.unit else "patch"
        yield Change(part=part, text=f"{name} has the unit {after.unit or 'none'} (it had {before.unit or 'none'})")
    if before.description != after.description:
        yield Change(part="patch", text=f"{name} is described in other words")


def _part_of_shape(kind: str, before: TensorSpec, after: TensorSpec, opened: Set[tuple[int | str, int | str]]) -> Part:
    """Minor where every axis is as it was, or open where it had one size: of an output, where an input's axis opened with it."""
    if len(before.shape) != len(after.shape):
        return "major"
    for pair in zip(before.shape, after.shape, strict=True):
        was, now = pair
        if was == now:
            continue
        if not (isinstance(was, int) and isinstance(now, str)) or (kind == "output" and pair not in opened):
            return "major"
    return "minor"


def _compare_ranges(kind: str, before: TensorSpec, after: TensorSpec) -> Iterator[Change]:
    name = name_of(kind, after)
    was, now = _bounds(before), _bounds(after)
    if was != now:
        is_within = now[0] >= was[0] and now[1] <= was[1]
        is_around = now[0] <= was[0] and now[1] >= was[1]
        part: Part = "minor" if (is_around if kind == "input" else is_within) else "major"
        yield Change(part=part, text=f"{name} has the range {_range(after)} (it had {_range(before)})")
    if before.missing != after.missing:
        text = f"{name} may be NaN" if after.missing else f"{name} may be NaN no longer"
        yield Change(part="minor" if after.missing == (kind == "input") else "major", text=text)


def _bounds(tensor: TensorSpec) -> tuple[float, float]:
    return (
        -math.inf if tensor.minimum is None else tensor.minimum,
        math.inf if tensor.maximum is None else tensor.maximum,
    )


def _range(tensor: TensorSpec) -> str:
    if tensor.minimum is None and tensor.maximum is None:
        return "of every number"
    ends = ("…" if end is None else f"{end:g}" for end in (tensor.minimum, tensor.maximum))
    return " to ".join(ends)


def _shape(tensor: TensorSpec) -> str:
    return f"[{', '.join(map(str, tensor.shape))}]"


def _labels(tensor: TensorSpec) -> str:
    """The first of them as JSON writes them, so that none ends the sentence."""
    if not tensor.labels:
        return "none"
    shown = ", ".join(json.dumps(label, ensure_ascii=False) for label in tensor.labels[:_MOST_LABELS])
    others = len(tensor.labels) - _MOST_LABELS
    return shown + (f" and {others} more" if others > 0 else "")
