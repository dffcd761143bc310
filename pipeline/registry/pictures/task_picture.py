"""The task: the confusion matrix of classes, answers and residuals of values."""

from pipeline.core.parity_report import ParityReport, TaskReport
from pipeline.core.task_detail import TaskDetail
from pipeline.parity.page.markup import number
from pipeline.parity.page.svg import Frame
from pipeline.parity.page.task_charts import draw_confusion, draw_residuals, draw_values, lay_out_confusion
from pipeline.registry.pictures.canvas import INNER, Picture, place, write

PANEL = Frame(232, 200, left=44.0, right=226.0, top=12.0, bottom=164.0)
GAP, HEAD = 20.0, 20.0
# A confusion matrix takes so many pixels of the picture's width, beside the scores of each class; without them, all.
MATRIX = 470.0
# Rows lower than this have no room for scores beside them.
LOWEST_ROW = 17.0
# How far from the matrix their columns end.
ENDS = (80.0, 178.0)


def picture_task(parity: ParityReport) -> Picture | None:
    """None where the model has no task, or none by class or value."""
    if parity.task is None or parity.task_detail is None:
        return None
    if parity.task_detail.confusion:
        return _picture_confusion(parity.task, parity.task_detail)
    return _picture_residuals(parity.task, parity.task_detail) if parity.task_detail.points else None


def _picture_confusion(task: TaskReport, detail: TaskDetail) -> Picture:
    frame = lay_out_confusion(detail)
    row = (frame.bottom - frame.top) / len(detail.classes) * MATRIX / frame.width
    width, top = (MATRIX, HEAD) if row >= LOWEST_ROW else (INNER, 0.0)
    parts = [place(draw_confusion(detail), (0, top), width)]
    ends = [frame.right * width / frame.width + end for end in ENDS]
    if top:
        parts += [
            write(name, (end, 12), anchor="end", kind="quiet")
            for name, end in zip(("recall", "precision"), ends, strict=True)
        ]
    for number_of_row, one in enumerate(detail.classes if top else []):
        at = top + frame.top * width / frame.width + (number_of_row + 0.5) * row + 5
        cells = (number(one.recall if one.support else None), number(one.precision))
        parts += [write(text, (end, at), anchor="end") for text, end in zip(cells, ends, strict=True)]
    right = sum(counts[column] for column, counts in enumerate(detail.confusion))
    return Picture(
        "confusion",
        f"{right:,} of {task.rows:,} test rows get the right class",
        f"Confusion matrix: rows of each target by the class answered; {_name_metric(task)}. The fuller the color, the larger the share of "
        "the target's rows; red is wrong.",
        top + frame.height * width / frame.width,
        parts,
    )


def _picture_residuals(task: TaskReport, detail: TaskDetail) -> Picture:
    width = (INNER - GAP) / 2
    points = detail.points
    middle = sorted(abs(answer - target) for target, answer in points)[len(points) // 2]
    shown = "" if len(points) == task.rows else f" {len(points):,} of {task.rows:,} rows are drawn."
    return Picture(
        "residuals",
        f"Half of the answers are within {number(middle)} of their target",
        f"Answers to the test split; {_name_metric(task)}. On the dashed line the answer is the target.{shown}",
        HEAD + width * PANEL.height / PANEL.width,
        [
            write("Answer against target", (0, 12), kind="strong"),
            place(draw_values(points, PANEL), (0, HEAD), width),
            write("Residual against answer", (width + GAP, 12), kind="strong"),
            place(draw_residuals(points, PANEL), (width + GAP, HEAD), width),
        ],
    )


def _name_metric(task: TaskReport) -> str:
    return f"{task.metric} {number(task.simplify if task.simplify is not None else task.eager)}"
