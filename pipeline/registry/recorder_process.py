"""What a stage says of itself, handed on to a process that logs it into MLflow, and what becomes of it when the stage ends.

Nothing here raises, waits long, or changes how a stage ends: a run in MLflow is worth less than the work.
"""

import contextlib
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

from pipeline.core.events import Began, Event, Weighed, listen
from pipeline.core.run_record import read_run_record, write_run_record
from pipeline.core.workspace_lock import is_first_process
from pipeline.registry.run_lifecycle import describe_error

if TYPE_CHECKING:
    import subprocess

RECORDER = (sys.executable, "-m", "pipeline.registry.recorder")
# What is started; None, unless `python -m pipeline` runs: who calls `main` from a program (tests, benchmarks) records nothing.
COMMAND: tuple[str, ...] | None = None
# Seconds that a stage waits at its end for the process: a new sqlite store alone takes ten. It then goes on by itself.
PATIENCE = 60.0
FAILURE_PATIENCE = 30.0


class StageRecord:
    """A context around a stage. `close`, once the stage's last line is printed, sees its run to its end.

    Args:
        stage: The stage's name.
        params: The configuration that it runs with.
    """

    def __init__(self, stage: str, params: Path) -> None:
        self._stage, self._params = stage, params
        # Of a training on several processes, one speaks for all.
        self._command = COMMAND if is_first_process() else None
        self._process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None
        self._weights: str | None = None
        self._ending = ""
        self._sentence = ""

    def __enter__(self) -> "StageRecord":
        self._since_ns = time.time_ns()
        self._stop_listening = listen(self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop_listening()
        if error is None or (isinstance(error, SystemExit) and not error.code):
            return
        self._ending = "KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED"
        self._sentence = describe_error(error)

    def close(self) -> None:
        """End the run where the stage failed, else leave it open for publish; a line on stderr says what is worth saying."""
        if self._command is None or not (self._process or (self._ending and self._is_worth_a_run())):
            return
        self._start()
        self._send({"event": "Ended", "ending": self._ending, "sentence": self._sentence, "since_ns": self._since_ns})
        try:
            self._finish()
        except KeyboardInterrupt:
            return  # the process goes on by itself

    def _hear(self, event: Event) -> None:
        if self._command is None:
            return
        if isinstance(event, Began):
            self._start()
        if isinstance(event, Weighed):
            self._weights = event.weights_sha256
        if self._process:
            self._send({"event": type(event).__name__, "time_ms": time.time_ns() // 10**6, **asdict(event)})

    def _is_worth_a_run(self) -> bool:
        """Whether the end of a stage that opened none belongs to a run: a failure always, an interruption where one is open."""
        record = read_run_record()
        if record and record.ended and record.process == os.getpid() and record.stage == self._stage:
            return False  # publish ended its run itself
        return self._ending == "FAILED" or (record is not None and not record.ended)

    def _start(self) -> None:
        if self._process or self._command is None:
            return
        import subprocess
        import tempfile

        self._output = tempfile.TemporaryFile()  # noqa: SIM115 (read when the process has ended)
        command = [*self._command, self._stage, str(self._params)]
        with contextlib.suppress(OSError):
            self._process = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.PIPE,
                stdout=self._output,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the stage
            )
        if self._process and self._process.stdin:
            os.set_blocking(self._process.stdin.fileno(), False)

    def _send(self, message: dict[str, Any]) -> None:
        """Hand a message over; one for which there is no room or no reader is lost, and publish logs it."""
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            if self._process and self._process.stdin:
                os.write(self._process.stdin.fileno(), json.dumps(message).encode() + b"\n")

    def _finish(self) -> None:
        if not (self._process and self._process.stdin and self._output):
            return
        import subprocess

        self._process.stdin.close()
        if self._ending == "KILLED":
            return  # a person waits for the prompt; the process goes on by itself
        try:
            self._process.wait(FAILURE_PATIENCE if self._ending else PATIENCE)
        except subprocess.TimeoutExpired:
            problem, run_id = "it takes too long", None
        else:
            self._output.seek(0)
            lines = self._output.read().decode(errors="replace").splitlines()
            outcome = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
            run_id = outcome.get("run_id")
            problem = outcome.get("problem", "" if run_id else f"it ended with {self._process.returncode}")
        if self._ending:
            if run_id:
                print(
                    f"{self._stage}: on record in MLflow: run {run_id} {self._ending} (look with `make ui`)",
                    file=sys.stderr,
                )
        elif problem:
            self._complete_record()
            print(f"{self._stage}: not logged live ({problem}); `publish` logs it later", file=sys.stderr)

    def _complete_record(self) -> None:
        """Note the weights of a run whose process ended before it could: the stage ended well, and publish takes it up."""
        record = read_run_record()
        if record and self._process and record.process == self._process.pid and not record.ended and self._weights:
            write_run_record(record.model_copy(update={"weights_sha256": self._weights}))
