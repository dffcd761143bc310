"""What a stage does with a recorder that works, that fails, and that is not there."""

import contextlib
import json
import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from pipeline.__main__ import main
from pipeline.core import events
from pipeline.core.errors import PipelineError
from pipeline.core.run_record import RunRecord, read_run_record, write_run_record
from pipeline.registry import recorder_process
from pipeline.registry.recorder_process import StageRecord

PARAMS = Path("params.yaml")
# Processes in place of the recorder.
DEAF = (sys.executable, "-S", "-c", "import time; time.sleep(60)")
DEAD = (sys.executable, "-S", "-c", "raise SystemExit(7)")


@pytest.fixture
def fake(monkeypatch):
    """Have another process in place of the recorder, and little patience."""

    def take(command: tuple[str, ...]) -> None:
        monkeypatch.setattr(recorder_process, "COMMAND", command)
        monkeypatch.setattr(recorder_process, "PATIENCE", 0.3)
        monkeypatch.setattr(recorder_process, "FAILURE_PATIENCE", 0.3)

    return take


def fail(error: BaseException | None) -> None:
    if error is not None:
        raise error


def run_stage(error: BaseException | None = None, epochs: int = 0) -> StageRecord:
    """A stage that says this and ends, well or with the error."""
    record = StageRecord("train", PARAMS)
    with contextlib.suppress(BaseException), record:
        events.began("train")
        for epoch in range(epochs):
            events.measured(epoch, {"train_loss": 0.5})
        fail(error)
        events.weighed("ab")
    return record


def end(record: StageRecord) -> None:
    record.close()
    if record._process:
        record._process.kill()
        record._process.wait()


@pytest.mark.parametrize(("command", "says"), [(DEAF, "it takes too long"), (DEAD, "it ended with 7")])
def test_a_recorder_that_fails_costs_a_line_and_no_work(command, says, empty, fake, capsys):
    fake(command)
    end(run_stage(epochs=3))
    assert capsys.readouterr().err == f"train: not logged live ({says}); `publish` logs it later\n"


def test_a_recorder_that_cannot_be_started_costs_nothing(empty, fake, capsys):
    fake(("/no/such/python",))
    end(run_stage(epochs=3))
    assert capsys.readouterr().err == ""


def test_a_recorder_that_reads_nothing_holds_no_stage_up(empty, fake):
    fake(DEAF)
    began = time.monotonic()
    end(run_stage(epochs=20_000))  # a pipe takes a thousand
    assert time.monotonic() - began < 20


def test_a_failure_that_cannot_be_recorded_is_passed_over(empty, fake, capsys):
    fake(DEAD)
    end(run_stage(PipelineError("expected this")))
    assert capsys.readouterr().err == ""


def test_what_its_recorder_could_not_note_the_stage_notes(empty, fake):
    fake(DEAF)
    record = run_stage()
    write_run_record(
        RunRecord(tracking_uri="x", experiment_id="1", run_id="r", stage="train", process=record._process.pid)
    )
    end(record)
    assert read_run_record().weights_sha256 == "ab"


def test_the_record_of_another_process_is_left_alone(empty, fake):
    fake(DEAF)
    record = run_stage()
    write_run_record(RunRecord(tracking_uri="x", experiment_id="1", run_id="r", stage="train", process=1))
    end(record)
    assert read_run_record().weights_sha256 is None


@pytest.fixture
def started(monkeypatch, tmp_path):
    """What a recorder would have been told by a stage that never began a long work; None where none was started."""
    told = tmp_path / "told"
    program = f"import sys; open({str(told)!r}, 'w').write(sys.stdin.read())"
    monkeypatch.setattr(recorder_process, "COMMAND", (sys.executable, "-S", "-c", program))

    def tell(error: BaseException | None, stage: str = "validate"):
        record = StageRecord(stage, PARAMS)
        with contextlib.suppress(BaseException), record:
            fail(error)
        record.close()
        if record._process:
            record._process.wait()
        return json.loads(told.read_text()) if told.exists() else None

    return tell


@pytest.mark.parametrize(
    ("error", "ending", "sentence"),
    [
        (PipelineError("expected this"), "FAILED", "expected this"),
        (ZeroDivisionError("odd"), "FAILED", "ZeroDivisionError: odd"),
        (SystemExit(3), "FAILED", "SystemExit: 3"),
    ],
)
def test_a_failure_is_told_with_its_sentence(error, ending, sentence, empty, started):
    message = started(error)
    assert (message["event"], message["ending"], message["sentence"]) == ("Ended", ending, sentence)


@pytest.mark.parametrize("error", [None, SystemExit(0), SystemExit(), KeyboardInterrupt()])
def test_a_quick_stage_that_ends_well_or_is_interrupted_starts_nothing(error, empty, started):
    assert started(error) is None


def test_an_interruption_is_told_where_a_run_waits(empty, started):
    write_run_record(RunRecord(tracking_uri="x", experiment_id="1", run_id="r", stage="train", process=1))
    assert started(KeyboardInterrupt())["ending"] == "KILLED"


def test_a_publish_that_has_ended_its_run_itself_tells_nothing(empty, started):
    own = RunRecord(
        tracking_uri="x", experiment_id="1", run_id="r", stage="publish", process=os.getpid(), ended="FAILED"
    )
    write_run_record(own)
    assert started(PipelineError("expected this"), stage="publish") is None


def test_the_traceback_of_a_bug_goes_on(linear, monkeypatch, recording):
    from pipeline.stages import prepare

    monkeypatch.setattr(prepare, "run", lambda _: fail(ZeroDivisionError("odd")))
    monkeypatch.setattr(recorder_process, "COMMAND", DEAD)
    with pytest.raises(ZeroDivisionError, match="odd"):
        main(["prepare"])


def test_settings_that_cannot_be_read_are_no_failed_run(linear, monkeypatch, fails):
    monkeypatch.setattr(recorder_process, "COMMAND", (sys.executable, "-S", "-c", "open('started', 'w')"))
    shutil.rmtree("conf")
    PARAMS.unlink()
    fails("train")
    assert not Path("started").exists()
