"""Parity: how large the errors of each output are, and where they stand between their limits."""

from pipeline.core.parity_report import ParityReport
from pipeline.parity.page.charts import draw_errors, draw_histogram
from pipeline.parity.page.markup import Markup, share
from pipeline.parity.page.svg import Frame
from pipeline.registry.pictures.canvas import INNER, Picture, place, write

PANEL = Frame(232, 180, left=44.0, right=226.0, top=12.0, bottom=144.0)
GAP, HEAD, FOOT = 20.0, 40.0, 14.0
# Outputs that are drawn: those that use most of what is allowed.
DRAWN = 3


def picture_parity(parity: ParityReport) -> Picture | None:
    """Two panels for each output with a tolerance; None where no output has one."""
    if parity.evidence is None or not parity.evidence.outputs or parity.used is None:
        return None
    outputs, stage = parity.evidence.outputs, parity.evidence.stage
    worst = sorted(outputs, key=lambda name: -max(map(abs, outputs[name].used), default=0.0))[:DRAWN]
    width = (INNER - GAP) / 2
    height = HEAD + width * PANEL.height / PANEL.width + FOOT
    parts: list[Markup] = []
    for row, name in enumerate(worst):
        top = row * height
        histogram = draw_histogram(outputs[name].histograms, stage, name, PANEL)
        parts += [
            write(name, (0, top + 12), kind="strong"),
            write("how large the errors are", (0, top + 32), kind="quiet"),
            place(histogram, (0, top + HEAD), width),
            write("each error between its limits", (width + GAP, top + 32), kind="quiet"),
            place(draw_errors(outputs[name], name, PANEL), (width + GAP, top + HEAD), width),
        ]
    others = f" The {len(worst)} outputs that use most of it." if len(outputs) > len(worst) else ""
    within = "within" if parity.used <= 1 else "not within what is allowed: the largest is"
    title = f"Every error is {within} {share(parity.used)}" + (" of what is allowed" if parity.used <= 1 else "")
    return Picture(
        "parity",
        title,
        f"{parity.values:,} values of the graphs in onnxruntime {parity.onnxruntime} against PyTorch's, to the golden calls and the test "
        f"split.{others}",
        height * len(worst),
        parts,
    )
