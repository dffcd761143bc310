"""The condition on sizes that a graph departs for, and the settings of model.axes within which it is right. Pure."""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pipeline.core.contract import BATCH
from pipeline.export.assumptions import Assumption, Sizes, allowed_sizes, find_flips
from pipeline.export.golden_calls import axis_sizes
from pipeline.export.size_calls import SizeTrial, bounds
from pipeline.settings.model import Model


class Limit(NamedTuple):
    """A condition that does not hold where the graph departs; `overrides` keep callers where it does, "" where no setting does."""

    assumption: Assumption
    overrides: str

    def __str__(self) -> str:
        """What to change."""
        condition, line = self.assumption.condition, self.assumption.line
        change = f"{line}: compute the same at every size of an open axis" if line else ""
        if not self.overrides:
            return f"{change}{'; ' if change else ''}the graph is right only where {condition}"
        return f"{change}{', or ' if change else ''}set `{self.overrides}` for a package of sizes where {condition}"


def find_limit(assumptions: Sequence[Assumption], sizes: Sizes, trial: SizeTrial) -> Limit | None:
    """The condition that does not hold at `sizes`, and the settings within which all such hold; None where all hold."""
    full = axis_sizes(trial.pair, trial.model)
    broken = [each for each in assumptions if each.holds is not None and not each.holds({**full, **sizes})]
    if not broken:
        return None
    first = next((assumption for assumption in broken if assumption.line), broken[0])
    return Limit(first, _find_overrides(broken, full, trial.model))


def _find_overrides(broken: Sequence[Assumption], full: Sizes, model: Model) -> str:
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
    return " ".join(
        f"+model.axes.{axis_name}.{key}={value}"
        for axis_name, bound in settings.items()
        for key, value in bound.items()
    )


def find_bounds(assumption: Assumption, full: Sizes, model: Model) -> dict[str, dict[str, int]]:
    """Settings for model.axes within which the condition holds, by axis; empty where there are none but the data's own size."""
    axes = assumption.axes
    if assumption.holds is None or BATCH in axes or not assumption.holds(full):
        return {}
    holds = assumption.holds
    settings: dict[str, dict[str, int]] = {}
    highest = dict(full)
    for axis_name in axes:
        sizes = allowed_sizes([axis_name], full[axis_name], model)
        above = [size for size in sizes if size > full[axis_name]]
        last = next((flip for flip in find_flips(holds, highest, (axis_name,), [full[axis_name], *above])), None)
        if last:
            settings[axis_name] = {"maximum": last[0]}
            highest[axis_name] = last[0]
        elif above:
            highest[axis_name] = above[-1]
    for axis_name in axes:
        sizes = [size for size in allowed_sizes([axis_name], full[axis_name], model) if size <= highest[axis_name]]
        below = [size for size in sizes if size <= full[axis_name]]
        if flips := list(find_flips(holds, full, (axis_name,), below)):
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
    sizes = allowed_sizes([axis_name], size, model)
    for step in range(2, size + 1):
        multiples = [other for other in sizes if other % step == 0]
        if holds and size % step == 0 and len(multiples) > 1 and all(holds({**full, axis_name: m}) for m in multiples):
            return {axis_name: {"multiple_of": step}}
    return {}
