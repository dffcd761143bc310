"""Load from wrk, the HTTP benchmark."""

import json
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.core.errors import PipelineError

SCRIPT = """{think}wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [[{body}]]
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\\n{{"seconds": %f, "requests": %d, "errors": %d, "refused": %d, "p50": %f, "p99": %f}}\\n', summary.duration / 1e6,
    summary.requests, e.connect + e.read + e.write + e.timeout, e.status, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


# How long a connection rests before its next request: exponential, as if many people came one by one.
THINK = """local mean = {milliseconds}
function delay() return math.floor(-mean * math.log(1 - math.random()) + 0.5) end
"""


class Request(NamedTuple):
    """What is posted: where to, and the body, which is sent as JSON."""

    path: str
    body: Any


class Load(NamedTuple):
    """What wrk measured: answers a second, latencies in milliseconds, requests without an answer, answers of status 400 or above, and all answers."""

    rate: float
    p50: float
    p99: float
    errors: int
    refused: int = 0
    requests: int = 0


def require() -> None:
    """Raise PipelineError unless wrk is installed."""
    if not shutil.which("wrk"):
        raise PipelineError(
            "the load comes from wrk, which is not on PATH: install it (Debian and Ubuntu: `apt-get install wrk`)"
        )


def run(port: int, request: Request, connections: int, seconds: float, think: float = 0) -> Load:
    """Post a request for some seconds; each connection sends the next when it has the answer.

    Args:
        port: Of the service.
        request: What is sent.
        connections: How many are open.
        seconds: How long.
        think: Milliseconds, on average, that a connection rests before its next request.

    Raises:
        PipelineError: wrk fails.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        resting = THINK.format(milliseconds=think) if think else ""
        Path(script.name).write_text(SCRIPT.format(body=json.dumps(request.body), think=resting))
        threads = min(2, connections)
        command = [
            "wrk",
            f"-t{threads}",
            f"-c{connections}",
            f"-d{seconds:.0f}s",
            "--timeout",
            "10s",
            "-s",
            script.name,
        ]
        command.append(f"http://127.0.0.1:{port}{request.path}")
        completed = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
    if completed.returncode:
        raise PipelineError(
            f"wrk ended with {completed.returncode}: {completed.stderr.strip() or completed.stdout.strip()}"
        )
    summary = json.loads(completed.stdout.strip().splitlines()[-1])
    rate = summary["requests"] / summary["seconds"]
    return Load(rate, *(summary[name] for name in ("p50", "p99", "errors", "refused", "requests")))


def medians(loads: list[Load]) -> Load:
    """The median of each number, and the sums of what was not answered or refused."""
    rate, p50, p99 = (statistics.median(getattr(turn, field) for turn in loads) for field in ("rate", "p50", "p99"))
    return Load(
        rate,
        p50,
        p99,
        sum(turn.errors for turn in loads),
        sum(turn.refused for turn in loads),
        sum(turn.requests for turn in loads),
    )


def think_time(rate: float, connections: int, share: float = 0.5) -> float:
    """Milliseconds that each connection must rest so that they send a share of `rate` requests a second together.

    The answer's own time is left out: at half load it is small beside the rest.
    """
    return 1000 * connections / (rate * share)
