"""Training curves: loss and metric of each epoch, the best one marked."""

import math
from collections.abc import Mapping, Sequence

from pipeline.core.reports import TrainReport
from pipeline.parity.page.markup import Markup, number
from pipeline.parity.page.svg import Frame, Place, line, scale, span, ticks, words
from pipeline.registry.pictures.canvas import INNER, Picture, place, write

PANEL = Frame(232, 180, left=38.0, right=226.0, top=12.0, bottom=146.0)
GAP = 20.0
HEAD = 20.0
SPLITS = ("train", "validation")
# The largest value over the smallest, from which the scale is logarithmic.
SPREAD = 30.0


def picture_training(curves: Sequence[Mapping[str, float]], train: TrainReport) -> Picture | None:
    """Two panels, or one where training reported no metric; None without training."""
    if len(curves) < 2:
        return None
    charts = []
    for quantity, name in (("loss", "loss"), ("metric", train.metric or "metric")):
        series = {split: _read(curves, f"{split}_{quantity}") for split in SPLITS}
        if any(series.values()):
            charts.append((name, draw_curves(series, train.best_epoch, name)))
    if not charts:
        return None
    width = (INNER - GAP) / 2 if len(charts) > 1 else INNER
    parts: list[Markup] = []
    for column, (name, chart) in enumerate(charts):
        left = column * (width + GAP)
        parts += [write(name, (left, 12), kind="strong"), place(chart, (left, HEAD), width)]
    return Picture(
        "training",
        _headline(train) or f"{len(curves)} epochs of training",
        f"{len(curves)} epochs; the solid line is the validation split, the dashed one the training split.",
        HEAD + width * PANEL.height / PANEL.width,
        parts,
    )


def draw_curves(series: Mapping[str, Sequence[tuple[float, float]]], best: int | None, name: str) -> Markup:
    """[epoch, value] of each split as a line; a point and an upright line mark the best epoch."""
    epochs = [epoch for points in series.values() for epoch, _ in points]
    first, last = min(epochs), max(*epochs, min(epochs) + 1)
    x = scale(first, last, PANEL.left, PANEL.right)
    levels, y = _choose_scale([value for points in series.values() for _, value in points])
    whole = [tick for tick in ticks(first, last) if tick == round(tick)]
    parts = [*PANEL.columns(whole, x), *PANEL.levels(levels, y)]
    if best is not None and first <= best <= last:
        parts.append(line((x(best), PANEL.top), (x(best), PANEL.bottom), "diagonal"))
        parts.append(words((min(x(best), PANEL.width - 12), PANEL.top - 4), "best"))
    for split, points in series.items():
        path = "L".join(f"{x(epoch):.1f} {y(value):.1f}" for epoch, value in points)
        parts.append(Markup(f'<path class="curve {split}" d="M{path}"/>'))
        if split == "validation":
            marks = [(x(epoch), y(value)) for epoch, value in points if epoch == best]
            parts += [Markup(f'<circle class="mark" cx="{left:.1f}" cy="{top:.1f}" r="3.5"/>') for left, top in marks]
    parts += PANEL.titles("epoch")
    return PANEL.draw(parts, f"{name} by epoch")


def _choose_scale(values: Sequence[float]) -> tuple[list[float], Place]:
    """Numbers at the levels, and where a value stands: by its logarithm where values are of several orders of magnitude."""
    if min(values) <= 0 or max(values) / min(values) < SPREAD:
        low, high = span(values)
        return ticks(low, high), scale(low, high, PANEL.bottom, PANEL.top)
    low, high = span([math.log10(value) for value in values])
    place_logarithm = scale(low, high, PANEL.bottom, PANEL.top)
    decades = range(math.ceil(low), math.floor(high) + 1)
    return [10.0**power for power in decades], lambda value: place_logarithm(math.log10(value))


def _read(curves: Sequence[Mapping[str, float]], column: str) -> list[tuple[float, float]]:
    return [(row["epoch"], row[column]) for row in curves if column in row and math.isfinite(row[column])]


def _headline(train: TrainReport) -> str:
    if train.best_epoch is None or train.validation_loss is None:
        return ""
    metric = f", {train.metric} {number(train.validation_metric)}" if train.metric else ""
    return f"Best epoch {train.best_epoch}: validation loss {number(train.validation_loss)}{metric}"
