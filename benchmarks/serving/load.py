"""Load from wrk, the HTTP benchmark."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.core.errors import PipelineError

SCRIPT = """wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [[{body}]]
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\\n{{"seconds": %f, "requests": %d, "errors": %d, "p50": %f, "p99": %f}}\\n', summary.duration / 1e6,
    summary.requests, e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


class Load(NamedTuple):
    """What wrk measured: requests a second, latencies in milliseconds, and requests without an answer of status 200."""

    rate: float
    p50: float
    p99: float
    errors: int


def require() -> None:
    """Raise PipelineError unless wrk is installed."""
    if not shutil.which("wrk"):
        raise PipelineError(
            "the load comes from wrk, which is not on PATH: install it (Debian and Ubuntu: `apt-get install wrk`)"
        )


def run(port: int, body: Any, connections: int, seconds: int) -> Load:
    """Post `body` to /predict for some seconds; each connection sends the next request when it has the answer."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        Path(script.name).write_text(SCRIPT.format(body=json.dumps(body)))
        threads = min(2, connections)
        command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "-s", script.name]
        command.append(f"http://127.0.0.1:{port}/predict")
        completed = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
    if completed.returncode:
        raise PipelineError(
            f"wrk ended with {completed.returncode}: {completed.stderr.strip() or completed.stdout.strip()}"
        )
    summary = json.loads(completed.stdout.strip().splitlines()[-1])
    return Load(summary["requests"] / summary["seconds"], summary["p50"], summary["p99"], summary["errors"])
