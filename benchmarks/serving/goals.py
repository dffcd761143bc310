"""What the endpoint is held to: the floor, the ideal, and FastAPI's latency."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple

from load import Load, medians

# MapLinear and so on, as a share of the same endpoint without the model, and of what is possible with the model.
MINIMUM_OF_FLOOR = {"linear": 0.88}
MINIMUM_OF_IDEAL = {"digits": 0.85, "sentiment": 0.85, "minilm": 0.85}


class Turn(NamedTuple):
    """One turn: the load of each service by its name, and the model's own seconds a row, measured beside them."""

    loads: dict[str, Load]
    seconds_a_row: float


def ideal(floor: float, seconds_a_row: float, cores: int) -> float:
    """Requests a second of a server that costs what the floor costs, and the model's own time on all processors.

    Args:
        floor: Requests a second without the model.
        seconds_a_row: The processors' seconds that the model takes for a row.
        cores: Processors.
    """
    return 1 / (1 / floor + seconds_a_row / cores)


def median_ideal(turns: Sequence[Turn], cores: int) -> float:
    return statistics.median(ideal(turn.loads["floor"].rate, turn.seconds_a_row, cores) for turn in turns)


def median_ratio(turns: Sequence[Turn], ours: str, theirs: str) -> float:
    """Median over the turns of the ratio of the requests a second."""
    return statistics.median(turn.loads[ours].rate / turn.loads[theirs].rate for turn in turns)


def share_of_ideal(turns: Sequence[Turn], service: str, cores: int) -> float:
    """Median over the turns of the share of that turn's ideal."""
    return statistics.median(
        turn.loads[service].rate / ideal(turn.loads["floor"].rate, turn.seconds_a_row, cores) for turn in turns
    )


def missed_rates(model: str, turns: Sequence[Turn], cores: int) -> list[str]:
    """A sentence for each goal of the requests a second that is missed."""
    sentences = []
    shares = (
        ("the floor", median_ratio(turns, "rows", "floor"), MINIMUM_OF_FLOOR),
        ("the ideal", share_of_ideal(turns, "rows", cores), MINIMUM_OF_IDEAL),
    )
    for what, share, minimum in shares:
        if model in minimum and share < minimum[model]:
            sentences.append(f"{model}: expected at least {minimum[model]} of {what}, got {share:.2f}")
    for name in turns[0].loads:
        if failed := sum(turn.loads[name].errors + turn.loads[name].refused for turn in turns):
            sentences.append(f"{model}: {name}: expected an answer to every request, got {failed} without one")
    return sentences


def missed_latencies(model: str, load_name: str, ours: Sequence[Load], theirs: Sequence[Load]) -> list[str]:
    """A sentence for each percentile in which the endpoint is slower than FastAPI."""
    return [
        f"{model}, {load_name}: {percentile} of {mine:.2f} ms, and FastAPI's is {other:.2f}"
        for percentile, mine, other in zip(
            ("p50", "p99"), medians(list(ours))[1:3], medians(list(theirs))[1:3], strict=True
        )
        if mine > other
    ]
