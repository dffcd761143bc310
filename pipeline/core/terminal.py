"""What commands say to people: one look for closing lines, warnings and errors, with no colour where none is wanted.

Closing lines go to stdout, and are left out by `-q`; warnings and errors go to stderr, always.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

# `-q` for every command below: `dvc repro -q` tells its stages nothing, `TORCH2DOTNET_QUIET=1 dvc repro` does.
QUIET = "TORCH2DOTNET_QUIET"
# Any value but "" takes colours away, https://no-color.org.
NO_COLOR = "NO_COLOR"
RED, YELLOW = 31, 33
# A pipe, a file and a README have no width of their own.
WIDTH = 140


def is_quiet() -> bool:
    return os.environ.get(QUIET, "") not in ("", "0")


@contextlib.contextmanager
def quieting(quiet: bool) -> Iterator[None]:
    """Within, nothing but warnings and errors is printed, by the processes that are started there too."""
    if not quiet:
        yield
        return
    before = os.environ.get(QUIET)
    os.environ[QUIET] = "1"
    try:
        yield
    finally:
        del os.environ[QUIET]
        if before is not None:
            os.environ[QUIET] = before


def is_live(stream: TextIO) -> bool:
    """Whether `stream` is a terminal that can write over a line."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def has_colours(stream: TextIO) -> bool:
    return is_live(stream) and not os.environ.get(NO_COLOR)


def say(command: str, text: str) -> None:
    """Print a line on what a command has done, unless it was asked to be quiet."""
    if not is_quiet():
        _write(f"{command}: {text}", sys.stdout)


def warn(command: str, text: str) -> None:
    """Print what somebody should look at though the command goes on."""
    _write(f"{_paint('warning:', YELLOW)} {command}: {text}", sys.stderr)


def complain(command: str, text: str) -> None:
    """Print why a command has failed."""
    _write(f"{_paint('error:', RED)} {command}: {text}", sys.stderr)


def open_console() -> "Console":
    """The console of rich for tables, at most WIDTH wide, with no escape sequence where colours are not wanted."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, no_color=not has_colours(sys.stdout))
    if console.no_color:
        console = Console(highlight=False, markup=False, color_system=None)
    console.width = min(WIDTH, console.width) if console.is_terminal else WIDTH
    return console


def _paint(word: str, colour: int) -> str:
    return f"\x1b[1;{colour}m{word}\x1b[0m" if has_colours(sys.stderr) else word


def _write(line: str, stream: TextIO | None) -> None:
    """Print a line; nothing where there is no such stream (a program of ours in one without a console, or redirected to None)."""
    if (progress := sys.modules.get("tqdm")) and is_live(sys.stderr):
        progress.tqdm.write(line, file=stream)  # around a bar that is being drawn
    else:
        print(line, file=stream, flush=True)
