"""`make ui`: the MLflow UI on what was published, and links that open with what matters, once its pages answer."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from types import FrameType
from typing import IO, NoReturn

from pipeline.core.errors import PipelineError
from pipeline.registry.page_links import Link, build_links
from pipeline.registry.tracking import choose_tracking_uri, connecting, locate_artifacts
from pipeline.settings.params import Params

HOST = "127.0.0.1"
# Seconds that MLflow may take to answer, and then to end.
START_PATIENCE, END_PATIENCE = 180.0, 10.0
# Whoever ends this process, or closes its terminal, ends the server too.
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def serve(params: Params, port: int) -> None:
    """Run an MLflow server on the local store until this process is told to end; with a remote store, only print the links.

    Raises:
        PipelineError: The port is taken, the store cannot be read, or the server ends by itself.
    """
    tracking_uri = choose_tracking_uri(params.publish)
    if tracking_uri.startswith(("http://", "https://")):
        base = tracking_uri.rstrip("/")
        with connecting(base) as client:
            print_links(build_links(client, base, params.publish))
        return
    check_port(port)
    print(f"ui: MLflow on {tracking_uri}, ready in about ten seconds (Ctrl-C ends it)", flush=True)
    with contextlib.suppress(KeyboardInterrupt), serving(tracking_uri, port) as server:
        base = f"http://{HOST}:{port}"
        with connecting(base) as client:
            print_links(build_links(client, base, params.publish))
        server.process.wait()
        raise server.explain_end()


def print_links(links: list[Link]) -> None:
    width = max(len(link.title) for link in links)
    for link in links:
        print(f"  {link.title:<{width}}  {link.address}", flush=True)


def check_port(port: int) -> None:
    """Raises:
    PipelineError: Nothing can listen there.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise PipelineError(
                f"port {port} on {HOST} cannot be used ({error}): choose another, `make ui PORT=5001`"
            ) from None


def choose_free_port() -> int:
    """A port on which nothing listens now."""
    with socket.create_server((HOST, 0)) as server:
        return int(server.getsockname()[1])


def build_command(tracking_uri: str, port: int) -> list[str]:
    """What starts MLflow; a new experiment's files go beside the project's sqlite file."""
    command = [sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port), "--workers", "1"]
    root = locate_artifacts(tracking_uri)
    return [*command, "--backend-store-uri", tracking_uri, *(["--default-artifact-root", root] if root else [])]


class Server:
    """An MLflow server in a process group of its own, so that its workers end with it, and what it has printed."""

    def __init__(self, tracking_uri: str, port: int, log: IO[bytes]) -> None:
        self._tracking_uri, self._port, self._log = tracking_uri, port, log
        self.process = subprocess.Popen(  # noqa: S603 (a list, of our own)
            build_command(tracking_uri, port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # The job runner takes 25 of its 34 seconds to start, and three quarters of its memory; nothing here needs it.
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        )

    def wait_until_it_answers(self) -> None:
        """Raises:
        PipelineError: It ends, or is silent for START_PATIENCE seconds.
        """
        deadline = time.monotonic() + START_PATIENCE
        while self.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
                urllib.request.urlopen(f"http://{HOST}:{self._port}/health", timeout=5).close()
                return
            time.sleep(0.1)
        raise self.explain_end()

    def explain_end(self) -> PipelineError:
        """Why it does not answer, in its own last words."""
        code = self.process.poll()
        state = f"did not answer within {START_PATIENCE:g} s" if code is None else f"ended with {code}"
        return PipelineError(
            f"MLflow's server on {self._tracking_uri} {state}: {self.read_last_words()}: see that the store can be read "
            "(publish.tracking_uri), and start it again"
        )

    def read_last_words(self) -> str:
        """The last line that names an error, else the last line."""
        self._log.seek(0)
        lines = [line for line in self._log.read().decode(errors="replace").splitlines() if line.strip()]
        named = [line for line in lines if "Error" in line or "Exception" in line]
        return " ".join((named or lines or ["it said nothing"])[-1].split()).rstrip(".")

    def end(self) -> None:
        """End it and its workers."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(END_PATIENCE)


@contextlib.contextmanager
def serving(tracking_uri: str, port: int) -> Iterator[Server]:
    """An MLflow server that answers, ended at the end, also where this process is told to end.

    Raises:
        PipelineError: It does not start.
        KeyboardInterrupt: This process is told to end.
    """
    before = {number: signal.signal(number, _interrupt) for number in ENDING}
    try:
        with tempfile.TemporaryFile() as log:
            server = Server(tracking_uri, port, log)
            try:
                server.wait_until_it_answers()
                yield server
            finally:
                for number in ENDING:  # a second Ctrl-C must not leave it behind
                    signal.signal(number, signal.SIG_IGN)
                server.end()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
