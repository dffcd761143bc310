import os
import socket
import sys

import pytest

from pipeline.core.errors import PipelineError
from pipeline.core.reports import PublishReport, write_report
from pipeline.registry import ui


@pytest.fixture
def started(monkeypatch):
    """What would have become of this process."""
    calls = []
    monkeypatch.setattr(os, "execve", lambda *call: calls.append(call))
    return calls


@pytest.fixture
def port():
    with socket.create_server((ui.HOST, 0)) as server:
        return server.getsockname()[1]


def test_link_before_anything_is_published(empty):
    assert ui.build_link("http://x") == "http://x/#/experiments?workflowType=machine_learning"


def test_link_to_what_was_published(empty):
    names = ("tracking_uri", "run_id", "model", "version", "alias", "package_sha256")
    write_report(PublishReport(experiment_id="7", **dict.fromkeys(names, "x")))
    assert ui.build_link("http://x") == "http://x/#/experiments/7/runs?workflowType=machine_learning"


def test_it_becomes_a_server_on_the_project_s_store(empty, params, port, started, capfd):
    ui.serve(params(), port)
    ((program, command, environment),) = started
    assert (program, command[:4]) == (sys.executable, [sys.executable, "-m", "mlflow", "server"])
    assert command[command.index("--backend-store-uri") + 1] == f"sqlite:///{empty.resolve()}/mlflow.db"
    assert command[command.index("--default-artifact-root") + 1] == f"file://{empty.resolve()}/mlartifacts"
    assert command[command.index("--port") + 1] == str(port)
    assert environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    assert f"http://127.0.0.1:{port}/#/experiments" in capfd.readouterr().out


def test_a_remote_store_has_its_own_server(params, port, started, capfd):
    ui.serve(params("publish.tracking_uri=http://there:5000/"), port)
    assert started == []
    assert capfd.readouterr().out.startswith("http://there:5000/#/experiments")


def test_a_taken_port_is_explained(params, started):
    with socket.create_server((ui.HOST, 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PipelineError, match=rf"port {port} on 127\.0\.0\.1 cannot be used .*make ui PORT=5001"):
            ui.serve(params(), port)
    assert started == []


@pytest.mark.parametrize("number", [-1, 70000])
def test_what_is_no_port_is_explained(number, params, started):
    with pytest.raises(PipelineError, match=f"port {number} on"):
        ui.serve(params(), number)
    assert started == []
