"""Golden calls at other sizes of the dynamic axes than the data has, one axis at a time and all at once. Pure.

The network itself says which sizes it takes: what it refuses narrows what the contract calls proven.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pipeline.core.arrays import Arrays
from pipeline.core.contract import BATCH
from pipeline.core.errors import PipelineError
from pipeline.core.golden import GoldenCall, Purpose
from pipeline.core.progress import LongWork
from pipeline.export.golden_calls import axis_sizes, call_of, fits
from pipeline.settings.model import AxisSettings, Model

Sizes = Mapping[str, int]
# Answers a call, or raises PipelineError.
Answer = Callable[[Arrays], Arrays]
# Sizes of every open axis, beside those that follow from its full size.
SHORT = (1, 2, 3)


def full_sizes(inputs: Arrays, model: Model) -> dict[str, int]:
    """The size that the data has of each open axis, the batch aside."""
    return {name: size for name, size in axis_sizes(inputs, model).items() if name != BATCH}


def bounds(model: Model, axis_name: str) -> AxisSettings:
    return model.axes.get(axis_name, AxisSettings())


def choose_sizes(full: int, allowed: AxisSettings) -> list[int]:
    """1, 2, 3, half of full, full, one more, a prime beyond, twice full, and the bounds; each within them, smallest first."""
    step = allowed.multiple_of
    wanted = {*SHORT, full // 2, full, full + 1, _next_prime(full + 1), 2 * full, allowed.smallest}
    if allowed.maximum is not None:
        wanted.add(allowed.maximum // step * step)
    return sorted({size for size in {-(-size // step) * step for size in wanted} if allowed.allows(size)})


def _next_prime(number: int) -> int:
    """The first prime above `number`."""
    candidate = number + 1
    while any(candidate % divisor == 0 for divisor in range(2, math.isqrt(candidate) + 1)):
        candidate += 1
    return candidate


def resize(inputs: Arrays, model: Model, sizes: Sizes) -> Arrays:
    """`inputs` with axes at other sizes: cut, or their values repeated; an axis of one name alike everywhere."""
    resized = dict(inputs)
    for name, axes in model.dynamic_axes.items():
        for axis, axis_name in axes.items():
            if name in inputs and sizes.get(axis_name, inputs[name].shape[axis]) != inputs[name].shape[axis]:
                places = np.arange(sizes[axis_name]) % inputs[name].shape[axis]
                resized[name] = np.take(resized[name], places, axis=axis)
    return resized


def fit_lengths(inputs: Arrays, model: Model, sizes: Sizes) -> Iterator[Arrays]:
    """`inputs` as they are, then with integers that may count or index what was cut away brought back into it."""
    yield inputs
    limit = min(sizes.values(), default=0)
    lengths = {
        name: array
        for name, array in inputs.items()
        if array.dtype.kind in "iu"
        and not set(sizes) & set(model.dynamic_axes.get(name, {}).values())
        and (array >= limit).any()
    }
    for highest in (limit, limit - 1):
        if lengths and highest >= 0:
            yield inputs | {name: np.minimum(array, np.array(highest, array.dtype)) for name, array in lengths.items()}


def describe(sizes: Sizes) -> str:
    return ", ".join(f"{axis_name}={size}" for axis_name, size in sizes.items())


@dataclass
class SizeTrial:
    """The network, asked at other sizes, and what it did.

    `answer` is what the network answers; `pair` are the inputs of a call as in the data, whose axes `model` names and bounds, the
    batch first; `work` is the multiply-adds of one row.

    `calls` are those that it answered, `left_out` those that it could not, with the reason. By axis: `refused` are the sizes that
    it could not answer, all other axes as in the data, and `multiple_of` what those that it took are multiples of. `skipped` are
    calls that were too large to be made.
    """

    answer: Answer
    pair: Arrays
    model: Model
    batched: bool
    work: int = 0
    calls: list[GoldenCall] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    refused: dict[str, list[int]] = field(default_factory=dict)
    multiple_of: dict[str, int] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Ask for every open axis alone at each of its sizes, then for all of them together."""
        with LongWork("export", "asking at other sizes"):
            self._ask_sizes()

    def _ask_sizes(self) -> None:
        full = full_sizes(self.pair, self.model)
        taken: dict[str, list[int]] = {}
        for axis_name, size in full.items():
            others = [other for other in choose_sizes(size, bounds(self.model, axis_name)) if other != size]
            taken[axis_name] = [size, *(other for other in others if self.ask({axis_name: other}))]
            step = self._derive_multiple(axis_name, taken[axis_name])
            self.multiple_of[axis_name] = math.lcm(step, bounds(self.model, axis_name).multiple_of)
        for sizes in choose_combinations(full, taken, self.model):
            self.ask(sizes)

    def ask(self, sizes: Sizes, purpose: Purpose = "size") -> bool:
        """Note what the network does at `sizes`, once; whether it answers."""
        name = describe(sizes)
        if name in self.left_out or name in self.skipped or any(call.name == name for call in self.calls):
            return any(call.name == name for call in self.calls)
        if not self._is_affordable(sizes):
            self.skipped.append(name)
            return False
        try:
            self.calls.append(self._answer(sizes, purpose))
        except PipelineError as error:
            self.left_out[name] = str(error)
            if len(sizes) == 1 and BATCH not in sizes:
                ((axis_name, size),) = sizes.items()
                self.refused[axis_name] = sorted({*self.refused.get(axis_name, []), size})
            return False
        return True

    def _answer(self, sizes: Sizes, purpose: Purpose) -> GoldenCall:
        """`pair` at other sizes, answered; raises the network's first error where it cannot be."""
        reasons: list[PipelineError] = []
        for inputs in fit_lengths(resize(self.pair, self.model, sizes), self.model, sizes):
            try:
                outputs = self.answer(inputs)
            except PipelineError as error:
                reasons.append(error)
            else:
                call = call_of(describe(sizes), purpose, inputs, self.batched)
                return replace(call, sizes=axis_sizes(inputs, self.model), outputs=outputs)
        raise reasons[0]

    def _is_affordable(self, sizes: Sizes) -> bool:
        """Whether a call is small enough; none that is at most one step beyond the data is too large."""
        full = axis_sizes(self.pair, self.model)
        if all(size <= full[axis_name] + 1 for axis_name, size in sizes.items()):
            return True
        growth = math.prod(max(size / full[axis_name], 1.0) for axis_name, size in sizes.items())
        # Attention grows with the square of its axis.
        return fits(int(growth * sum(array.nbytes for array in self.pair.values())), int(2 * self.work * growth**2))

    def _derive_multiple(self, axis_name: str, taken: Sequence[int]) -> int:
        """What every size that the network takes is a multiple of, where it refuses others; 1 where no number shows.

        It is the smallest divisor of the sizes that it took of which no refused size is a multiple, when one step up and one down
        from the data's size are taken too.
        """
        full, common = taken[0], math.gcd(*taken)
        if not [size for size in self.refused.get(axis_name, []) if size > min(taken)]:
            return 1
        for step in (divisor for divisor in range(2, common + 1) if common % divisor == 0):
            if any(size % step == 0 for size in self.refused[axis_name]):
                continue
            near = [size for size in (full - step, full + step) if size not in taken]
            near = [size for size in near if size > 0 and bounds(self.model, axis_name).allows(size)]
            answered = [self.ask({axis_name: size}) for size in near]
            if all(answered):
                return step
        return 1


def choose_combinations(full: Sizes, taken: Mapping[str, Sequence[int]], model: Model) -> list[dict[str, int]]:
    """All axes at once: each at its first size, at its second, and so on; a size that an axis does not take alone is its full one."""
    rungs = {axis_name: choose_sizes(size, bounds(model, axis_name)) for axis_name, size in full.items()}
    combinations: list[dict[str, int]] = []
    for rung in range(max((len(sizes) for sizes in rungs.values()), default=0)):
        sizes = {axis_name: sizes[min(rung, len(sizes) - 1)] for axis_name, sizes in rungs.items()}
        sizes = {axis_name: size if size in taken[axis_name] else full[axis_name] for axis_name, size in sizes.items()}
        if sum(size != full[axis_name] for axis_name, size in sizes.items()) > 1 and sizes not in combinations:
            combinations.append(sizes)
    return combinations
