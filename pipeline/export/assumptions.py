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

    def is_told_by(self, sizes: Sizes) -> bool:
        """Whether `sizes` tell if it holds: an encoder's axes, such as the words of a text, are no axes of a call."""
        return self.holds is not None and set(self.axes) <= set(sizes)

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
    holds = assumption.holds
    if holds is None or not assumption.is_told_by(full):
        return []
    boundaries: list[dict[str, int]] = []
    together = [assumption.axes] if len(assumption.axes) > 1 else []
    for axes in [*((axis_name,) for axis_name in assumption.axes), *together]:
        start = max(full[axis_name] for axis_name in axes)
        below, above = None, None
        for flip in find_flips(holds, full, axes, allowed_sizes(axes, start, model)):
            below = flip if flip[1] <= start else below
            above = above or (flip if flip[1] > start else None)
        for size in [*(below or ()), *(above or ())]:
            changed = {axis_name: size for axis_name in full if axis_name in axes and size != full[axis_name]}
            if changed and changed not in boundaries:
                boundaries.append(changed)
    return boundaries


def allowed_sizes(axes: Sequence[str], start: int, model: Model) -> list[int]:
    """Every size that all of `axes` may have up to NEAR times `start`, and then ever larger ones, smallest first."""
    allowed = [bounds(model, axis_name) for axis_name in axes]
    step = math.lcm(*(bound.multiple_of for bound in allowed))
    first = -(-max(bound.minimum for bound in allowed) // step) * step
    last = min([FAR, *(bound.maximum for bound in allowed if bound.maximum is not None)])
    sizes = list(range(first, min(NEAR * start, last) + 1, step))
    while sizes and (size := min(2 * sizes[-1], last // step * step)) > sizes[-1]:
        sizes.append(size)
    return sizes


def find_flips(
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
        # How many words a text has is told by texts alone.
        names = [] if assumption.is_told_by(full) else [call.name for call in calls if call.name.endswith("-words")]
        for sizes in find_boundaries(assumption, full, trial.model):
            wanted = {axis_name: size for axis_name, size in {**full, **sizes}.items() if axis_name != BATCH} | sizes
            same = [call.name for call in calls if call.sizes | wanted == call.sizes]
            names.append(same[0] if same else describe(sizes))
            if not same:
                trial.ask(sizes, "guard")
        if not assumption.is_told_by(full) or (names and names not in boundaries.values()):
            boundaries[str(assumption)] = names
    return boundaries
