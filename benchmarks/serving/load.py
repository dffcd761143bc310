"""Load by wrk."""

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
    """What wrk measured: requests a second, milliseconds, requests that were not answered with 200."""

    rate: float
    p50: float
    p99: float
    errors: int


def require() -> None:
    if not shutil.which("wrk"):
        raise PipelineError(
            "the load comes from wrk, which is not on PATH: install it (Debian and Ubuntu: `apt-get install wrk`)"
        )


def run(port: int, body: Any, connections: int, seconds: int) -> Load:
    """Post `body` to /predict for some seconds, each connection as often as it is answered."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        Path(script.name).write_text(SCRIPT.format(body=json.dumps(body)))
        threads = min(2, connections)
        command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "-s", script.name]
        command.append(f"http://127.0.0.1:{port}/predict")
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
    if done.returncode:
        raise PipelineError(f"wrk ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    said = json.loads(done.stdout.strip().splitlines()[-1])
    return Load(said["requests"] / said["seconds"], said["p50"], said["p99"], said["errors"])
