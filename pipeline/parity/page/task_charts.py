"""Drawings of the task: the confusion matrix, and answers and residuals against the target."""

import math
from collections.abc import Sequence

from pipeline.core.task_detail import TaskDetail
from pipeline.parity.page.markup import Markup, number, tag
from pipeline.parity.page.svg import PANEL, Frame, dots, line, rectangle, scale, span, ticks, words

# Of a confusion matrix: its width, the largest cell, and the smallest in which a count or a label can be read.
WIDTH, LARGEST, READABLE = 360.0, 84.0, 15.0
# Letters of a label, and the width of one.
LETTERS, LETTER = 12, 6.2
# How full a cell's color is: with one row of many, and with all of them; beyond FULL its count is in the paper's color.
PALEST, FULLEST, FULL = 0.18, 0.95, 0.75


def draw_confusion(detail: TaskDetail, width: float = WIDTH) -> Markup:
    """Rows of each target by the class that was answered; the fuller a cell's color, the larger its share of the target's rows."""
    labels = [_shorten(one.label) for one in detail.classes]
    frame = lay_out_confusion(detail, width)
    cell = (frame.right - frame.left) / len(labels)
    parts: list[Markup] = []
    for target, counts in enumerate(detail.confusion):
        for answer, count in enumerate(counts):
            corner = (frame.left + answer * cell, frame.top + target * cell)
            parts += _draw_cell(corner, cell, count, sum(counts), answer == target)
    every = math.ceil(READABLE / cell)
    for place in range(0, len(labels), every):
        middle = (place + 0.5) * cell
        parts.append(words((frame.left - 6, frame.top + middle + 4), labels[place], "end"))
        parts.append(_name_column((frame.left + middle, frame.bottom + 14), labels[place], _are_level(labels, cell)))
    parts += frame.titles("class answered", "target")
    right = sum(row[place] for place, row in enumerate(detail.confusion))
    rows = sum(map(sum, detail.confusion))
    return frame.draw(
        parts, f"Confusion matrix of {len(labels)} classes: {right:,} of {rows:,} rows are on the diagonal"
    )


def lay_out_confusion(detail: TaskDetail, width: float = WIDTH) -> Frame:
    """Where the matrix lies in its drawing: rows of one height, from `top` to `bottom`."""
    labels = [_shorten(one.label) for one in detail.classes]
    letters = LETTER * max(map(len, labels))
    left = 30.0 + letters
    cell = min(LARGEST, (width - left - 6) / len(labels))
    size = cell * len(labels)
    names = 36 if _are_level(labels, cell) else 30 + 0.8 * letters
    return Frame(width, height=8 + size + names, left=left, right=left + size, top=8.0, bottom=8 + size)


def draw_values(points: Sequence[Sequence[float]], frame: Frame = PANEL) -> Markup:
    """Answer against target: on the diagonal they are equal."""
    low, high = span([value for point in points for value in point])
    x, y = scale(low, high, frame.left, frame.right), scale(low, high, frame.bottom, frame.top)
    parts = [
        *frame.columns(ticks(low, high), x),
        *frame.levels(ticks(low, high), y),
        line((x(low), y(low)), (x(high), y(high)), "diagonal"),
        *dots([(x(target), y(answer), False) for target, answer in points]),
        *frame.titles("target", "answer"),
    ]
    return frame.draw(parts, f"{len(points):,} answers against their target")


def draw_residuals(points: Sequence[Sequence[float]], frame: Frame = PANEL) -> Markup:
    """By how much each answer is more than its target, against the answer."""
    residuals = [answer - target for target, answer in points]
    low, high = span([answer for _, answer in points])
    most = max(map(abs, residuals), default=0.0) * 1.08 or 1.0
    x, y = scale(low, high, frame.left, frame.right), scale(-most, most, frame.bottom, frame.top)
    parts = [
        *frame.columns(ticks(low, high), x),
        *frame.levels(ticks(-most, most), y),
        line((frame.left, y(0)), (frame.right, y(0)), "diagonal"),
        *dots([(x(answer), y(residual), False) for (_, answer), residual in zip(points, residuals, strict=True)]),
        *frame.titles("answer", "answer − target"),
    ]
    largest = number(max(map(abs, residuals), default=0.0))
    return frame.draw(parts, f"{len(points):,} residuals against the answer: the largest is {largest}")


def _draw_cell(corner: tuple[float, float], size: float, count: int, rows: int, right: bool) -> list[Markup]:
    if not count:
        return [rectangle((corner[0] + 0.5, corner[1] + 0.5), size - 1, size - 1, "cell empty")]
    depth = PALEST + (FULLEST - PALEST) * count / rows
    place = f'x="{corner[0] + 0.5:.1f}" y="{corner[1] + 0.5:.1f}" width="{size - 1:.1f}" height="{size - 1:.1f}"'
    kind = "cell" if right else "cell wrong"
    drawn = [Markup(f'<rect class="{kind}" {place} fill-opacity="{depth:.2f}"/>')]
    written = f"{count:,}"
    if max(READABLE, LETTER * len(written) + 2) <= size:
        middle = (corner[0] + size / 2, corner[1] + size / 2 + 4)
        drawn.append(words(middle, written, kind="count on" if depth > FULL else "count"))
    return drawn


def _are_level(labels: Sequence[str], cell: float) -> bool:
    """Whether the names of columns have room side by side."""
    return LETTER * max(map(len, labels)) <= cell


def _name_column(at: tuple[float, float], label: str, level: bool) -> Markup:
    if level:
        return words(at, label)
    turned = f"translate({at[0] + 4:.1f} {at[1] - 6:.1f}) rotate(-50)"
    return tag("text", label, transform=turned, text_anchor="end")


def _shorten(label: str) -> str:
    return label if len(label) <= LETTERS else f"{label[: LETTERS - 1]}…"
