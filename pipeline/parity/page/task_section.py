"""The task: the metric of the eager network, of each graph and of .NET, row for row."""

from pipeline.core.dotnet_report import DotnetReport
from pipeline.core.parity_report import PairedScore, ParityReport
from pipeline.core.task_detail import TaskDetail
from pipeline.parity.page.markup import Markup, number, row, section, share, table, tag
from pipeline.parity.page.task_charts import draw_confusion, draw_residuals, draw_values


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
    detail = _break_down(parity.task_detail) if parity.task_detail else []
    scored = table(heads, rows, f"{task.metric} on the test rows")
    return section("task", title, tag("p", about), *problems, scored, *detail)


def _break_down(detail: TaskDetail) -> list[Markup]:
    """The simplified graph's answers by class, with the confusion matrix, or value by value."""
    if detail.points:
        charts = [("Answer against target", draw_values(detail.points))]
        charts.append(("Residual against answer", draw_residuals(detail.points)))
        figures = [tag("figure", tag("figcaption", title), chart) for title, chart in charts]
        return [tag("h3", "By row"), tag("div", *figures, class_="charts")]
    heads = ("class", "rows", "precision", "recall", "F1")
    rows = [
        row(tag("th", one.label, scope="row"), f"{one.support:,}", *map(number, (one.precision, one.recall, one.f1)))
        for one in detail.classes
    ]
    parts = [tag("div", table(heads, rows, "Scores by class of the simplified graph, on the test rows"))]
    if detail.confusion:
        caption = (
            "Rows of each target by the class answered; the fuller the color, the larger the share of the target's rows"
        )
        parts.append(tag("figure", tag("figcaption", caption), draw_confusion(detail)))
    return [tag("h3", "By class"), tag("div", *parts, class_="by-class")]


def _cells(name: str, value: float | None, paired: PairedScore | None) -> list[object]:
    cells = [tag("th", name, scope="row"), number(value)]
    if paired is None:
        return [*cells, "–", "–", "–", "–"]
    apart = "–" if paired.worse is None else f"{paired.better} / {paired.worse}"
    bound = share(paired.bound) if paired.bound_of == "worse rows" else number(paired.bound)
    return [*cells, number(paired.loss), f"{paired.changed:,}", apart, bound]
