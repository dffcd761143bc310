import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.core.errors import PipelineError
from pipeline.core.paths import WORKSPACE_LOCK
from pipeline.core.workspace_lock import RANKS, find_holder, holding_workspace
from pipeline_runs import PROJECT

HOLD = """
import sys, time
from pipeline.core.workspace_lock import holding_workspace
with holding_workspace("train"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(empty):
    """A process that holds the folder."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_stage_is_told_who_works_here(other):
    with (
        pytest.raises(
            PipelineError, match=rf"build/ is in use by train \(process {other.pid}, since \d\d:\d\d:\d\d\): "
        ),
        holding_workspace("export"),
    ):
        pass


def test_a_command_is_refused_in_one_sentence(other, passes, fails):
    passes("params", "model=linear")
    assert "build/ is in use by train (process" in fails("fingerprint")


def test_who_works_here_is_found_without_taking_the_folder(other):
    assert find_holder().startswith(f"train (process {other.pid}, since ")


def test_a_holder_that_died_is_none(other):
    other.kill()
    other.wait()
    assert (WORKSPACE_LOCK.exists(), find_holder()) == (True, "")


def test_where_nobody_works_nobody_is_found(empty):
    assert (find_holder(), WORKSPACE_LOCK.exists()) == ("", False)


def test_the_death_of_the_holder_gives_the_folder_back(other):
    other.send_signal(signal.SIGKILL)
    other.wait()
    with holding_workspace("export"):
        assert WORKSPACE_LOCK.read_text().startswith(f"export (process {os.getpid()}, since ")


def test_nothing_is_left_behind(empty):
    with holding_workspace("train"):
        pass
    assert list(Path("build").iterdir()) == []


def test_a_failure_gives_the_folder_back(empty):
    def fail():
        with holding_workspace("train"):
            raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            fail()


def test_a_file_that_its_holder_has_removed_meanwhile_locks_nothing(empty, monkeypatch):
    """Between our opening the file and locking it, who held it ended and removed it."""
    lock = fcntl.flock

    def lock_late(descriptor, how):
        if WORKSPACE_LOCK.exists() and not removed:
            removed.append(WORKSPACE_LOCK.unlink())
        lock(descriptor, how)

    removed = []
    monkeypatch.setattr(fcntl, "flock", lock_late)
    with holding_workspace("train"):
        assert WORKSPACE_LOCK.exists()


@pytest.mark.parametrize("name", RANKS)
def test_other_processes_of_a_training_are_let_in(name, other, monkeypatch):
    monkeypatch.setenv(name, "1")
    with holding_workspace("train"):
        pass


def test_the_first_process_of_a_training_is_not(other, monkeypatch):
    monkeypatch.setenv("RANK", "0")
    with pytest.raises(PipelineError, match="in use by train"), holding_workspace("train"):
        pass


def test_a_file_system_without_locks_is_worked_in_all_the_same(empty, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with holding_workspace("train"):
        assert WORKSPACE_LOCK.exists()


def test_a_lock_that_fails_otherwise_is_an_error(empty, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EIO, "odd")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OSError, match="odd"), holding_workspace("train"):
        pass
