import os
import sqlite3
import threading
from pathlib import Path

import pytest

from pipeline.core.errors import PipelineError
from pipeline.registry import store_refusal
from pipeline.registry.store_refusal import check_database, locate_database, making_alone
from pipeline.registry.tracking import connecting


@pytest.fixture
def address(empty, new_store):
    return new_store()


def change(statement: str, path: str = "mlflow.db") -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def log_much(address: str) -> None:
    with connecting(address) as client:
        experiment = client.create_experiment("much")
        run = client.create_run(experiment)
        for number in range(400):
            client.set_tag(run.info.run_id, f"tag{number}", "x" * 4000)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("sqlite:////a/mlflow.db", "/a/mlflow.db"),
        ("sqlite:///mlflow.db", "mlflow.db"),
        ("sqlite:////a/mlflow.db?timeout=5", "/a/mlflow.db"),
        ("sqlite:///:memory:", None),
        ("sqlite:///file:x?mode=ro&uri=true", None),
        ("sqlite://", None),
        ("http://here", None),
    ],
)
def test_where_the_file_of_a_store_is(uri, path):
    assert locate_database(uri) == (Path(path) if path else None)


def test_a_store_that_can_be_written_is_left_as_it_is(address):
    before = Path("mlflow.db").read_bytes()
    check_database(address)
    assert Path("mlflow.db").read_bytes() == before


def test_a_store_that_is_not_there_yet_is_not_made(empty):
    check_database(f"sqlite:///{empty}/new/mlflow.db")
    assert list(Path("new").iterdir()) == []


def test_a_read_only_store(address):
    """The file says of itself that a later sqlite may write it, and this one only read it: root, too, is refused."""
    with Path("mlflow.db").open("r+b") as file:
        file.seek(18)
        file.write(b"\x03")
    with pytest.raises(
        PipelineError, match=r"mlflow\.db is read-only: give yourself the right to write it and its folder"
    ):
        check_database(address)


def test_a_read_only_folder(empty, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(PipelineError, match=r"mlflow\.db is read-only"):
        check_database(f"sqlite:///{empty}/mlflow.db")


def test_a_folder_that_cannot_be_made(empty):
    Path("file").write_text("")
    with pytest.raises(
        PipelineError, match=r"cannot be opened: expected a file in a folder .* \(Not a directory|exists\)"
    ):
        check_database(f"sqlite:///{empty}/file/below/mlflow.db")


def test_a_folder_in_its_place(empty):
    Path("mlflow.db").mkdir()
    with pytest.raises(PipelineError, match=r"mlflow\.db cannot be opened: expected a file"):
        check_database(f"sqlite:///{empty}/mlflow.db")


def test_a_file_that_is_no_database(empty):
    Path("mlflow.db").write_bytes(b"words " * 1000)
    with pytest.raises(PipelineError, match=r"mlflow\.db is no sqlite file: put it back from a copy"):
        check_database(f"sqlite:///{empty}/mlflow.db")


def test_a_store_that_another_process_keeps_locked(address, monkeypatch):
    monkeypatch.setattr(store_refusal, "PATIENCE", 0.1)
    other = sqlite3.connect("mlflow.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(PipelineError, match="is being written by another process and stays locked"):
        check_database(address)
    other.close()


def test_a_full_disk(address):
    """The file may not grow: sqlite says then what it says of a full disk."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def limit(connection, _):
        connection.execute("PRAGMA max_page_count = 1")

    event.listen(Engine, "connect", limit)
    try:
        with pytest.raises(
            PipelineError, match=r"mlflow\.db has no room left on its disk: make some, or set publish\.track"
        ):
            log_much(address)
    finally:
        event.remove(Engine, "connect", limit)


def test_a_store_of_a_newer_mlflow(address):
    change("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    with pytest.raises(
        PipelineError, match=r"was made by a newer MLflow \(schema ffffffffffff, which MLflow 3\S+ does not know\)"
    ):
        log_much(address)


def test_a_store_of_an_older_mlflow(address):
    change("UPDATE alembic_version SET version_num = '451aebb31d03'")
    with pytest.raises(
        PipelineError, match=r"made by an older MLflow .*: copy the file, then run `mlflow db upgrade sqlite:///"
    ):
        log_much(address)


def test_one_process_at_a_time_makes_a_store(empty):
    entered = threading.Event()

    def enter():
        with making_alone(f"sqlite:///{empty}/mlflow.db"):
            entered.set()

    with making_alone(f"sqlite:///{empty}/mlflow.db"):
        second = threading.Thread(target=enter)
        second.start()
        assert not entered.wait(0.2)
    second.join()
    assert entered.is_set()


def test_a_server_makes_its_store_itself(empty):
    with making_alone("http://here"):
        pass
    assert list(empty.iterdir()) == []
