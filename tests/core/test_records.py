import json

import pytest
from pydantic import TypeAdapter

from pipeline.core.errors import PipelineError
from pipeline.core.records import Record, read_record, write_record


class Point(Record):
    x: int
    y: float


FORM = TypeAdapter(Point)


def test_a_record_comes_back(tmp_path):
    write_record(tmp_path / "p.json", FORM, Point(x=1, y=2.5))
    assert read_record(tmp_path / "p.json", FORM, "export") == Point(x=1, y=2.5)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"x": 1}, "y: Field required"),
        ({"x": "1", "y": 2.5}, "x: Input should be a valid integer"),
        ({"x": 1, "y": None}, "y: Input should be a valid number"),
        ({"x": 1, "y": 1, "z": 2}, "z: Extra inputs are not permitted"),
        ([], "the whole file: Input should be "),
        ({}, r"x: Field required \(and 1 more\)"),
    ],
)
def test_another_form_is_one_sentence(content, says, tmp_path):
    (tmp_path / "p.json").write_text(json.dumps(content))
    with pytest.raises(PipelineError, match=rf"p\.json: {says}.*; make it again with `python -m pipeline export`"):
        read_record(tmp_path / "p.json", FORM, "export")


def test_nan_is_refused(tmp_path):
    (tmp_path / "p.json").write_text('{"x": 1, "y": NaN}')
    with pytest.raises(PipelineError, match="y: Input should be a finite number"):
        read_record(tmp_path / "p.json", FORM, "export")
