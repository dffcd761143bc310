"""`python -m pipeline locate`, started where the gate has failed: a process of its own, since it needs torch, which the gate does not."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from pipeline.core.paths import CHECKPOINT
from pipeline.core.progress import LongWork
from pipeline.core.terminal import QUIET

COMMAND = (sys.executable, "-m", "pipeline", "locate")
# Seconds after which it is given up: the gate's sentence must not wait for it much longer than for the gate.
LIMIT = 300.0


class Located(NamedTuple):
    """What `locate` printed, or in a clause why it printed nothing."""

    lines: list[str]
    problem: str = ""


def locate(params: Path, limit: float = LIMIT) -> Located:
    """Ask which node departs. Whatever happens to it is said in a clause, and raised never.

    Args:
        params: The configuration that the gate was run with.
        limit: Seconds that it may take.
    """
    if importlib.util.find_spec("torch") is None:
        return Located([], "the node was not located: there is no torch in this Python")
    if not CHECKPOINT.exists():
        return Located([], f"the node was not located: {CHECKPOINT} is not here")
    command = [*COMMAND, "--params", str(params)]
    environment = {**os.environ, QUIET: "1"}  # progress is shown here
    try:
        with LongWork("validate", "locating the node that departs"):
            completed = subprocess.run(  # noqa: S603
                command, env=environment, capture_output=True, text=True, timeout=limit, check=False
            )
    except subprocess.TimeoutExpired:
        return Located([], f"the node was not located: `python -m pipeline locate` took more than {limit:g} s")
    except OSError as error:
        return Located([], f"the node was not located: `python -m pipeline locate` cannot be started: {error}")
    if completed.returncode:
        said = completed.stderr.strip().splitlines() or [f"it ended with {completed.returncode}"]
        return Located([], f"the node was not located: {said[-1].removeprefix('error: ')}")
    return Located(completed.stdout.strip().splitlines())
