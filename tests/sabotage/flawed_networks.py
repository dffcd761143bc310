"""Sabotages before the hand-off: a network that answers otherwise than its graph will. The whole road is run, from its data on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

import courier
import good_builds
from sabotage import Sabotage

ALONE = (
    r"answers a row otherwise alone than among others \(row \d+ of the test split: .*take no statistics over the batch"
)
CLASSES = np.arange(courier.ROWS) % len(courier.LABELS)
ROAD = ("fingerprint", "prepare", "train", "export", "simplify", "validate")


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


def of_task(target: np.ndarray, **task: str) -> Callable[[], None]:
    """A task for the good network."""

    def apply() -> None:
        np.savez("rows.npz", **courier.rows(), target=target)
        settings = ", ".join(f"{key}: {value}" for key, value in task.items())
        good_builds.start_anew(f"model.task={{{settings}}}")

    return apply


def misspell_metric() -> None:
    """Beside `params`, which would have refused it."""
    of_task(CLASSES, metric="accuracy", output="kind")()
    params = Path("params.yaml").read_text()
    Path("params.yaml").write_text(params.replace("metric: accuracy", "metric: acuracy"))


def until(stage: str) -> tuple[str, ...]:
    return ROAD[: ROAD.index(stage) + 1]


def network(name: str, breaks: str, apply: Callable[[], None], stage: str, says: str) -> Sabotage:
    return Sabotage(name, breaks, "courier", apply, until(stage), says)


NETWORKS = (
    network(
        "dropout on",
        "a dropout that is never turned off",
        flawed("dropout"),
        "export",
        r"needs `training=self\.training`.*otherwise when it is run again.*dropout draws random numbers",
    ),
    network(
        "noise",
        "random numbers in every answer",
        flawed("noise"),
        "export",
        r"otherwise when it is run again.*randn_like",
    ),
    network("rows that know each other", "the mean over the batch", flawed("rows together"), "export", ALONE),
    network(
        "one row of sixteen that knows the others",
        "the mean over the batch, in a row of sixteen",
        flawed("one row in sixteen together"),
        "export",
        ALONE,
    ),
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
        r"if before\.shape\[1\] < TIME.*: compute the same at every size of an open axis instead of branching on it",
    ),
    network(
        "branch on a length beyond the data, frozen",
        "another path for more than nine steps",
        flawed("branch on a length beyond the data"),
        "export",
        r"if before\.shape\[1\] > TIME.*: compute the same at every size of an open axis instead of branching on it",
    ),
    network(
        "values baked in",
        "an answer of numpy, a constant for the tracer",
        flawed("detached to numpy"),
        "export",
        r"\.numpy\(\).*: take torch's own functions instead of NumPy's within forward",
    ),
    network(
        "table that grew",
        "a rotary table, as long as the longest series so far",
        flawed("grown table"),
        "export",
        r"if steps > len\(self\.cosines\).*: compute the same at every size of an open axis instead of branching on it",
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
    network(
        "metric misspelt",
        "the name of the task's metric",
        misspell_metric,
        "fingerprint",
        r"model\.task\.metric: expected one of accuracy, top5, .*, got 'acuracy'; did you mean 'accuracy'\?",
    ),
    network(
        "output of the task misspelt",
        "the name of the output that is scored",
        of_task(CLASSES, metric="accuracy", output="kidn"),
        "export",
        r"model\.task\.output: expected one of .*, got 'kidn'; did you mean 'kind'\?",
    ),
    network(
        "target of another shape",
        "three targets for a kind",
        of_task(np.stack([CLASSES] * 3, axis=1), metric="accuracy", output="kind"),
        "export",
        r"model\.task\.output=kind: accuracy compares place by place: expected answers and `target` of one shape, got int64\[40\] and int64\[40, 3\]",
    ),
)
