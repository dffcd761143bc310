"""Starts, asks and stops services."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from pipeline.core.errors import PipelineError

START_TIMEOUT = 60.0


class Server(NamedTuple):
    """A running service: its port, its process, and the seconds from its start until it was healthy."""

    port: int
    ready: float
    process: int


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def ask(port: int, path: str, body: Any = None) -> Any:
    """The answer to a request, parsed when it is JSON; with `body`, a POST request.

    Raises:
        OSError: The connection fails.
        PipelineError: The status is not 200.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        if body is None:
            connection.request("GET", path)
        else:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    if response.status != 200:
        raise PipelineError(f"{path} of port {port}: expected 200, got {response.status}: {text}")
    return json.loads(text) if text[:1] in '{["' else text


def resident(process: int) -> float:
    """Memory of a process that is in RAM now, in MB."""
    return read_status(process, "VmRSS") / 1024


def read_status(process: int, name: str) -> int:
    """A number of /proc/PROCESS/status; of memory, in KB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def handles(process: int) -> int:
    """How many files and sockets a process has open."""
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


@contextmanager
def serving(
    command: Sequence[str | Path], environment: Mapping[str, str], cwd: Path, output: IO[str] | None = None
) -> Iterator[Server]:
    """Start a service, whose command has {port}; it and its child processes are stopped when the block ends, however it ends.

    Args:
        command: The program and its arguments.
        environment: What it has beside this process' variables.
        cwd: Its folder.
        output: Takes what it prints; None leaves that to this process.

    Raises:
        PipelineError: It ends by itself, or is not healthy in time.
    """
    port = free_port()
    arguments = [str(part).format(port=port) for part in command]
    start = time.perf_counter()
    # A process group of its own, so that its worker processes are stopped too.
    process = subprocess.Popen(
        arguments, cwd=cwd, env={**os.environ, **environment}, stdout=output, stderr=output, start_new_session=True
    )
    try:
        yield Server(port, wait_until_healthy(process, port) - start, process.pid)
    finally:
        stop(process)


def wait_until_healthy(process: subprocess.Popen[bytes], port: int) -> float:
    """Wait for the service; the time at which /health answered.

    Raises:
        PipelineError: It ends by itself, or is not healthy in time.
    """
    deadline = time.perf_counter() + START_TIMEOUT
    while time.perf_counter() < deadline:
        if process.poll() is not None:
            raise PipelineError(f"a service ended with {process.returncode} before it answered: {process.args}")
        try:
            ask(port, "/health")
        except OSError:
            time.sleep(0.002)
        else:
            return time.perf_counter()
    raise PipelineError(f"a service was not healthy within {START_TIMEOUT:.0f} s: {process.args}")


def stop(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            process.wait()
            return
