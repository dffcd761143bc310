"""Sabotages before the hand-off: a network that answers otherwise than its graph will. The whole road is run, from its data on."""

from collections.abc import Callable

import numpy as np

import courier
import good_builds
from sabotage import Sabotage

ROAD = ("prepare", "train", "export", "simplify", "validate")


def flawed(flaw: str, *overrides: str) -> Callable[[], None]:
    return lambda: good_builds.start_anew(f"model.net.kwargs={{flaw: '{flaw}'}}", *overrides)


def of_rows(change: Callable[[dict[str, np.ndarray]], None]) -> Callable[[], None]:
    """Other rows for the good network."""

    def apply() -> None:
        rows = courier.rows()
        change(rows)
        np.savez("rows.npz", **rows)
        good_builds.start_anew()

    return apply


def until(stage: str) -> tuple[str, ...]:
    return ROAD[: ROAD.index(stage) + 1]


def network(name: str, breaks: str, apply: Callable[[], None], stage: str, says: str) -> Sabotage:
    return Sabotage(name, breaks, "courier", apply, until(stage), says)


NETWORKS = (
    network(
        "dropout on", "a dropout that is never turned off", flawed("dropout"), "export", r"twice|again|random|dropout"
    ),
    network("noise", "random numbers in every answer", flawed("noise"), "export", r"twice|again|random|dropout"),
    network("rows that know each other", "the mean over the batch", flawed("rows together"), "export", r"row|batch"),
    network(
        "batch frozen",
        "the number of rows as a number",
        flawed("batch frozen"),
        "export",
        r"cannot be exported: tracer: ",
    ),
    network(
        "length frozen",
        "the number of steps as a number",
        flawed("length frozen"),
        "export",
        r"cannot be exported: tracer: ",
    ),
    network(
        "branch on values, frozen",
        "a branch that the tracer takes once for all",
        flawed("branch on values"),
        "export",
        r"cannot be exported: tracer: .*branch|froze|expected",
    ),
    network(
        "branch on a short length, frozen",
        "another path for less than nine steps",
        flawed("branch on a short length"),
        "export",
        r"cannot be exported: tracer: .*expected",
    ),
    network(
        "branch on a length beyond the data, frozen",
        "another path for more than nine steps",
        flawed("branch on a length beyond the data"),
        "export",
        r"time|length|size|beyond|> 9",
    ),
    network(
        "values baked in",
        "an answer of numpy, a constant for the tracer",
        flawed("detached to numpy"),
        "export",
        r"cannot be exported: tracer: ",
    ),
    network(
        "NaN in a row of the data",
        "one pixel of one row",
        of_rows(lambda rows: rows["image"].__setitem__((3, 0, 0, 0), np.nan)),
        "prepare",
        r"expected finite numbers, got nan in 'image' at row 3",
    ),
    network(
        "rows of another shape",
        "one series a step shorter",
        of_rows(lambda rows: rows.update(before=rows["before"][:, 1:])),
        "export",
        r"time|before",
    ),
)
