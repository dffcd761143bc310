"""The task: the metric of the eager network, of each graph and of .NET, row for row."""

from pipeline.core.dotnet_report import DotnetReport
from pipeline.core.parity_report import PairedScore, ParityReport
from pipeline.parity.page.markup import Markup, number, row, section, share, table, tag


def render_task(parity: ParityReport, dotnet: DotnetReport | None) -> Markup | None:
    """The section; None where the model has no task."""
    task = parity.task
    if task is None:
        return None
    bound = next((f"{paired.bound_of}, at most" for paired in task.paired.values()), "bound")
    heads = ("answers of", task.metric, "loss", "changed rows", "better / worse", bound)
    scores = [("PyTorch", task.eager, None), ("export", task.export, task.paired.get("export"))]
    scores.append(("simplify", task.simplify, task.paired.get("simplify")))
    if dotnet and dotnet.task:
        scores.append((".NET", dotnet.task.dotnet, dotnet.task.paired))
    rows = [
        row(*_cells(name, value, paired), heads=heads, class_="failed" if name in task.problems else None)
        for name, value, paired in scores
    ]
    about = (
        f"On {task.rows:,} test rows; {task.direction} is better. A graph may lose {number(task.budget)} at most"
        + (f", and {number(task.rounding)} by rounding" if task.rounding else "")
        + ". The last column is an upper bound, at 95 % confidence: it is reported, and gates nothing."
    )
    problems = [tag("p", f"{stage}: {problem}", class_="remark") for stage, problem in task.problems.items()]
    title = f"Task: {task.metric}"
    return section("task", title, tag("p", about), *problems, table(heads, rows, f"{task.metric} on the test rows"))


def _cells(name: str, value: float | None, paired: PairedScore | None) -> list[object]:
    cells = [tag("th", name, scope="row"), number(value)]
    if paired is None:
        return [*cells, "–", "–", "–", "–"]
    apart = "–" if paired.worse is None else f"{paired.better} / {paired.worse}"
    bound = share(paired.bound) if paired.bound_of == "worse rows" else number(paired.bound)
    return [*cells, number(paired.loss), f"{paired.changed:,}", apart, bound]
