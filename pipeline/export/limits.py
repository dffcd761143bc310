"""The condition on sizes that a graph departs for, and the settings of model.axes within which it is right. Pure."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pipeline.core.contract import BATCH
from pipeline.export.assumptions import Assumption, Sizes, allowed_sizes, find_flips
from pipeline.export.golden_calls import axis_sizes
from pipeline.export.size_calls import SizeTrial, bounds
from pipeline.settings.model import AxisSettings, Model


class Limit(NamedTuple):
    """A condition that does not hold where the graph departs, and the settings of model.axes that keep callers where such hold.

    `settings` is empty where none does.
    """

    assumption: Assumption
    settings: Mapping[str, Mapping[str, int]]

    def allows(self, sizes: Sizes) -> bool:
        """Whether a call of these sizes is within the settings."""
        bounded = {axis_name: AxisSettings(**values) for axis_name, values in self.settings.items()}
        return all(axis.allows(sizes[axis_name]) for axis_name, axis in bounded.items() if axis_name in sizes)

    def __str__(self) -> str:
        """What to change."""
        condition, line = self.assumption.condition, self.assumption.line
        change = f"{line}: compute the same at every size of an open axis" if line else ""
        if not self.settings:
            return f"{change}{'; ' if change else ''}the graph is right only where {condition}"
        overrides = " ".join(
            f"+model.axes.{axis_name}.{key}={value}"
            for axis_name, values in self.settings.items()
            for key, value in values.items()
        )
        return f"{change}{', or ' if change else ''}set `{overrides}`, within which the graph is right ({condition})"


def find_limit(assumptions: Sequence[Assumption], sizes: Sizes, trial: SizeTrial) -> Limit | None:
    """The condition that does not hold at `sizes`, and settings within which such hold; None where all hold.

    Whether the graph is right within them is for it to show.
    """
    full = axis_sizes(trial.pair, trial.model)
    asked = {**full, **sizes}
    broken = [each for each in assumptions if each.holds and each.is_told_by(asked) and not each.holds(asked)]
    if not broken:
        return None
    limits = [find_bounds(assumption, full, trial.model) for assumption in broken]
    # One with a line and a bound says most.
    first = min(range(len(broken)), key=lambda place: (not broken[place].line, not limits[place], place))
    return Limit(broken[first], _merge(limits, full))


def _merge(limits: Sequence[Mapping[str, Mapping[str, int]]], full: Sizes) -> dict[str, dict[str, int]]:
    """Settings that keep within all of `limits`; empty where they leave nothing but the data's own size."""
    settings: dict[str, dict[str, int]] = {}
    merge: dict[str, Callable[[int, int], int]] = {"minimum": max, "maximum": min, "multiple_of": math.lcm}
    for axis_name, key, value in ((a, k, v) for limit in limits for a, keys in limit.items() for k, v in keys.items()):
        known = settings.setdefault(axis_name, {})
        known[key] = merge[key](known.get(key, value), value)
    if any(bound.get("minimum", 0) == full[axis_name] == bound.get("maximum") for axis_name, bound in settings.items()):
        return {}
    return settings


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
