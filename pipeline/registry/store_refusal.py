"""What a store refuses, in a sentence that says what to do; asked of an sqlite file before MLflow, which would try for minutes."""

import contextlib
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from pipeline.core.errors import PipelineError

SQLITE = "sqlite:///"
# Seconds to wait for another process that writes into the file.
PATIENCE = 20.0
# What sqlite says -> what it means, and what to do.
_SQLITE_REFUSALS = {
    "readonly": "is read-only: give yourself the right to write it and its folder, or set publish.tracking_uri to another store",
    "disk is full": "has no room left on its disk: make some, or set publish.tracking_uri to another store",
    "unable to open": "cannot be opened: expected a file in a folder that can be written; set publish.tracking_uri to another path",
    "not a database": "is no sqlite file: put it back from a copy, move it away so that a new one is made, or set publish.tracking_uri",
    "malformed": "is damaged: put it back from a copy, move it away so that a new one is made, or set publish.tracking_uri",
    "locked": "is being written by another process and stays locked: end that one (an MLflow server, say), or try again later",
}
_SCHEMA = re.compile(r"Detected out-of-date database schema \(found version (\w+)")


def locate_database(tracking_uri: str) -> Path | None:
    """The sqlite file of a store; None for another kind of store."""
    path = tracking_uri.removeprefix(SQLITE).partition("?")[0]
    return Path(path) if tracking_uri.startswith(SQLITE) and path and not path.startswith((":", "file:")) else None


def check_database(tracking_uri: str) -> None:
    """Open the sqlite file of a store for writing, and leave it as it is; a missing folder is made, as MLflow would.

    Raises:
        PipelineError: It cannot be opened, is no database, is read-only, or stays locked.
    """
    path = locate_database(tracking_uri)
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            if not os.access(path.parent, os.W_OK):
                raise sqlite3.OperationalError("attempt to write a readonly database")
            return
        with contextlib.closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "PRAGMA user_version = 0"
            )  # MLflow leaves it at 0: the first write, and it is taken back
            connection.execute("ROLLBACK")
    except (OSError, sqlite3.Error) as error:
        raise PipelineError(explain_refusal(tracking_uri, error)) from None


@contextlib.contextmanager
def making_alone(tracking_uri: str) -> Iterator[None]:
    """Let no other process of this machine make the tables of a new sqlite store meanwhile: the second would fail halfway."""
    import fcntl

    path = locate_database(tracking_uri)
    if path is None:
        yield
        return
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def explain_refusal(tracking_uri: str, error: Exception) -> str:
    """The sentence for what MLflow, SQLAlchemy or sqlite raised."""
    text = " ".join(str(error).split())
    store = locate_database(tracking_uri) or tracking_uri
    if schema := _SCHEMA.search(text):
        return _explain_schema(store, tracking_uri, schema[1])
    for words, meaning in _SQLITE_REFUSALS.items():
        if words in text:
            return f"MLflow's store {store} {meaning} ({text[:200]})"
    if isinstance(error, OSError):
        return f"MLflow's store {store} {_SQLITE_REFUSALS['unable to open']} ({error.strerror})"
    return f"MLflow at {tracking_uri} refused: {text}"


def _explain_schema(store: Path | str, tracking_uri: str, revision: str) -> str:
    """A store that another MLflow made: an older one can be upgraded, a newer one needs a newer MLflow."""
    from importlib.metadata import version

    from alembic.script import ScriptDirectory
    from alembic.util import CommandError
    from mlflow.store.db.utils import _get_alembic_config

    try:
        config = _get_alembic_config(db_url="")  # type: ignore[no-untyped-call]
        ScriptDirectory.from_config(config).get_revision(revision)
    except CommandError:
        return (
            f"MLflow's store {store} was made by a newer MLflow (schema {revision}, which MLflow {version('mlflow')} does not know): "
            "install that MLflow, or set publish.tracking_uri to another store"
        )
    return (
        f"MLflow's store {store} was made by an older MLflow (schema {revision}): copy the file, then run "
        f"`mlflow db upgrade {tracking_uri}`, or set publish.tracking_uri to another store"
    )
