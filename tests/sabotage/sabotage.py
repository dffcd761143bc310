"""What a sabotage is, and how one is tried."""

import contextlib
import io
import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pipeline.__main__ import main
from pipeline.core.paths import DOTNET_REPORT, PARITY_REPORT
from pipeline.parity import locate_process


@dataclass(frozen=True)
class Sabotage:
    """One way to break the hand-off.

    `apply` does it, in a copy of the good build `build`. Then `stages` run in their order: those before the last must take it, the
    last must refuse it with a sentence in which `says` is found. `dotnet`: the last runs real .NET.
    """

    name: str
    breaks: str
    build: str
    apply: Callable[[], None]
    stages: tuple[str, ...]
    says: str
    dotnet: bool = False
    # Where the last stage says that the departure begins (Attribution.cause): "" where nothing departs, None where chance decides.
    begins_in: str | None = ""
    # A build of another model with the same inputs and outputs lies beside the copy, as ../other.
    needs_other: bool = False

    @property
    def caught_by(self) -> str:
        return self.stages[-1]


class Trial(NamedTuple):
    """What became of a sabotage: the stage that refused it ("" for none), its sentence, the seconds that the stages took, and where that
    stage's report says that the departure begins.
    """

    stage: str
    sentence: str
    seconds: float
    begins_in: str = ""


def attempt(sabotage: Sabotage, folder: Path) -> Trial:
    """Break the build in `folder`, a copy, and run the stages until one refuses."""
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
        sabotage.apply()
        begun = time.time()
        # A process of its own, which the sentences do not need.
        locate_process.COMMAND = (sys.executable, "-S", "-c", "")
        start = time.perf_counter()
        for stage in sabotage.stages:
            stderr = io.StringIO()
            with contextlib.redirect_stderr(stderr):
                code = main([stage])
            if code:
                seconds = time.perf_counter() - start
                return Trial(stage, stderr.getvalue().strip(), seconds, read_cause(stage, begun))
        return Trial("", "", time.perf_counter() - start)


def read_cause(stage: str, begun: float) -> str:
    """The attribution in the report that the stage has written since `begun`, seconds since the epoch; "" without one."""
    path = {"validate": PARITY_REPORT, "verify": DOTNET_REPORT}.get(stage)
    if path is None or not path.exists() or path.stat().st_mtime < begun:
        return ""
    return (json.loads(path.read_text()).get("attribution") or {}).get("cause", "")


def problem(sabotage: Sabotage, trial: Trial) -> str:
    """Why the sabotage was not caught as it should be; empty when it was."""
    if not trial.stage:
        return f"nobody caught it; {sabotage.caught_by} should have"
    if trial.stage != sabotage.caught_by:
        return f"{sabotage.caught_by} should have caught it, {trial.stage} did: {trial.sentence}"
    if "\n" in trial.sentence or not trial.sentence.startswith(f"error: {trial.stage}: "):
        return f"expected one sentence, got {trial.sentence!r}"
    if not re.search(sabotage.says, trial.sentence):
        return f"expected /{sabotage.says}/ in the sentence, got {trial.sentence}"
    if sabotage.begins_in is not None and trial.begins_in != sabotage.begins_in:
        return f"expected it to begin in {sabotage.begins_in or 'no place'}, got {trial.begins_in or 'none'}: {trial.sentence}"
    return ""
