"""A model in another onnxruntime: a process with its wheel opens it and answers calls, which go over by file."""

import json
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.core.arrays import Arrays, load, save
from pipeline.runtimes.call_files import FAILURES, OPENED, REQUEST, inputs_of, outputs_of
from pipeline.runtimes.wheel_installer import explain_broken
from pipeline.runtimes.wheels import Wheel

# Seconds that a process has: as many as `verify` gives to .NET.
TIMEOUT = 600.0


class WheelAnswers(NamedTuple):
    """What a wheel answered: for each call its outputs, or one sentence why there are none.

    `problem` is why it answered no call at all, "" where it opened the model; `refused` whether onnxruntime itself says so. `numpy`
    and `python` are "" where it did not come so far.
    """

    calls: list[Arrays | str]
    problem: str
    refused: bool
    python: str
    numpy: str


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
        return f"took more than {timeout:g} s"
    if done.returncode < 0:
        return f"ended by {signal.Signals(-done.returncode).name}"
    lines = done.stderr.strip().splitlines()
    return (lines[-1] if lines else f"ended with exit code {done.returncode}") if done.returncode else ""


def _read(wheel: Wheel, folder: Path, calls: int, end: str) -> WheelAnswers:
    opened = folder / OPENED
    if not opened.exists():
        crashed = end.startswith(("took", "ended by"))
        problem = f"onnxruntime {wheel.version}: opening the model {end}" if crashed else explain_broken(wheel, end)
        return WheelAnswers([], problem, False, "", "")
    versions = json.loads(opened.read_text())
    failures = json.loads((folder / FAILURES).read_text()) if (folder / FAILURES).exists() else {}
    if versions["onnxruntime"] != wheel.version:
        versions["problem"] = explain_broken(wheel, f"it says that it is {versions['onnxruntime']}")
    answers: list[Arrays | str] = []
    if not versions["problem"]:
        for number in range(calls):
            outputs = outputs_of(folder, number)
            lacking = f"onnxruntime {wheel.version}: the run of this call, or of one before it, {end}"
            answers.append(load(outputs, "replay") if outputs.exists() else failures.get(str(number), lacking))
    return WheelAnswers(answers, versions["problem"], bool(versions["problem"]), versions["python"], versions["numpy"])
