import pytest

from pipeline.core.files import write_text
from pipeline.core.paths import RUN_RECORD
from pipeline.core.run_record import RunRecord, read_run_record, update_run_record, write_run_record

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


def test_what_became_of_a_run_is_noted(empty):
    write_run_record(RECORD)
    update_run_record(RECORD.model_copy(update={"ended": "KILLED"}))
    assert read_run_record().ended == "KILLED"


def test_what_became_of_an_earlier_run_is_not(empty):
    write_run_record(RECORD)
    update_run_record(RECORD.model_copy(update={"run_id": "cd", "ended": "KILLED"}))
    assert read_run_record() == RECORD
