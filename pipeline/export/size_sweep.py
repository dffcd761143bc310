"""Every size of an axis up to some multiples of the data's, asked of network and graph alike: for what no exporter says of itself.

A size that is computed with rounding is wrong at one size in many; a network that is small is asked at all of them. Pure.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

from pipeline.core.arrays import Arrays
from pipeline.core.errors import PipelineError
from pipeline.core.golden import GoldenCall
from pipeline.core.progress import track
from pipeline.core.rows import Rows
from pipeline.export.assumptions import NEAR
from pipeline.export.golden_calls import axis_sizes
from pipeline.export.size_calls import SizeTrial, bounds, describe, fit_lengths, full_sizes, resize

Sizes = Mapping[str, int]
# Sizes of one axis, and multiply-adds and values of all of them, so that a large network is asked at few.
MOST = 256
WORK = 2 * 10**9
VALUES = 2 * 10**7


def choose_sweep(trial: SizeTrial) -> list[dict[str, int]]:
    """Sizes of each axis alone, and of all axes together as far in their ranges, that are not golden calls; as many as are cheap."""
    full = full_sizes(trial.pair, trial.model)
    ranges = {axis_name: _sizes(axis_name, size, trial) for axis_name, size in full.items()}
    lines = [[{axis_name: size} for size in sizes] for axis_name, sizes in ranges.items()]
    if len(full) > 1:
        length = max(map(len, ranges.values()))
        lines.append(
            [{a: sizes[place * len(sizes) // length] for a, sizes in ranges.items()} for place in range(length)]
        )
    known = {describe(sizes) for sizes in [call.sizes for call in trial.calls]}
    values = sum(array.size for array in trial.pair.values())
    chosen = []
    for line in lines:
        share = min(
            1.0,
            *(
                limit / len(lines) / max(_cost(line, full, amount), 1)
                for limit, amount in ((WORK, trial.work), (VALUES, values))
            ),
        )
        count = min(len(line), MOST, int(len(line) * share))
        chosen += [line[place * len(line) // count] for place in range(count)]
    return [sizes for sizes in chosen if describe(sizes) not in known and any(full[a] != s for a, s in sizes.items())]


def _sizes(axis_name: str, full: int, trial: SizeTrial) -> list[int]:
    allowed = bounds(trial.model, axis_name)
    return [size for size in range(1, NEAR * full + 1) if allowed.allows(size)] or [full]


def _cost(line: Sequence[Sizes], full: Sizes, amount: int) -> float:
    return amount * sum(math.prod(size / full[axis_name] for axis_name, size in sizes.items()) for sizes in line)


def answer_sweep(answer: Callable[[Arrays], Arrays], trial: SizeTrial, chosen: Sequence[Sizes]) -> Iterator[GoldenCall]:
    """One row at each of `chosen`, with the network's answer; what the network cannot answer is left out."""
    (row, *_) = Rows(trial.pair, trial.batched).calls([0]) if trial.batched else [trial.pair]
    for sizes in track(chosen, "export", "sizes compared"):
        for inputs in itertools.islice(fit_lengths(resize(row, trial.model, sizes), trial.model, sizes), 1):
            with suppress(PipelineError):
                outputs = answer(inputs)
                yield GoldenCall(describe(sizes), "size", None, axis_sizes(inputs, trial.model), inputs, outputs)
