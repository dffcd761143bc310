import re

import pytest

import sample_reports as samples
from pipeline.core.task_detail import TaskDetail
from pipeline.parity.page.svg import PANEL
from pipeline.parity.page.task_charts import LETTERS, draw_confusion, draw_residuals, draw_values
from pipeline.parity.page.task_section import render_task
from sample_reports import CLASS, CONFUSION, TASK, VALUES


def detail(confusion: list[list[int]] | None = None, labels: list[str] | None = None) -> TaskDetail:
    counts = confusion or CONFUSION["confusion"]
    names = labels or [str(number) for number in range(len(counts))]
    return TaskDetail.model_validate({"classes": [{**CLASS, "label": name} for name in names], "confusion": counts})


def diagonal(classes: int) -> list[list[int]]:
    return [[9 * (target == answer) for answer in range(classes)] for target in range(classes)]


def texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def dots(svg: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"M([-\d.]+) ([-\d.]+)h0", svg)]


def test_every_cell_has_its_count():
    svg = draw_confusion(detail())
    assert re.findall(r'class="count[^"]*">(\d+)', svg) == ["28", "12", "4", "56"]


def test_right_and_wrong_answers_have_other_colors():
    svg = draw_confusion(detail([[3, 1], [0, 2]]))
    kinds = re.findall(r'<rect class="([^"]*)"', svg)
    assert kinds == ["cell", "cell wrong", "cell empty", "cell"]


def test_a_cell_is_as_full_as_its_share_of_the_targets_rows():
    svg = draw_confusion(detail([[90, 10], [1, 1]]))
    depths = [float(depth) for depth in re.findall(r'fill-opacity="([\d.]+)"', svg)]
    assert depths[0] > depths[2] == depths[3] > depths[1]


def test_the_label_says_how_many_are_right():
    assert 'aria-label="Confusion matrix of 2 classes: 84 of 100 rows are on the diagonal"' in draw_confusion(detail())


def test_long_labels_are_cut():
    svg = draw_confusion(detail(labels=["a" * 40, "b"]))
    assert "a" * (LETTERS - 1) + "…" in texts(svg)


def test_names_of_columns_are_turned_where_they_do_not_stand_side_by_side():
    names = [f"class {number}" for number in range(12)]
    assert draw_confusion(detail(diagonal(12), names)).count("rotate(-50)") == 12
    assert "rotate(-50)" not in draw_confusion(detail(diagonal(3)))


@pytest.mark.parametrize(("classes", "written"), [(10, True), (50, False)])
def test_counts_are_written_where_there_is_room(classes, written):
    assert ('class="count' in draw_confusion(detail(diagonal(classes)))) == written


def test_of_many_labels_some_are_written():
    names = [text for text in texts(draw_confusion(detail(diagonal(50)))) if text.isdigit()]
    assert 10 < len(names) / 2 < 26


def test_many_counts_take_few_bytes():
    assert len(draw_confusion(detail(diagonal(50)))) < 250_000


def test_answers_that_equal_their_target_stand_on_the_diagonal():
    for x, y in dots(draw_values([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])):
        across = (x - PANEL.left) / (PANEL.right - PANEL.left)
        assert (PANEL.bottom - y) / (PANEL.bottom - PANEL.top) == pytest.approx(across, abs=0.002)


def test_a_residual_above_zero_is_an_answer_above_its_target():
    middle = (PANEL.top + PANEL.bottom) / 2
    (_, above), (_, below) = dots(draw_residuals([[1.0, 2.0], [3.0, 2.5]]))
    assert above < middle < below


@pytest.mark.parametrize("points", [[[0.0, 0.0]], [[5.0, 5.0]] * 3, [[1e300, -1e300]], [[1e-30, 2e-30]]])
@pytest.mark.parametrize("draw", [draw_values, draw_residuals])
def test_every_point_is_within_the_frame(draw, points):
    for x, y in dots(draw(points)):
        assert PANEL.left <= x <= PANEL.right
        assert PANEL.top <= y <= PANEL.bottom


def test_the_section_has_a_line_for_each_class():
    html = render_task(samples.parity(task=TASK, task_detail=CONFUSION), None)
    assert re.findall(r'<th scope="row">(no|yes)</th><td>(\d+)</td><td>0.875</td><td>0.7</td><td>0.778', html) == [
        ("no", "40"),
        ("yes", "60"),
    ]


def test_the_section_of_classes_has_a_confusion_matrix():
    assert render_task(samples.parity(task=TASK, task_detail=CONFUSION), None).count("<svg") == 1


def test_the_section_of_many_classes_has_none():
    html = render_task(samples.parity(task=TASK, task_detail={"classes": [CLASS]}), None)
    assert "By class" in html
    assert "<svg" not in html


def test_the_section_of_values_has_answers_and_residuals():
    html = render_task(samples.parity(task=TASK, task_detail=VALUES), None)
    assert re.findall(r"<figcaption>([^<]*)", html) == ["Answer against target", "Residual against answer"]


def test_a_task_without_detail_is_its_metric_alone():
    assert "<h3" not in render_task(samples.parity(task=TASK), None)
