import re

import pytest

import sample_reports as samples
from pipeline.registry.pictures.canvas import draw_png
from pipeline.registry.pictures.rows_picture import INPUTS, LINES, ROWS, picture_rows
from sample_reports import ANSWER, EVIDENCE, PICTURE

LINE = {"name": "series", "kind": "line", "shape": [4], "values": [0.0, 1.0, "nan", "true"]}
TEXT = {"name": "text", "kind": "text", "shape": [], "texts": ["A sentence of more than a few letters."]}
VALUE = {"name": "age", "kind": "values", "shape": [], "values": [63]}


def picture(inputs=(PICTURE,), answers=(ANSWER,), rows=1):
    row = {"case": "test", "row": 7, "inputs": list(inputs), "answers": list(answers)}
    return picture_rows(samples.parity(evidence={**EVIDENCE, "rows": [row] * rows}), samples.contract())


def text(drawn) -> str:
    return "".join(drawn.parts)


def test_expected_got_and_difference_of_each_value():
    cells = re.findall(r">([^<]+)</text>", text(picture()))
    assert cells[-8:] == ["y: no", "0.25", "0.25", "=", "y: yes", "0.75", "0.75", "1×10⁻⁷"]


def test_a_picture_is_drawn_as_one():
    assert f'href="data:image/png;base64,{PICTURE["png"]}"' in text(picture())


def test_a_series_is_drawn_as_a_line():
    assert 'class="line"' in text(picture([LINE]))


def test_a_text_is_wrapped():
    assert "A sentence of more than" in text(picture([TEXT]))


def test_a_value_stands_beside_its_name():
    assert ">age<" in text(picture([VALUE]))
    assert ">63<" in text(picture([VALUE]))


def test_of_many_inputs_the_first_are_drawn():
    assert "and 3 more" in text(picture([VALUE] * (INPUTS + 3)))


def test_of_many_rows_the_worst_are_drawn():
    assert text(picture(rows=ROWS + 2)).count("test, row 7") == ROWS


def test_of_many_values_a_few_are_drawn():
    answers = [{**ANSWER, "output": f"y{number}"} for number in range(9)]
    assert len(re.findall(r">y\d: ", text(picture(answers=answers)))) == LINES


def test_what_is_beyond_its_limit_is_red():
    assert 'class="bad"' in text(picture(answers=[{**ANSWER, "used": 3.0}]))
    assert 'class="bad"' not in text(picture())


@pytest.mark.parametrize("inputs", [[LINE], [TEXT], [VALUE], [PICTURE, LINE, TEXT, VALUE]])
def test_any_row_becomes_a_file(inputs):
    assert draw_png(picture(inputs)).startswith(b"\x89PNG")


def test_rows_that_are_all_equal_have_no_picture():
    assert picture(answers=[{**ANSWER, "differs": False}]) is None
    assert picture_rows(samples.parity(evidence=None), samples.contract()) is None
