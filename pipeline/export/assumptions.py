"""What an exporter took for granted about sizes, and the sizes on both sides of it. Pure."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.core.contract import BATCH
from pipeline.core.golden import GoldenCall
from pipeline.export.golden_calls import axis_sizes
from pipeline.export.size_calls import SizeTrial, bounds, describe
from pipeline.settings.model import Model

Sizes = Mapping[str, int]
# Multiples of an axis's size in the data, up to which every size is looked at; beyond, sizes are doubled.
NEAR = 4
# No axis is looked at beyond.
FAR = 2**16


@dataclass(frozen=True)
class Assumption:
    """A condition that held for the example, and that the exported graph no longer asks about.

    `condition` is in terms of the axes' names, as `time <= 16`; `line` is the network's own line that needed it, "" where none is known;
    `axes` are those that it speaks of. `holds` tells whether it holds at given sizes of them; None where sizes alone do not tell.
    """

    condition: str
    line: str
    axes: tuple[str, ...]
    holds: Callable[[Sizes], bool] | None

    def __str__(self) -> str:
        return f"{self.condition}{f' ({self.line})' if self.line else ''}"


def find_boundaries(assumption: Assumption, full: Sizes, model: Model) -> list[dict[str, int]]:
    """Sizes just before and just after the condition turns, nearest to the data's, within model.axes.

    Each axis is turned alone, the others as in the data, and then all of them at one size.

    Args:
        assumption: The condition; it may have to be told sizes of no other axes than those of `full`.
        full: Size of each dynamic axis in the data.
        model: Bounds the sizes.
    """
    if assumption.holds is None:
        return []
    holds = assumption.holds
    boundaries: list[dict[str, int]] = []
    together = [assumption.axes] if len(assumption.axes) > 1 else []
    for axes in [*((axis_name,) for axis_name in assumption.axes), *together]:
        start = max(full[axis_name] for axis_name in axes)
        below, above = None, None
        for flip in _find_flips(holds, full, axes, _allowed_sizes(axes, start, model)):
            below = flip if flip[1] <= start else below
            above = above or (flip if flip[1] > start else None)
        for size in [*(below or ()), *(above or ())]:
            changed = {axis_name: size for axis_name in full if axis_name in axes and size != full[axis_name]}
            if changed and changed not in boundaries:
                boundaries.append(changed)
    return boundaries


def find_bounds(assumption: Assumption, full: Sizes, model: Model) -> dict[str, dict[str, int]]:
    """Settings for model.axes within which the condition holds, by axis; empty where there are none but the data's own size."""
    axes = assumption.axes
    if assumption.holds is None or BATCH in axes or not assumption.holds(full):
        return {}
    holds = assumption.holds
    settings: dict[str, dict[str, int]] = {}
    highest = dict(full)
    for axis_name in axes:
        sizes = _allowed_sizes([axis_name], full[axis_name], model)
        above = [size for size in sizes if size > full[axis_name]]
        last = next((flip for flip in _find_flips(holds, highest, (axis_name,), [full[axis_name], *above])), None)
        if last:
            settings[axis_name] = {"maximum": last[0]}
            highest[axis_name] = last[0]
        elif above:
            highest[axis_name] = above[-1]
    for axis_name in axes:
        sizes = [size for size in _allowed_sizes([axis_name], full[axis_name], model) if size <= highest[axis_name]]
        below = [size for size in sizes if size <= full[axis_name]]
        if flips := list(_find_flips(holds, full, (axis_name,), below)):
            settings.setdefault(axis_name, {})["minimum"] = flips[-1][1]
    if len(axes) == 1 and settings.get(axes[0], {}).get("minimum") == settings.get(axes[0], {}).get("maximum"):
        return _find_multiple(assumption, axes[0], full, model)
    corners = itertools.product(
        *(
            {
                settings.get(axis_name, {}).get("minimum", bounds(model, axis_name).smallest),
                full[axis_name],
                highest[axis_name],
            }
            for axis_name in axes
        )
    )
    return settings if all(holds({**full, **dict(zip(axes, corner, strict=True))}) for corner in corners) else {}


def _find_multiple(assumption: Assumption, axis_name: str, full: Sizes, model: Model) -> dict[str, dict[str, int]]:
    """The smallest number of whose multiples the condition is true, and the data's size one."""
    holds, size = assumption.holds, full[axis_name]
    sizes = _allowed_sizes([axis_name], size, model)
    for step in range(2, size + 1):
        multiples = [other for other in sizes if other % step == 0]
        if holds and size % step == 0 and len(multiples) > 1 and all(holds({**full, axis_name: m}) for m in multiples):
            return {axis_name: {"multiple_of": step}}
    return {}


def _allowed_sizes(axes: Sequence[str], start: int, model: Model) -> list[int]:
    """Every size that all of `axes` may have up to NEAR times `start`, and then ever larger ones, smallest first."""
    allowed = [bounds(model, axis_name) for axis_name in axes]
    step = math.lcm(*(bound.multiple_of for bound in allowed))
    first = -(-max(bound.minimum for bound in allowed) // step) * step
    last = min([FAR, *(bound.maximum for bound in allowed if bound.maximum is not None)])
    sizes = list(range(first, min(NEAR * start, last) + 1, step))
    while sizes and (size := min(2 * sizes[-1], last // step * step)) > sizes[-1]:
        sizes.append(size)
    return sizes


def _find_flips(
    holds: Callable[[Sizes], bool], full: Sizes, axes: Sequence[str], sizes: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Neighbours between which the condition turns, smallest first; between sizes that are far apart it is sought by halving."""
    step = min((high - low for low, high in itertools.pairwise(sizes)), default=1)

    def holds_at(size: int) -> bool:
        return holds({**full, **dict.fromkeys(axes, size)})

    for low, high in itertools.pairwise(sizes):
        before, first, last = holds_at(low), low, high
        if before == holds_at(high):
            continue
        while last - first > step:
            middle = first + (last - first) // (2 * step) * step
            first, last = (middle, last) if holds_at(middle) == before else (first, middle)
        yield first, last


def ask_boundaries(
    assumptions: Sequence[Assumption], trial: SizeTrial, calls: Sequence[GoldenCall]
) -> dict[str, list[str]]:
    """Ask the network on both sides of each condition, where none of `calls` is there already.

    Returns:
        By condition, the names of the calls. A condition that turns nowhere within model.axes is none; of those that turn at the
        same sizes the first stands for all.
    """
    full = axis_sizes(trial.pair, trial.model)
    boundaries: dict[str, list[str]] = {}
    for assumption in assumptions:
        names = []
        for sizes in find_boundaries(assumption, full, trial.model):
            wanted = {axis_name: size for axis_name, size in {**full, **sizes}.items() if axis_name != BATCH} | sizes
            same = [call.name for call in calls if call.sizes | wanted == call.sizes]
            names.append(same[0] if same else describe(sizes))
            if not same:
                trial.ask(sizes, "guard")
        if assumption.holds is None or (names and names not in boundaries.values()):
            boundaries[str(assumption)] = names
    return boundaries


def blame(assumptions: Sequence[Assumption], sizes: Sizes, trial: SizeTrial) -> str:
    """Which condition does not hold at `sizes`, and the setting that keeps callers where it does; empty where all hold."""
    full = axis_sizes(trial.pair, trial.model)
    broken = [each for each in assumptions if each.holds is not None and not each.holds({**full, **sizes})]
    if not broken:
        return ""
    first = next((assumption for assumption in broken if assumption.line), broken[0])
    return f"; the graph is right only where {first}{_advise(broken, full, trial.model)}"


def _advise(broken: Sequence[Assumption], full: Sizes, model: Model) -> str:
    limits = [find_bounds(assumption, full, model) for assumption in broken]
    settings: dict[str, dict[str, int]] = {}
    merge: dict[str, Callable[[int, int], int]] = {"minimum": max, "maximum": min, "multiple_of": math.lcm}
    for axis_name, key, value in ((a, k, v) for limit in limits for a, keys in limit.items() for k, v in keys.items()):
        known = settings.setdefault(axis_name, {})
        known[key] = merge[key](known.get(key, value), value)
    if not all(limits) or any(
        bound.get("minimum", 0) == full[axis_name] == bound.get("maximum") for axis_name, bound in settings.items()
    ):
        return ""
    overrides = " ".join(
        f"+model.axes.{axis_name}.{key}={value}"
        for axis_name, bound in settings.items()
        for key, value in bound.items()
    )
    return f"; `{overrides}` makes a package for the sizes where it is right"
