import re

import sample_reports as samples
from pipeline.parity.page.rows_section import render_rows
from sample_reports import ANSWER, EVIDENCE, PICTURE

LABEL = {
    **ANSWER,
    "output": "label",
    "size": 1,
    "used": None,
    "differs": False,
    "places": [[]],
    "expected": [1],
    "got": [1],
}


def rows(*inputs: dict, answers: tuple = (ANSWER,), outputs: list | None = None) -> str:
    row = {"case": "test", "row": 7, "inputs": list(inputs), "answers": list(answers)}
    report = samples.parity(evidence={**EVIDENCE, "rows": [row]})
    model = samples.contract(outputs=outputs or samples.CONTRACT["outputs"])
    return render_rows(report, model)


def lines(html: str) -> list[list[str]]:
    body = html.partition("</thead>")[2]
    return [re.sub("<[^>]*>", " ", line).split() for line in re.findall(r"<tr[^>]*>(.*?)</tr>", body)]


def test_nothing_without_rows():
    assert render_rows(samples.parity(evidence=None), samples.contract()) is None
    assert render_rows(samples.parity(evidence={**EVIDENCE, "rows": []}), samples.contract()) is None


def test_a_card_says_where_the_row_is_and_how_close_it_came():
    html = rows(PICTURE)
    assert "test, row 7" in html
    assert "2 % of what is allowed" in html


def test_pixels_are_a_picture():
    assert f'<img src="data:image/png;base64,{PICTURE["png"]}" alt="x, 8×8; black is 0, white 1">' in rows(PICTURE)


def test_text_is_text():
    html = rows({"name": "x", "kind": "text", "shape": [], "texts": ["It was < good, and that is what it was."]})
    assert "<blockquote>It was &lt; good, and that is what it was.</blockquote>" in html


def test_a_series_is_a_line():
    html = rows({"name": "x", "kind": "line", "shape": [40], "values": [1.0, "nan", 2.0, "true"]})
    assert 'aria-label="x: a line of 4 values' in html


def test_columns_are_names_and_values():
    views = [
        {"name": name, "kind": "values", "shape": [], "values": [value]}
        for name, value in (("age", 63), ("bmi", "nan"))
    ]
    html = rows(*views, {"name": "sex", "kind": "text", "shape": [], "texts": ["nan"]})
    assert re.findall(r"<dt>(\w+)</dt><dd>([^<]*)</dd>", html) == [("age", "63"), ("bmi", "NaN"), ("sex", "nan")]


def test_of_many_values_the_number_is_said():
    assert "1, 2 … (144)" in rows({"name": "x", "kind": "values", "shape": [12, 12], "values": [1, 2]})


def test_expected_and_got_beside_each_other_by_label():
    assert lines(rows())[1:] == [["no", "0.25", "0.25", "="], ["yes", "0.75", "0.75", "1×10⁻⁷"]]


def test_a_class_number_is_its_label():
    outputs = [{**samples.TENSOR, "name": "label", "labels": ["sine", "square"]}]
    assert lines(rows(answers=(LABEL,), outputs=outputs)) == [["label", "square", "square", "="]]


def test_a_class_number_beyond_the_labels_is_a_number():
    outputs = [{**samples.TENSOR, "name": "label", "labels": ["sine"]}]
    assert lines(rows(answers=({**LABEL, "got": [-1], "differs": True},), outputs=outputs)) == [
        ["label", "1", "−1", "2"]
    ]


def test_a_class_that_differs_is_beyond_the_limit():
    html = rows(answers=({**LABEL, "got": [0], "differs": True},))
    assert '<article class="card bad">' in html
    assert "beyond the limit" in html
    assert 'class="unlike"' in html


def test_of_a_long_answer_the_largest_and_the_most_different_values_are_shown():
    values = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4]
    long = {
        **ANSWER,
        "size": 6,
        "places": [[place] for place in range(6)],
        "expected": values,
        "got": [*values[:5], 0.41],
    }
    assert [line[0] for line in lines(rows(answers=(long,)))[1:]] == ["[0]", "[1]", "[2]", "[5]"]


def test_texts_that_differ():
    text = {**LABEL, "expected": ["a"], "got": ["b"], "differs": True}
    assert lines(rows(answers=(text,))) == [["label", "a", "b", "≠"]]


def test_an_answer_that_is_a_picture_stands_there_twice():
    html = rows(answers=({**ANSWER, "pictures": [PICTURE["png"]] * 2},))
    assert re.findall(r'alt="y, (\w+)"', html) == ["expected", "got"]


def test_where_nothing_differs_it_is_said():
    assert "No answer of any row differs" in rows(answers=(LABEL,))
