import pytest

from pipeline.core.files import write_text
from pipeline.core.paths import RUN_RECORD
from pipeline.core.run_record import RunRecord, read_run_record, write_run_record

RECORD = RunRecord(tracking_uri="sqlite:///x", experiment_id="1", run_id="ab", stage="train", process=7)


def test_it_is_read_as_it_was_written(empty):
    write_run_record(RECORD)
    assert read_run_record() == RECORD


def test_there_may_be_none(empty):
    assert read_run_record() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"run_id": "ab"}'])
def test_a_broken_one_is_none(text, empty):
    write_text(RUN_RECORD, text)
    assert read_run_record() is None
