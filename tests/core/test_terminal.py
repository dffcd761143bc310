"""Closing lines, warnings and errors."""

import io
import sys
from collections.abc import Callable

import pytest

from pipeline.core import terminal
from pipeline.core.terminal import complain, open_console, quieting, say, warn


class Screen(io.StringIO):
    """A terminal that keeps what was written."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def open_screen(monkeypatch) -> Callable[[], Screen]:
    """Make stdout and stderr one terminal with colours; pytest captures anew for the test itself, so that it has to ask."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)

    def open_one() -> Screen:
        shown = Screen()
        monkeypatch.setattr(sys, "stdout", shown)
        monkeypatch.setattr(sys, "stderr", shown)
        return shown

    return open_one


def test_a_closing_line_is_on_stdout(capsys):
    say("train", "done")
    assert capsys.readouterr() == ("train: done\n", "")


def test_a_program_without_a_stdout_prints_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    say("train", "done")


def test_warnings_and_errors_are_on_stderr_in_one_form(capsys):
    warn("train", "look")
    complain("train", "no")
    assert capsys.readouterr() == ("", "warning: train: look\nerror: train: no\n")


def test_quiet_leaves_warnings_and_errors(capsys):
    with quieting(quiet=True):
        say("train", "done")
        warn("train", "look")
    assert capsys.readouterr() == ("", "warning: train: look\n")


def test_quiet_ends(capsys):
    with quieting(quiet=True):
        pass
    say("train", "done")
    assert capsys.readouterr().out == "train: done\n"


def test_quiet_from_without_outlasts_a_quiet_command(capsys, monkeypatch):
    monkeypatch.setenv(terminal.QUIET, "1")
    with quieting(quiet=True):
        pass
    say("train", "done")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("value", ["", "0"])
def test_not_quiet(value, capsys, monkeypatch):
    monkeypatch.setenv(terminal.QUIET, value)
    say("train", "done")
    assert capsys.readouterr().out == "train: done\n"


def test_a_terminal_has_red_errors(open_screen):
    screen = open_screen()
    complain("train", "no")
    assert screen.getvalue() == "\x1b[1;31merror:\x1b[0m train: no\n"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colours_where_none_are_wanted(name, value, open_screen, monkeypatch):
    screen = open_screen()
    monkeypatch.setenv(name, value)
    complain("train", "no")
    open_console().print("[1]", style="bold green")
    assert screen.getvalue() == "error: train: no\n[1]\n"


def test_a_table_has_colours_on_a_terminal(open_screen):
    screen = open_screen()
    open_console().print("best", style="bold green")
    assert "\x1b[1;32m" in screen.getvalue()
