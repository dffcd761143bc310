"""What long work shows while it lasts: a bar on a terminal, a line now and then in a log, nothing where it is short or quiet.

The work counts its steps; a thread looks at the count and draws, so that one long step shows that time goes by, and short work
imports and prints nothing.
"""

import contextlib
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sized
from types import TracebackType
from typing import TypeVar

from pipeline.core.terminal import is_live, is_quiet

Step = TypeVar("Step")
# Seconds of work before a bar appears, and between two looks of it.
BAR_AFTER, BAR_EVERY = 0.5, 0.2
# Seconds between two lines in a log.
LINE_EVERY = 10.0
# tqdm's: the count, the time so far, and what is left.
COUNTED = "{desc} |{bar:20}| {n_fmt}/{total_fmt} {unit}  {elapsed}, {remaining} left{postfix}"
UNCOUNTED = "{desc}: {unit}  {elapsed}{postfix}"


class LongWork:
    """One piece of work; used as a context, in which `advance` counts the steps that are done.

    Args:
        command: The stage or command that works.
        what: What is counted, in the plural ("epochs"); without a total what is being done ("measuring the rounding").
        total: How many steps there will be; None where nobody knows.
        shown: False in all but one process of a training on several.
    """

    def __init__(self, command: str, what: str, total: int | None = None, *, shown: bool = True) -> None:
        self.command, self.what, self.total = command, what, total
        self.count = 0
        # What is being done now, or what the last step came to.
        self.note = ""
        self._shown = shown and not is_quiet()
        self._started = time.monotonic()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "LongWork":
        if self._shown:
            self._thread = threading.Thread(target=self._show, name="progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread:
            self._thread.join()

    def over(self, steps: Iterable[Step]) -> Iterator[Step]:
        """Each of `steps`, counted as it is done."""
        with self:
            for step in steps:
                yield step
                self.advance()

    def advance(self) -> None:
        """One more step is done."""
        self.count += 1

    def describe(self, seconds: float) -> str:
        """The line of a log, after so many seconds."""
        note = f": {self.note}" if self.note else ""
        done, left = f"{self.what}", ""
        if self.total is not None:
            done = f"{self.count:,} of {self.total:,} {self.what}"
            if 0 < self.count < self.total:
                left = f", about {format_seconds(seconds / self.count * (self.total - self.count))} left"
        return f"{self.command}: {done}, {format_seconds(seconds)} so far{left}{note}"

    def _show(self) -> None:
        # Whoever read it may be gone: that ends the showing, and never the work.
        with contextlib.suppress(OSError):
            if is_live(sys.stderr):
                self._draw_bar()
            else:
                self._print_lines()

    def _print_lines(self) -> None:
        while not self._ended.wait(LINE_EVERY):
            print(self.describe(time.monotonic() - self._started), file=sys.stderr, flush=True)

    def _draw_bar(self) -> None:
        if self._ended.wait(BAR_AFTER):
            return
        from tqdm import tqdm

        form = COUNTED if self.total is not None else UNCOUNTED
        bar: tqdm[None] = tqdm(
            desc=self.command, total=self.total, unit=self.what, bar_format=form, dynamic_ncols=True, leave=False
        )
        bar.start_t -= time.monotonic() - self._started
        while True:
            bar.n = self.count
            bar.set_postfix_str(self.note)
            if self._ended.wait(BAR_EVERY):
                break
        bar.close()


def track(work: Iterable[Step], command: str, what: str, total: int | None = None) -> Iterator[Step]:
    """Each of `work`, counted as it is done; `total` is how many there are, where `work` has no length."""
    return LongWork(command, what, len(work) if isinstance(work, Sized) else total).over(work)


def format_seconds(seconds: float) -> str:
    """0:05, 12:34, 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
