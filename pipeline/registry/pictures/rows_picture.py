"""The worst rows: what went in, beside what PyTorch and the graph answered."""

from collections.abc import Sequence

from pipeline.core.answer_evidence import AnswerView, ValueView, WorstRow
from pipeline.core.contract import Contract
from pipeline.core.parity_report import ParityReport
from pipeline.parity.page.charts import draw_series
from pipeline.parity.page.markup import Markup, number, scalar, share
from pipeline.parity.page.rows_section import as_height, choose_places, name_place, name_value, subtract
from pipeline.registry.pictures.canvas import INNER, STEP, TEXT, Picture, cut, place, wrap, write, write_lines

# Rows that are drawn, and inputs and lines of answers of each.
ROWS, INPUTS, LINES = 4, 5, 5
SQUARE = 88.0
# Where inputs end, and where the columns of the answers end: the output's or the class's name begins the first.
LEFT = 215.0
COLUMNS = (490.0, 585.0, INNER)
HEADS = ("expected", "got", "difference")


def picture_rows(parity: ParityReport, contract: Contract) -> Picture | None:
    """The rows that come closest to their limit, the worst first; None where no answer differs."""
    rows = parity.evidence.rows if parity.evidence else []
    if not any(answer.differs for row in rows for answer in row.answers):
        return None
    labels = {tensor.name: tensor.labels for tensor in contract.outputs}
    parts: list[Markup] = []
    top = 0.0
    for row in rows[:ROWS]:
        drawn, height = _draw_row(row, labels, top)
        parts += drawn
        top += height
    stage = parity.evidence.stage if parity.evidence else ""
    return Picture(
        "worst-rows",
        "The rows whose answers come closest to their limit",
        f"What went in, and what PyTorch and the graph of {stage} answered, the worst first.",
        top,
        parts,
    )


def _draw_row(row: WorstRow, labels: dict[str, list[str]], top: float) -> tuple[list[Markup], float]:
    used = [answer.used for answer in row.answers if answer.used is not None]
    head = share(max(used, default=0.0)) + ("" if max(used, default=0.0) > 1 else " of what is allowed")
    parts = [
        Markup(f'<path class="rule" d="M0 {top:.1f}h{INNER:.0f}"/>'),
        write(f"{row.case}, row {row.row}", (0, top + 22), kind="strong"),
        *(write(text, (end, top + 22), anchor="end", kind="quiet") for text, end in zip(HEADS, COLUMNS, strict=True)),
        write(head, (LEFT, top + 22), kind="quiet"),
    ]
    went_in, left = _draw_inputs(row.inputs, top + 32)
    came_out, right = _draw_answers(row.answers, labels, top + 32)
    return [*parts, *went_in, *came_out], 32 + max(left, right) + 14


def _draw_inputs(inputs: Sequence[ValueView], top: float) -> tuple[list[Markup], float]:
    """The first INPUTS of them, and how many pixels they take."""
    parts: list[Markup] = []
    height = 0.0
    for view in inputs[:INPUTS]:
        at = top + height
        if view.kind == "picture":
            image = f'x="0" y="{at + 4:.1f}" width="{SQUARE:.0f}" height="{SQUARE:.0f}" preserveAspectRatio="xMinYMin"'
            parts.append(
                Markup(f'<image {image} style="image-rendering: pixelated" href="data:image/png;base64,{view.png}"/>')
            )
            height += SQUARE + 8
        elif view.kind == "line":
            values = [as_height(value) for value in view.values]
            parts.append(write(view.name, (0, at + TEXT), kind="quiet"))
            parts.append(place(draw_series(values, view.name), (0, at + STEP), LEFT - 30))
            height += STEP + 60
        elif view.kind == "text" and sum(map(len, view.texts)) > 16:
            lines = wrap(" / ".join(view.texts), LEFT - 30)
            parts.append(write_lines(lines, (0, at + TEXT), STEP))
            height += STEP * len(lines) + 4
        else:
            written = ", ".join(view.texts or map(scalar, view.values)) or "(empty)"
            parts += [write(cut(view.name, 100), (0, at + TEXT), kind="quiet")]
            parts.append(write(cut(written, 110), (LEFT - 30, at + TEXT), anchor="end"))
            height += STEP
    if len(inputs) > INPUTS:
        parts.append(write(f"and {len(inputs) - INPUTS} more", (0, top + height + TEXT), kind="quiet"))
        height += STEP
    return parts, height


def _draw_answers(
    answers: Sequence[AnswerView], labels: dict[str, list[str]], top: float
) -> tuple[list[Markup], float]:
    """LINES values of the answers, and how many pixels they take."""
    lines: list[tuple[str, list[str], bool]] = []
    for answer in answers:
        names = labels.get(answer.output, [])
        for spot in choose_places(answer):
            expected, got = answer.expected[spot], answer.got[spot]
            apart = subtract(expected, got)
            difference = "=" if expected == got else "≠" if apart is None else number(apart)
            name = answer.output if answer.size == 1 else f"{answer.output}: {name_place(answer, spot, names)}"
            beyond = expected != got and (answer.used is None or answer.used > 1)
            lines.append((name, [name_value(expected, names), name_value(got, names), difference], beyond))
    parts: list[Markup] = []
    for place_of_line, (name, cells, beyond) in enumerate(lines[:LINES]):
        at = top + place_of_line * STEP + TEXT
        kind = "bad" if beyond else None
        parts.append(write(cut(name, 210), (LEFT, at), kind="quiet"))
        for text, end in zip(cells, COLUMNS, strict=True):
            parts.append(write(cut(text, 92), (end, at), anchor="end", kind=kind))
    return parts, STEP * min(len(lines), LINES)
