import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from pipeline.core.errors import PipelineError
from pipeline.registry import tracking
from pipeline.settings.champion import Champion
from pipeline.settings.params import Publish, file_of

LOCAL = Publish(
    tracking_uri=None,
    experiment="e",
    registered_model="m",
    alias="a",
    champion=Champion(alias="c", rule="paired", budget=0.0),
)


@pytest.mark.parametrize("where", [".", ".dvc/tmp/exps/temp1", ".dvc/tmp/exps/standalone/temp2/deeper"])
def test_project_folder_is_the_user_s(where, tmp_path):
    (tmp_path / where).mkdir(parents=True, exist_ok=True)
    assert tracking.project_folder(tmp_path / where) == tmp_path.resolve()


@pytest.mark.parametrize("where", ["exps/a", "tmp/exps/a", ".dvc/exps/a", ".dvc/tmp/exps"])
def test_other_folders_are_themselves(where, tmp_path):
    (tmp_path / where).mkdir(parents=True)
    assert tracking.project_folder(tmp_path / where) == (tmp_path / where).resolve()


def test_the_default_store_is_the_project_s(empty):
    assert tracking.choose_tracking_uri(LOCAL) == f"sqlite:///{empty.resolve()}/mlflow.db"


def test_the_environment_names_a_store(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://there:5000")
    assert tracking.choose_tracking_uri(LOCAL) == "http://there:5000"


def test_the_setting_beats_the_environment(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://there:5000")
    assert tracking.choose_tracking_uri(LOCAL.model_copy(update={"tracking_uri": "http://here"})) == "http://here"


def test_the_store_of_a_configuration(params):
    path = file_of(params("publish.tracking_uri=http://here:5000"))
    assert tracking.find_tracking_uri(path) == "http://here:5000"


def test_without_a_configuration_the_environment_names_the_store(empty, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://there:5000")
    assert tracking.find_tracking_uri(Path("params.yaml")) == "http://there:5000"


@pytest.mark.parametrize(("content", "says"), [(b"seed: [", "expected YAML, got"), (b"\xff", "expected UTF-8 text")])
def test_a_configuration_that_is_none_is_named(content, says, empty):
    path = Path("params.yaml")
    path.write_bytes(content)
    with pytest.raises(PipelineError, match=f"^params.yaml: {says}"):
        tracking.find_tracking_uri(path)


@pytest.mark.parametrize(
    ("uri", "folder"),
    [
        ("sqlite:////a/b/mlflow.db", "file:///a/b/mlartifacts"),
        ("http://here:5000", None),
        ("postgresql://here/db", None),
    ],
)
def test_artifacts_lie_beside_a_local_store(uri, folder):
    assert tracking.locate_artifacts(uri) == folder


@pytest.fixture
def listening():
    """A port that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def closed():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return f"http://127.0.0.1:{port}"


def test_a_closed_port(closed):
    with pytest.raises(
        PipelineError, match=rf"the MLflow server at {closed} cannot be reached \(.*refused\): start it, or"
    ):
        tracking.check_reachable(closed)


def test_a_server_that_never_answers(listening, monkeypatch):
    monkeypatch.setattr(tracking, "PATIENCE", 0.1)
    with pytest.raises(PipelineError, match=r"cannot be reached \(timed out\)"):
        tracking.check_reachable(listening)


@pytest.mark.parametrize("uri", ["http://", "http://[::1", "http://127.0.0.1:port", "http://a b"])
def test_a_malformed_address(uri):
    with pytest.raises(PipelineError, match="cannot be reached"):
        tracking.check_reachable(uri)


def test_another_protocol(listening, monkeypatch):
    monkeypatch.setattr(tracking, "PATIENCE", 0.1)
    with pytest.raises(PipelineError, match="cannot be reached"):
        tracking.check_reachable(listening.replace("http://", "https://"))


def test_a_server_that_does_not_speak_http():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak():
            with server.accept()[0] as client:
                client.sendall(b"220 smtp ready\r\n")

        thread = threading.Thread(target=speak)
        thread.start()
        with pytest.raises(PipelineError, match="cannot be reached"):
            tracking.check_reachable(f"http://127.0.0.1:{server.getsockname()[1]}")
        thread.join()


@pytest.mark.parametrize("status", [200, 401, 500])
def test_any_answer_will_do(status):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert tracking.check_reachable(f"http://127.0.0.1:{server.server_port}/") is None
        thread.join()
    assert asked == ["/health"]


def test_a_local_store_needs_no_server():
    assert tracking.check_reachable("sqlite:////nowhere/mlflow.db") is None


def test_a_refusal_ends_with_what_is_kept(closed):
    with (
        pytest.raises(PipelineError, match=r"\(null: a local sqlite file\)\. The model is kept$"),
        tracking.connecting(closed, "The model is kept"),
    ):
        pass


def test_who_made_nothing_is_told_of_nothing_kept(closed):
    with pytest.raises(PipelineError, match=r"\(null: a local sqlite file\)$"), tracking.connecting(closed):
        pass


def test_what_mlflow_refuses_ends_with_what_is_kept(empty, new_store):
    with (
        pytest.raises(PipelineError, match=r"refused: .*nowhere.* not found\. The model is kept$"),
        tracking.connecting(new_store(), "The model is kept") as client,
    ):
        client.get_run("nowhere")
