"""Why an experiment failed, by the log that DVC's queue keeps of it."""

import re
from pathlib import Path

# What our command line prints for people, and what DVC prints when a command ends badly.
OUR_ERROR = re.compile(r"^error: (.+)")
DVC_ERROR = re.compile(r"^ERROR: (.+)")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
NO_LOG = "it ended before its first stage and has no log; the worker's is under .dvc/tmp/exps/celery"


def find_reason(log: Path | None) -> str:
    """The line of a log that says why: our stage's error, else an exception that nobody caught, else DVC's error."""
    if log is None or not log.exists():
        return NO_LOG
    lines = [line for line in map(_strip, log.read_text(errors="replace").splitlines()) if line]
    ours = [match[1] for line in lines if (match := OUR_ERROR.match(line))]
    if ours:
        return ours[-1]
    dvcs = [match[1] for line in lines if (match := DVC_ERROR.match(line))]
    others = [line for line in lines if not DVC_ERROR.match(line)]
    if "Traceback (most recent call last):" in others:
        return others[-1]
    if dvcs:
        return dvcs[-1]
    return f"it ended without saying why, after: {others[-1]}" if others else NO_LOG


def _strip(line: str) -> str:
    return COLOUR.sub("", line).strip()
