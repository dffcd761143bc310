"""Whether what was sampled over a soak stays where it is."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple

# The share of the samples that is warm-up: the JIT compiler works, and the garbage collector finds the size of its heap.
WARM_UP = 1 / 3
# From the end of the warm-up to the end of the soak: in MB, and in numbers.
MAXIMUM_GROWTH = {"memory": 16.0, "handles": 8.0, "threads": 4.0}


class Sample(NamedTuple):
    """A process at one time: seconds since the start, MB in RAM, open files and sockets, threads."""

    seconds: float
    memory: float
    handles: float
    threads: float


def after_warm_up(samples: Sequence[Sample]) -> list[Sample]:
    return list(samples[int(len(samples) * WARM_UP) :])


def slope(seconds: Sequence[float], values: Sequence[float]) -> float:
    """Growth in a second: the median over all pairs, which single peaks do not move (Theil 1950, Sen 1968)."""
    pairs = [
        (later - earlier) / (seconds[j] - seconds[i])
        for i, earlier in enumerate(values)
        for j, later in enumerate(values[i + 1 :], i + 1)
    ]
    return statistics.median(pairs)


def growths(samples: Sequence[Sample]) -> dict[str, float]:
    """How much each of memory, handles and threads grows in a minute, after the warm-up."""
    flat = after_warm_up(samples)
    times = [sample.seconds for sample in flat]
    return {name: 60 * slope(times, [getattr(sample, name) for sample in flat]) for name in MAXIMUM_GROWTH}


def missed_flatness(samples: Sequence[Sample]) -> list[str]:
    """A sentence for each of memory, handles and threads that grows by more than it may over the soak."""
    flat = after_warm_up(samples)
    minutes = (flat[-1].seconds - flat[0].seconds) / 60
    return [
        f"{name}: expected to grow by at most {MAXIMUM_GROWTH[name]:g} in {minutes:.1f} minutes, got {growth * minutes:.1f}"
        for name, growth in growths(samples).items()
        if growth * minutes > MAXIMUM_GROWTH[name]
    ]
