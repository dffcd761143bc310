"""Drawings of one output: a histogram of errors, got against expected, and the error of each value against its limit."""

import math
from collections.abc import Sequence

from pipeline.core.answer_evidence import BINS_A_DECADE, HIGHEST, LOWEST, ErrorHistogram, OutputEvidence
from pipeline.parity.page.markup import Markup, number, tag
from pipeline.parity.page.svg import PANEL, Frame, dots, line, power_of_ten, rectangle, scale, span, ticks, words

# Bars before the histogram's own: the values that are equal, and a gap.
_BEFORE = 2
# The first bin that is beyond the limit.
_LIMIT = _BEFORE - LOWEST * BINS_A_DECADE


def draw_histogram(histograms: dict[str, ErrorHistogram], stage: str, output: str, frame: Frame = PANEL) -> Markup:
    """How many values use which share of what is allowed: bars for `stage`, a line for another graph where that differs."""
    heights = {name: [one.equal, 0, *one.counts] for name, one in histograms.items()}
    shown = heights.get(stage) or next(iter(heights.values()))
    most = max(1, *(max(counts) for counts in heights.values()))
    step = (frame.right - frame.left) / len(shown)
    top, limit = frame.top + 10, frame.left + step * _LIMIT

    def y(count: float) -> float:
        return frame.bottom - (frame.bottom - top) * math.log1p(count) / math.log1p(most)

    parts = [rectangle((limit, top), frame.right - limit, frame.bottom - top, "beyond")]
    decades = math.floor(math.log10(most)) + 1
    parts += frame.levels([10.0**power for power in range(0, decades, math.ceil(decades / 5))], y)
    for place, count in enumerate(shown):
        kind = "column over" if place >= _LIMIT else "column"
        if count:
            parts.append(rectangle((frame.left + place * step + 1, y(count)), step - 2, frame.bottom - y(count), kind))
    for name, counts in heights.items():
        if name != stage and counts != shown:
            corners = (
                f"{frame.left + place * step:.1f} {y(count):.1f}h{step:.1f}" for place, count in enumerate(counts)
            )
            parts.append(Markup(f'<path class="other" d="M{"L".join(corners)}"/>'))
    parts += [
        line((frame.left, frame.bottom), (frame.right, frame.bottom), "axis"),
        line((limit, frame.top - 4), (limit, frame.bottom), "limit"),
    ]
    parts += [
        words((limit - 4, frame.top + 4), "limit", "end", "limit-name"),
        words((frame.left + step / 2, frame.bottom + 14), "0"),
    ]
    for power in range(LOWEST + 2, HIGHEST + 1, 2):
        at = frame.left + step * (_BEFORE + (power - LOWEST) * BINS_A_DECADE)
        parts.append(words((min(at, frame.right - 8), frame.bottom + 14), power_of_ten(power)))
    parts += frame.titles("error as a share of what is allowed", "values")
    label = f"Histogram of {sum(shown):,} errors of {output}: {shown[0]:,} values are equal, {sum(shown[_LIMIT:]):,} are beyond the limit"
    return frame.draw(parts, label)


def draw_scatter(evidence: OutputEvidence, output: str, frame: Frame = PANEL) -> Markup:
    """Got against expected: on the diagonal they are equal."""
    low, high = span([*evidence.expected, *evidence.got])
    x, y = scale(low, high, frame.left, frame.right), scale(low, high, frame.bottom, frame.top)
    parts = [
        *frame.columns(ticks(low, high), x),
        *frame.levels(ticks(low, high), y),
        line((x(low), y(low)), (x(high), y(high)), "diagonal"),
    ]
    values = zip(evidence.expected, evidence.got, evidence.used, strict=True)
    parts += [
        *dots([(x(expected), y(got), abs(used) > 1) for expected, got, used in values]),
        *frame.titles("expected (PyTorch)", "got"),
    ]
    return frame.draw(parts, f"{len(evidence.expected)} values of {output}, got against expected")


def draw_errors(evidence: OutputEvidence, output: str, frame: Frame = PANEL) -> Markup:
    """The error of each value as a share of what it may be, against the value expected; 1 and -1 are the limits."""
    low, high = span(evidence.expected)
    worst = max((abs(used) for used in evidence.used), default=0.0)
    most = max(1.15, 1.08 * worst)
    x, y = scale(low, high, frame.left, frame.right), scale(-most, most, frame.bottom, frame.top)
    parts = [rectangle((frame.left, frame.top), frame.right - frame.left, y(1) - frame.top, "beyond")]
    parts += [
        rectangle((frame.left, y(-1)), frame.right - frame.left, frame.bottom - y(-1), "beyond"),
        *frame.columns(ticks(low, high), x),
    ]
    parts += frame.levels([-worst, 0.0, worst] if most > 4 else [-1.0, 0.0, 1.0], y)
    parts += [line((frame.left, y(limit)), (frame.right, y(limit)), "limit") for limit in (-1.0, 1.0)]
    values = zip(evidence.expected, evidence.used, strict=True)
    parts += [*dots([(x(expected), y(used), abs(used) > 1) for expected, used in values])]
    parts += frame.titles("expected (PyTorch)", "error / allowed")
    label = f"Errors of {len(evidence.used)} values of {output} as shares of what is allowed: the largest is {number(worst)}"
    return frame.draw(parts, label)


def draw_series(values: Sequence[float | None], name: str) -> Markup:
    """A series as a line; where there is no number it is broken."""
    width, height = 260, 72
    low, high = span([value for value in values if value is not None])
    x, y = scale(0, max(len(values) - 1, 1), 3, width - 3), scale(low, high, height - 3, 3)
    path, pen = [], "M"
    for place, value in enumerate(values):
        if value is not None:
            path.append(f"{pen}{x(place):.1f} {y(value):.1f}")
        pen = "M" if value is None else "L"
    label = f"{name}: a line of {len(values)} values from {number(low)} to {number(high)}"
    drawn = Markup(f'<path d="{"".join(path)}"/>')
    return tag("svg", drawn, viewBox=f"0 0 {width} {height}", class_="line", role="img", aria_label=label)
