import re

import pytest

import sample_reports as samples
from pipeline.core.answer_evidence import ErrorHistogram, OutputEvidence
from pipeline.parity.page.charts import draw_errors, draw_histogram, draw_scatter, draw_series
from pipeline.parity.page.svg import PANEL, span, ticks

EVIDENCE = samples.EVIDENCE["outputs"]["y"]


def evidence(**changes: object) -> OutputEvidence:
    return OutputEvidence.model_validate({**EVIDENCE, **changes})


def histogram(equal: int, **counts: int) -> ErrorHistogram:
    bins = [0] * 16
    for name, count in counts.items():
        bins[int(name[1:])] = count
    return ErrorHistogram(equal=equal, counts=bins)


def dots(svg: str, kind: str = "dots") -> list[tuple[float, float]]:
    paths = re.findall(rf'class="{kind}" d="([^"]*)"', svg)
    return [tuple(map(float, point)) for path in paths for point in re.findall(r"M([-\d.]+) ([-\d.]+)h0", path)]


def test_a_column_for_each_bin_and_for_what_is_equal():
    svg = draw_histogram({"simplify": histogram(9, b3=5, b11=2)}, "simplify", "y")
    assert svg.count('class="column"') == 3


def test_columns_beyond_the_limit_are_red():
    svg = draw_histogram({"simplify": histogram(9, b11=5, b12=2, b15=1)}, "simplify", "y")
    assert (svg.count('class="column"'), svg.count('class="column over"')) == (2, 2)
    assert 'aria-label="Histogram of 17 errors of y: 9 values are equal, 3 are beyond the limit"' in svg


def test_another_graph_is_a_line_where_it_differs():
    one, other = histogram(9, b3=5), histogram(8, b3=6)
    assert 'class="other"' in draw_histogram({"export": other, "simplify": one}, "simplify", "y")
    assert 'class="other"' not in draw_histogram({"export": one, "simplify": one}, "simplify", "y")


def test_a_histogram_of_nothing():
    assert 'class="column"' not in draw_histogram({"simplify": histogram(0)}, "simplify", "y")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"expected": [1e300] * 3, "got": [-1e300] * 3},
        {"expected": [0.0] * 3, "got": [0.0] * 3},
        {"expected": [1e-30, 2e-30, 3e-30], "got": [1e-30, 2e-30, 3e-30]},
        {"used": [1e12, -1e12, 0.0]},
        {"expected": [5.0] * 3, "got": [5.0] * 3},
    ],
    ids=["plain", "huge", "zero", "tiny", "far beyond", "constant"],
)
@pytest.mark.parametrize("draw", [draw_scatter, draw_errors])
def test_every_point_is_in_the_frame(draw, changes):
    svg = draw(evidence(**changes), "y")
    points = dots(svg) + dots(svg, "dots over")
    assert len(points) == 3
    assert all(PANEL.left - 1 <= x <= PANEL.right + 1 and PANEL.top - 1 <= y <= PANEL.bottom + 1 for x, y in points)


def test_points_beyond_the_limit_are_red():
    assert len(dots(draw_errors(evidence(used=[0.5, -2.0, 3.0]), "y"), "dots over")) == 2


def test_what_is_equal_is_on_the_diagonal():
    svg = draw_scatter(evidence(expected=[0.0, 1.0, 2.0], got=[0.0, 1.0, 2.0]), "y")
    slope = (PANEL.bottom - PANEL.top) / (PANEL.right - PANEL.left)
    assert all(abs((PANEL.bottom - y) - slope * (x - PANEL.left)) < 0.2 for x, y in dots(svg))


def test_no_points_are_drawn_without_points():
    empty = evidence(expected=[], got=[], used=[])
    assert dots(draw_scatter(empty, "y")) == dots(draw_errors(empty, "y")) == []


def test_a_series_is_broken_where_there_is_no_number():
    assert draw_series([1.0, 2.0, None, 3.0, 4.0], "x").count("M") == 2


@pytest.mark.parametrize("values", [[], [None], [1.0], [3.0, 3.0]])
def test_a_short_series(values):
    assert "<path" in draw_series(values, "x")


@pytest.mark.parametrize("values", [[], [0.0], [-3.0], [1e-30, 1e30]])
def test_a_span_is_never_nothing(values):
    low, high = span(values)
    assert low < high


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-0.04, 1.04), (1e-9, 3e-9), (-1e6, 1e6), (0.97, 1.03)])
def test_three_to_five_round_numbers(low, high):
    marks = ticks(low, high)
    assert 2 <= len(marks) <= 5
    assert all(low - 1e-6 * (high - low) <= mark <= high + 1e-6 * (high - low) for mark in marks)
