"""A model in another onnxruntime: a process with its wheel opens it and answers calls, which go over by file."""

import json
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from pipeline.core.arrays import Arrays, load, save
from pipeline.runtimes.call_files import FAILURES, OPENED, REQUEST, inputs_of, outputs_of
from pipeline.runtimes.wheel_installer import explain_broken
from pipeline.runtimes.wheels import Wheel

# Seconds that a process has: one that hangs ends some day, and what is only slow does not fail the gate.
TIMEOUT = 3600.0
# How a process ends before its time that is no traceback.
_DEATHS = ("took more than", "ended by")


class WheelAnswers(NamedTuple):
    """What a wheel answered: for each call its outputs, or one sentence why there are none.

    `problem` is why it answered no call at all: onnxruntime refused the model, the process ended when it opened it, or the wheel is
    broken; "" where it opened it. `numpy` and `python` are "" where it did not come so far.
    """

    calls: list[Arrays | str]
    end: Literal["opened", "refused", "died", "broken"]
    problem: str = ""
    python: str = ""
    numpy: str = ""


def answer_calls(wheel: Wheel, model: Path, calls: Sequence[Arrays], timeout: float = TIMEOUT) -> WheelAnswers:
    """Open `model` in the wheel, set up as the C# client sets it up, and answer each of `calls`; without calls it is opened only."""
    with tempfile.TemporaryDirectory(prefix="torch2dotnet-") as name:
        folder = Path(name)
        request = {"model": str(model.resolve()), "calls": len(calls)}
        (folder / REQUEST).write_text(json.dumps(request))
        for number, inputs in enumerate(calls):
            save(inputs_of(folder, number), inputs)
        end = _run(wheel, folder, timeout)
        return _read(wheel, folder, len(calls), end)


def _run(wheel: Wheel, folder: Path, timeout: float) -> str:
    """Why the process ended before its time, "" where it did not."""
    command = wheel.command("-m", "pipeline.runtimes.child", str(folder))
    try:
        done = subprocess.run(  # noqa: S603
            command, env=wheel.environment(), capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        return f"{_DEATHS[0]} {timeout:g} s"
    if done.returncode < 0:
        return f"{_DEATHS[1]} {signal.Signals(-done.returncode).name}"
    lines = done.stderr.strip().splitlines()
    return (lines[-1] if lines else f"ended with exit code {done.returncode}") if done.returncode else ""


def _read(wheel: Wheel, folder: Path, calls: int, end: str) -> WheelAnswers:
    opened = folder / OPENED
    if not opened.exists():
        if end.startswith(_DEATHS):
            return WheelAnswers([], "died", f"onnxruntime {wheel.version}: opening the model {end}")
        return WheelAnswers([], "broken", explain_broken(wheel, end))
    said = json.loads(opened.read_text())
    if said["onnxruntime"] != wheel.version:
        return WheelAnswers([], "broken", explain_broken(wheel, f"it says that it is {said['onnxruntime']}"))
    if said["problem"]:
        return WheelAnswers([], "refused", said["problem"], said["python"], said["numpy"])
    failures = json.loads((folder / FAILURES).read_text()) if (folder / FAILURES).exists() else {}
    lacking = f"onnxruntime {wheel.version}: the run of this call, or of one before it, {end}"
    answers = [
        load(outputs_of(folder, call), "replay")
        if outputs_of(folder, call).exists()
        else failures.get(str(call), lacking)
        for call in range(calls)
    ]
    return WheelAnswers(answers, "opened", "", said["python"], said["numpy"])
