"""Progress, on a terminal and in a log."""

import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import termios
import textwrap
import threading
import time

import pytest

from pipeline.core import progress, terminal
from pipeline.core.progress import LongWork, format_seconds, track

# Three steps of work, shown as soon as may be.
WORK = """
    import time
    from pipeline.core import progress
    progress.BAR_AFTER = progress.BAR_EVERY = progress.LINE_EVERY = 0.05
    work = progress.LongWork("train", "epochs", 3)
    for epoch in work.over(range(3)):
        work.note = f"loss {epoch}.5"
        time.sleep(0.25)
    print("done")
"""


def on_terminal(code: str, **environment: str) -> str:
    """What a terminal of 100 columns gets from a Python program."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(
        command, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm", **environment}
    ) as child:
        os.close(theirs)
        parts = []
        try:
            while part := os.read(ours, 4096):
                parts.append(part)
        except OSError:  # the other end is closed
            pass
        os.close(ours)
        assert child.wait() == 0
    return b"".join(parts).decode()


def in_log(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )


@pytest.fixture
def lines(monkeypatch, capsys):
    """Do some work for longer than the time between two lines; the lines."""
    monkeypatch.setattr(progress, "LINE_EVERY", 0.02)

    def work(shown: LongWork) -> list[str]:
        with shown:
            shown.count = 1
            time.sleep(0.1)
        return capsys.readouterr().err.splitlines()

    return work


def test_a_terminal_has_a_bar_with_count_time_and_what_is_left():
    printed = on_terminal(WORK)
    assert "train |" in printed
    assert "| 2/3 epochs  00:00, 00:00 left, loss 2.5" in printed


def test_a_bar_is_gone_when_the_work_is_done():
    *_, last = on_terminal(WORK).strip().split("\r")
    assert last == "done"


def test_a_bar_has_no_colours():
    assert "\x1b[3" not in on_terminal(WORK)


def test_a_terminal_that_cannot_go_back_has_lines():
    printed = on_terminal(WORK, TERM="dumb")
    assert "train: 1 of 3 epochs, " in printed
    assert "|" not in printed


def test_a_quiet_terminal_has_no_bar():
    assert on_terminal(WORK, TORCH2DOTNET_QUIET="1") == "done\r\n"


def test_a_log_has_lines_and_never_a_carriage_return():
    printed = in_log(WORK)
    assert "train: 1 of 3 epochs, 0:00 so far, about 0:0" in printed.stderr
    assert "\r" not in printed.stderr


def test_short_work_shows_nothing_and_imports_nothing():
    code = """
        import sys
        from pipeline.core.progress import track
        for step in track([1, 2, 3], "train", "epochs"):
            pass
        assert not {"tqdm", "rich"} & set(sys.modules)
    """
    assert (on_terminal(code), in_log(code).stderr) == ("", "")


def test_a_line_says_what_the_last_step_came_to(lines):
    work = LongWork("train", "epochs", 4)
    work.note = "loss 0.5"
    assert lines(work)[0] == "train: 1 of 4 epochs, 0:00 so far, about 0:00 left: loss 0.5"


def test_a_line_on_work_of_unknown_length(lines):
    assert lines(LongWork("export", "asking at other sizes"))[0] == "export: asking at other sizes, 0:00 so far"


def test_only_the_main_process_shows_something(lines):
    assert lines(LongWork("train", "epochs", 4, shown=False)) == []


def test_quiet_work_shows_nothing(lines, monkeypatch):
    monkeypatch.setenv(terminal.QUIET, "1")
    assert lines(LongWork("train", "epochs", 4)) == []


def test_what_is_left_is_as_long_a_step_as_before():
    work = LongWork("train", "epochs", 4)
    work.count = 3
    assert work.describe(90) == "train: 3 of 4 epochs, 1:30 so far, about 0:30 left"


def test_track_gives_every_step():
    assert [*track(iter("abc"), "train", "epochs")] == ["a", "b", "c"]


def test_a_reader_that_is_gone_does_not_end_the_work(monkeypatch):
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    failures = []
    monkeypatch.setattr(threading, "excepthook", failures.append)
    monkeypatch.setattr(progress, "LINE_EVERY", 0.01)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", Gone())
        with LongWork("train", "epochs", 4):
            time.sleep(0.1)
    assert failures == []


def test_an_error_ends_what_is_shown():
    def work():
        for _ in track([1], "train", "epochs"):
            raise ValueError

    with pytest.raises(ValueError) as held:  # noqa: PT011 - ours
        work()
    assert "progress" not in [thread.name for thread in threading.enumerate()]
    del held  # it would hold what is not ended


@pytest.mark.parametrize(("seconds", "text"), [(5.4, "0:05"), (754, "12:34"), (3723, "1:02:03")])
def test_seconds(seconds, text):
    assert format_seconds(seconds) == text
