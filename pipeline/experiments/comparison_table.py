"""`make compare`: the experiments side by side, the best first."""

import math
from typing import TYPE_CHECKING, Any

from pipeline.core.errors import PipelineError
from pipeline.core.terminal import open_console
from pipeline.experiments.revisions import Revision, collect
from pipeline.settings.overrides import explain_change

if TYPE_CHECKING:
    from rich.table import Table

# Of the many settings in which two models may differ, as many as one reads.
LARGEST_CHANGE = 200
NO_VALUE = "-"
# What else reports/metrics.json has beside the task's metric.
OTHERS = ("parity_used", "power", "nodes", "bytes", "lower_is_better")


def compare(every_commit: bool = False) -> None:
    """Print the table, and beneath it why experiments have no numbers.

    Raises:
        PipelineError: There is nothing to compare.
    """
    rows = collect(every_commit)
    _, baseline, *experiments = rows
    if not experiments and not any(row.metrics for row in rows):
        raise PipelineError(
            "nothing has run yet, neither here nor in an experiment: run `make repro`, then e.g. `dvc exp run -S train.epochs=5`"
        )
    console = open_console()
    console.print(make_table(rows, baseline.params))
    reasons = [f"{row.name}: {row.reason}" for row in sort_rows(rows) if row.reason]
    if reasons:
        console.print("", *reasons, sep="\n")
    if not experiments:
        console.print(
            "\nThere is no experiment yet: `dvc exp run -S train.epochs=5` runs one; `--queue`, then `dvc queue start`, several."
        )


def find_task_metric(metrics: dict[str, Any]) -> tuple[str, float] | None:
    """The metric of the model's task, by name, among the numbers of reports/metrics.json; None for a model without a task."""
    for name, value in metrics.items():
        if name not in OTHERS and isinstance(value, int | float):
            return name, value
    return None


def sort_rows(rows: list[Revision]) -> list[Revision]:
    """Best first: by the task's metric, in its direction as in the gate; then models without one; then what did not finish.

    Metrics of different names cannot be ranked, so each name stands together.
    """
    states = ("done", "running", "queued", "failed", "not run", "unreadable")

    def rank(row: Revision) -> tuple[Any, ...]:
        metric = find_task_metric(row.metrics)
        used = row.metrics.get("parity_used")
        return (
            states.index(row.state),
            not row.metrics,
            metric is None,
            metric[0] if metric else "",
            -_quality(row, metric) if metric else 0.0,
            used if used is not None else 0.0,
        )

    return sorted(rows, key=rank)


def find_best(rows: list[Revision]) -> dict[str, float]:
    """Metric -> the best value of any row."""
    scores = [(row, metric) for row in rows if (metric := find_task_metric(row.metrics))]
    best: dict[str, tuple[float, float]] = {}
    for row, (name, value) in scores:
        best[name] = max((_quality(row, (name, value)), value), best.get(name, (-math.inf, 0.0)))
    return {name: value for name, (_, value) in best.items()}


def _quality(row: Revision, metric: tuple[str, float]) -> float:
    """The metric with the sign by which more is better."""
    name, value = metric
    return -value if name in row.metrics.get("lower_is_better", ()) else value


def make_table(rows: list[Revision], baseline: dict[str, Any]) -> "Table":
    """The table of `rows`, changes being against the settings `baseline`."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    shown.add_column("experiment", overflow="fold")
    shown.add_column("changed", overflow="fold", ratio=1)
    shown.add_column("task metric", no_wrap=True)
    for title in ("tolerance used", "power", "nodes", "bytes"):
        shown.add_column(title, justify="right", no_wrap=True)
    shown.add_column(".NET", no_wrap=True)
    shown.add_column("registered", overflow="fold")
    top = find_best(rows)
    for row in sort_rows(rows):
        metric = find_task_metric(row.metrics)
        is_best = metric is not None and metric[1] == top[metric[0]]
        if row.state != "done":
            score = row.state
        elif metric is None:
            score = NO_VALUE
        else:
            score = f"{metric[0]} {metric[1]:.4f}{' best' if is_best else ''}"
        cells = [
            row.name,
            _changed(baseline, row.params) or NO_VALUE,
            score,
            _number(row.metrics.get("parity_used"), ".2%"),
            _number(row.metrics.get("power"), ".0%"),
            _number(row.metrics.get("nodes"), ","),
            _number(row.metrics.get("bytes"), ","),
            {True: "yes", False: "no", None: NO_VALUE}[row.verified],
            row.registered or NO_VALUE,
        ]
        style = "bold green" if is_best else "red" if row.state == "failed" else ""
        # Text, because settings hold brackets, which rich takes for its markup.
        shown.add_row(*(Text(cell) for cell in cells), style=style)
    return shown


def _number(value: Any, form: str) -> str:
    return NO_VALUE if value is None else format(value, form)


def _changed(baseline: dict[str, Any], params: dict[str, Any]) -> str:
    """What was changed; empty where nothing was, and where the settings cannot be read."""
    text = " ".join(explain_change(baseline, params)) if params else ""
    return text if len(text) <= LARGEST_CHANGE else f"{text[:LARGEST_CHANGE]}…"
