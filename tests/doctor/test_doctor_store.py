"""What doctor says of the MLflow store."""

import http.server
import sqlite3
import threading
from pathlib import Path

import pytest

from pipeline.doctor.tracking_store import diagnose_file, diagnose_server, diagnose_store


@pytest.fixture
def store(tmp_path) -> Path:
    """A file with the tables of MLflow that are counted."""
    path = tmp_path / "mlflow.db"
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE runs (id INTEGER); CREATE TABLE model_versions (id INTEGER); INSERT INTO runs VALUES (1), (2)"
    )
    connection.close()
    return path


def test_a_store_says_what_is_in_it(store):
    diagnosis = diagnose_file(store)
    assert (diagnosis.state, diagnosis.text) == ("ok", f"{store}, writable: 2 runs, 0 registered versions")


def test_a_store_that_is_not_there_yet_is_well(tmp_path):
    assert diagnose_file(tmp_path / "mlflow.db").state == "ok"


def test_a_file_of_something_else_is_wrong(tmp_path):
    path = tmp_path / "mlflow.db"
    path.write_text("something else, longer than a header of a database would be, and longer still")
    diagnosis = diagnose_file(path)
    assert (diagnosis.state, diagnosis.text) == ("wrong", f"{path} is no store of MLflow (file is not a database)")


def test_a_store_that_cannot_be_written_is_wrong(store, monkeypatch):
    monkeypatch.setattr("os.access", lambda *arguments: False)
    assert diagnose_file(store).text == f"{store} cannot be written"


def test_a_server_that_is_not_there_is_wrong():
    diagnosis = diagnose_server("http://127.0.0.1:9")
    assert diagnosis.state == "wrong"
    assert diagnosis.text.startswith("the MLflow server at http://127.0.0.1:9 cannot be reached")


def test_a_server_says_its_version():
    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"3.17.2")

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        uri = f"http://127.0.0.1:{server.server_port}"
        assert diagnose_server(uri).text == f"{uri} answers, MLflow 3.17.2"
        server.shutdown()


def test_another_kind_of_store_is_left_to_publish(params):
    diagnosis = diagnose_store(params("publish.tracking_uri=postgresql://host/db").publish)
    assert (diagnosis.state, diagnosis.topic) == ("note", "MLflow")
