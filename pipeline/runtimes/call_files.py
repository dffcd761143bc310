"""The files by which calls and answers go between this process and one with another onnxruntime: names in one folder."""

from pathlib import Path

# Written for the other process: the model's path, and how many calls there are. Written by it: its versions and why it does not
# open the model; why calls have no answer, by number.
REQUEST, OPENED, FAILURES = "request.json", "opened.json", "failures.json"


def inputs_of(folder: Path, call: int) -> Path:
    return folder / f"inputs-{call}.npz"


def outputs_of(folder: Path, call: int) -> Path:
    return folder / f"outputs-{call}.npz"
