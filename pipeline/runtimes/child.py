"""What runs in a wheel: `python -m pipeline.runtimes.child <folder>` opens a model and answers the calls that lie in the folder.

`wheel_session` starts it with the wheel first on the path. It imports nothing that the wheel's own numpy could not serve, and sets a
session up by the very code that the installed onnxruntime is set up by.
"""

import json
import platform
import sys
from pathlib import Path

import numpy as np
import onnxruntime

from pipeline.core.arrays import load, save
from pipeline.core.errors import PipelineError
from pipeline.core.files import write_json
from pipeline.graph.session import answer, open_session
from pipeline.runtimes.call_files import FAILURES, OPENED, REQUEST, inputs_of, outputs_of


def main(folder: Path) -> None:
    request = json.loads((folder / REQUEST).read_text())
    versions = {"python": platform.python_version(), "numpy": np.__version__, "onnxruntime": onnxruntime.__version__}
    problem, session = "", None
    try:
        session = open_session(Path(request["model"]))
    except PipelineError as error:
        problem = str(error)
    write_json(folder / OPENED, {**versions, "problem": problem})
    if session is None:
        return
    failures: dict[int, str] = {}
    for call in range(request["calls"]):
        try:
            save(outputs_of(folder, call), answer(session, load(inputs_of(folder, call), made_by="replay")))
        except PipelineError as error:
            failures[call] = str(error)
            write_json(folder / FAILURES, failures)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
