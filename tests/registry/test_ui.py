"""`make ui`: when its links are printed, what ends the server, and what is said where it cannot start."""

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from pipeline.core.errors import PipelineError
from pipeline.registry import ui
from pipeline.registry.page_links import Link

STORE = "sqlite:////there/mlflow.db"
LINKS = [Link("runs", "runs", "http://x/#/1"), Link("model", "model digits", "http://x/#/2")]
# Servers in place of MLflow's: one that answers, one that answers and has a worker of its own, and so on.
ANSWERS = """
import http.server, sys
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Health).serve_forever()
"""
WORKS = """
import pathlib, subprocess, sys
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path("worker").write_text(str(worker.pid))
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
ENDS = "import threading, os; threading.Timer(1, os._exit, (5,)).start()\n"
SILENT = "import time; time.sleep(60)"
FAILS = """
print("Traceback ...")
print("sqlite3.DatabaseError:  file is no database.")
print("bye")
raise SystemExit(3)
"""


@pytest.fixture
def port():
    with socket.create_server((ui.HOST, 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def server_is(monkeypatch):
    """Let this Python program be the server."""

    def place(source: str) -> None:
        monkeypatch.setattr(ui, "build_command", lambda uri, port: [sys.executable, "-c", source, str(port)])

    return place


@pytest.fixture
def linked(monkeypatch):
    """The bases for which links were asked, in a store that has LINKS."""
    bases: list[str] = []
    monkeypatch.setattr(ui, "connecting", lambda uri: contextlib.nullcontext())
    monkeypatch.setattr(ui, "build_links", lambda client, base, publish: (bases.append(base), LINKS)[1])
    return bases


@pytest.fixture
def told_when_linked(monkeypatch):
    """Send this process a signal once the links are printed."""

    def arrange(number: int) -> None:
        printing = ui.print_links

        def print_and_tell(links: list[Link]) -> None:
            printing(links)
            threading.Timer(0.2, os.kill, (os.getpid(), number)).start()

        monkeypatch.setattr(ui, "print_links", print_and_tell)

    return arrange


def is_alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_mlflow_is_started_on_the_store_with_files_beside_it():
    command = ui.build_command(STORE, 5001)
    assert command[:4] == [sys.executable, "-m", "mlflow", "server"]
    settings = dict(zip(command[4::2], command[5::2], strict=True))
    assert settings == {
        "--host": "127.0.0.1",
        "--port": "5001",
        "--workers": "1",
        "--backend-store-uri": STORE,
        "--default-artifact-root": "file:///there/mlartifacts",
    }


def test_a_database_s_files_go_where_its_server_says():
    assert "--default-artifact-root" not in ui.build_command("postgresql://there/mlflow", 5001)


def test_the_job_runner_which_takes_longest_to_start_stays_off(port, server_is):
    server_is(
        f"import os, pathlib; pathlib.Path('told').write_text(os.environ['MLFLOW_SERVER_ENABLE_JOB_EXECUTION'])\n{ANSWERS}"
    )
    with ui.serving(STORE, port):
        assert Path("told").read_text() == "false"


@pytest.mark.usefixtures("linked")
@pytest.mark.parametrize("number", ui.ENDING, ids=lambda number: number.name)
def test_a_signal_ends_the_server_and_is_no_error(number, params, port, server_is, told_when_linked):
    server_is(ANSWERS)
    told_when_linked(number)
    ui.serve(params(), port)
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect((ui.HOST, port))


@pytest.mark.usefixtures("linked")
def test_links_are_printed_once_it_answers(params, port, server_is, told_when_linked, capfd):
    server_is(ANSWERS)
    told_when_linked(signal.SIGINT)
    ui.serve(params(), port)
    assert capfd.readouterr().out.splitlines()[1:] == ["  runs          http://x/#/1", "  model digits  http://x/#/2"]


def test_its_workers_end_with_it(empty, port, server_is):
    server_is(WORKS + ANSWERS)
    with ui.serving(STORE, port):
        worker = int(Path("worker").read_text())
    deadline = time.monotonic() + 5
    while is_alive(worker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(worker)


def test_one_that_does_not_want_to_end_is_killed(port, server_is, monkeypatch):
    monkeypatch.setattr(ui, "END_PATIENCE", 0.3)
    server_is(STUBBORN + ANSWERS)
    with ui.serving(STORE, port) as server:
        pass
    assert server.process.returncode == -signal.SIGKILL


def test_this_process_hears_signals_again_afterwards(port, server_is):
    before = signal.getsignal(signal.SIGTERM)
    server_is(ANSWERS)
    with ui.serving(STORE, port):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_server_that_dies_while_it_starts_is_explained_in_its_own_words(params, port, server_is):
    server_is(FAILS)
    with pytest.raises(PipelineError) as error:
        ui.serve(params(f"publish.tracking_uri={STORE}"), port)
    assert str(error.value) == (
        f"MLflow's server on {STORE} ended with 3: sqlite3.DatabaseError: file is no database: see that the store can be read "
        "(publish.tracking_uri), and start it again"
    )


def test_a_server_that_says_nothing(params, port, server_is):
    server_is("raise SystemExit(4)")
    with pytest.raises(PipelineError, match="ended with 4: it said nothing: see"):
        ui.serve(params(), port)


def test_a_server_that_never_answers_is_ended(params, port, server_is, monkeypatch):
    monkeypatch.setattr(ui, "START_PATIENCE", 0.3)
    server_is(SILENT)
    with pytest.raises(PipelineError, match=r"did not answer within 0\.3 s"):
        ui.serve(params(), port)


@pytest.mark.usefixtures("linked")
def test_a_server_that_ends_by_itself_later_is_no_success(params, port, server_is):
    server_is(ENDS + ANSWERS)
    with pytest.raises(PipelineError, match="ended with 5"):
        ui.serve(params(), port)


def test_the_links_are_of_the_server_that_was_started(params, port, server_is, linked):
    server_is(ENDS + ANSWERS)
    with pytest.raises(PipelineError):
        ui.serve(params(), port)
    assert linked == [f"http://127.0.0.1:{port}"]


def test_a_remote_store_has_its_own_server(params, port, linked, server_is, capfd):
    server_is("raise SystemExit('started')")
    ui.serve(params("publish.tracking_uri=http://there:5000/"), port)
    assert linked == ["http://there:5000"]
    assert capfd.readouterr().out.startswith("  runs          http://x/#/1\n")


def test_a_taken_port_is_explained(params):
    with socket.create_server((ui.HOST, 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PipelineError, match=rf"port {port} on 127\.0\.0\.1 cannot be used .*make ui PORT=5001"):
            ui.serve(params(), port)


@pytest.mark.parametrize("number", [-1, 70000])
def test_what_is_no_port_is_explained(number, params):
    with pytest.raises(PipelineError, match=f"port {number} on"):
        ui.serve(params(), number)
