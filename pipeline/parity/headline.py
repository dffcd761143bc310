"""What the gate found, in a line."""

from collections.abc import Sequence

from pipeline.core.parity_report import ParityReport, TaskReport
from pipeline.parity.attribution import describe_unoptimized
from pipeline.parity.gate import describe_exempt


def format_summary(report: ParityReport) -> str:
    """One line for a gate that has passed."""
    used = f", {report.used:.2%} of what is allowed" if report.used is not None else ""
    largest = f", largest difference {report.max_abs:.3g}" if report.max_abs is not None else ""
    task = f"; {format_task(report.task)}" if report.task else ""
    unvarying = (
        f"; {_list(report.unvarying)} hardly varies from row to row: compared at a tenth of what is allowed"
        if report.unvarying
        else ""
    )
    remark = describe_unoptimized(report.comparisons, report.unoptimized)
    optimizer = f"; {remark}" if remark else ""
    return f"passed: {len(report.comparisons)} comparisons, {report.values:,} values{largest}{used}{task}{unvarying}{optimizer}{describe_exempt(report.exempt)}"


def _list(names: Sequence[str]) -> str:
    return " and ".join(repr(name) for name in names)


def format_task(task: TaskReport) -> str:
    """The metric of the published graph beside PyTorch's, and how many rows changed their answer, with the bound."""
    scores = f"{task.metric} {task.simplify:.4f} (PyTorch {task.eager:.4f})"
    published = task.paired["simplify"]
    changed = f"{published.changed} of {task.rows:,} rows changed"
    if published.bound_of == "loss":
        return f"{scores}, {changed}"
    return f"{scores}, {changed}, at most {published.bound:.2%} get worse"
