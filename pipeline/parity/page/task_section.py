"""The task: the metric of the eager network, of each graph and of .NET, row for row."""

from pipeline.core.dotnet_report import DotnetReport
from pipeline.core.parity_report import PairedScore, ParityReport
from pipeline.parity.page.markup import Markup, number, row, section, table, tag


def render_task(parity: ParityReport, dotnet: DotnetReport | None) -> Markup | None:
    """The section; None where the model has no task."""
    task = parity.task
    if task is None:
        return None
    heads = ("answers of", task.metric, "loss", "changed rows", "better / worse", "bound (95 %)")
    scores = [("PyTorch", task.eager, None), ("export", task.export, task.paired.get("export"))]
    scores.append(("simplify", task.simplify, task.paired.get("simplify")))
    if dotnet and dotnet.task:
        scores.append((".NET", dotnet.task.dotnet, dotnet.task.paired))
    rows = [_row(name, value, paired, bad=name in task.problems) for name, value, paired in scores]
    about = (
        f"On {task.rows:,} test rows; {task.direction} is better. A graph may lose {number(task.budget)}"
        + (f", and {number(task.rounding)} by rounding" if task.rounding else "")
        + ". The bound is reported, not gated."
    )
    problems = [tag("p", f"{stage}: {problem}", class_="remark") for stage, problem in task.problems.items()]
    title = f"Task: {task.metric}"
    return section("task", title, tag("p", about), *problems, table(heads, rows, f"{task.metric} on the test rows"))


def _row(name: str, value: float | None, paired: PairedScore | None, *, bad: bool) -> Markup:
    cells: list[object] = [number(value), "–", "–", "–", "–"]
    if paired:
        apart = "–" if paired.worse is None else f"{paired.better} / {paired.worse}"
        of = "of rows get worse" if paired.bound_of == "worse rows" else "loss"
        bound = (
            f"{number(100 * paired.bound)} % {of}"
            if paired.bound_of == "worse rows"
            else f"{of} {number(paired.bound)}"
        )
        cells = [number(value), number(paired.loss), f"{paired.changed:,}", apart, bound]
    return row(tag("th", name, scope="row"), *cells, class_="failed" if bad else None)
