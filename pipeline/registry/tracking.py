"""Where MLflow keeps what is published."""

import contextlib
import http.client
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.core.errors import PipelineError
from pipeline.core.imports import import_frozen
from pipeline.registry.store_refusal import check_database, explain_refusal, making_alone
from pipeline.settings.params import Publish, parse

if TYPE_CHECKING:
    from mlflow import MlflowClient

# What MLflow imports for a store of its own on this machine.
SQLITE_STORE = "mlflow.store.tracking.sqlalchemy_store"
# By default MLflow waits four minutes for a server that is gone, and prints much.
MLFLOW = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
# Seconds to wait for a tracking server's first word.
PATIENCE = 5


def project_folder(start: Path | None = None) -> Path:
    """The folder of the user's project, also from within a copy that `dvc exp run --queue` or `--temp` works in."""
    here = (start or Path.cwd()).resolve()
    for folder in here.parents:
        if folder.parts[-3:] == (".dvc", "tmp", "exps"):
            return folder.parents[2]
    return here


def choose_tracking_uri(publish: Publish | None) -> str:
    """publish.tracking_uri, else MLFLOW_TRACKING_URI, else mlflow.db in the project's folder, by its full path."""
    return (
        (publish.tracking_uri if publish else None)
        or os.environ.get("MLFLOW_TRACKING_URI")
        or f"sqlite:///{project_folder() / 'mlflow.db'}"
    )


def find_tracking_uri(path: Path) -> str:
    """The store that publishing with the settings in `path` goes to, where that file is there; what it names need not be.

    Raises:
        PipelineError: It is no configuration.
    """
    if not path.is_file():
        return choose_tracking_uri(None)
    try:
        return choose_tracking_uri(parse(path.read_text(encoding="utf-8"), locate_files=False).publish)
    except UnicodeDecodeError:
        raise PipelineError(f"{path}: expected UTF-8 text: compose it again with `python -m pipeline params`") from None
    except PipelineError as error:
        raise PipelineError(f"{path}: {error}") from None


def locate_artifacts(tracking_uri: str) -> str | None:
    """Where a new experiment's files go: beside the sqlite file; None leaves it to the server."""
    if not tracking_uri.startswith("sqlite:///"):
        return None
    return (Path(tracking_uri.removeprefix("sqlite:///")).parent / "mlartifacts").as_uri()


def check_there_is_a_store(tracking_uri: str) -> None:
    """Raise PipelineError where the sqlite file is not there, which MLflow would make: who only reads wants none that is empty."""
    path = tracking_uri.removeprefix("sqlite:///")
    if path != tracking_uri and not Path(path).is_file():
        raise PipelineError(
            f"{path}: there is no MLflow store: publish into it, or name another (publish.tracking_uri, MLFLOW_TRACKING_URI, fetch's --tracking-uri)"
        )


def check_reachable(tracking_uri: str) -> None:
    """Ask an HTTP tracking server for its health; any answer will do.

    Raises:
        PipelineError: Nothing answers within PATIENCE seconds.
    """
    if not tracking_uri.startswith(("http://", "https://")):
        return
    try:
        urllib.request.urlopen(tracking_uri.rstrip("/") + "/health", timeout=PATIENCE).close()  # noqa: S310 (http only)
    except urllib.error.HTTPError:
        return  # it answers, if only to ask who we are
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise PipelineError(
            f"the MLflow server at {tracking_uri} cannot be reached ({reason}): start it, or set publish.tracking_uri (null: a "
            "local sqlite file)"
        ) from None


@contextlib.contextmanager
def connecting(tracking_uri: str, kept: str = "") -> Iterator["MlflowClient"]:
    """MLflow, imported and pointed at the store; what it refuses within is one sentence.

    Args:
        tracking_uri: Of the store.
        kept: What of the caller's work is kept all the same, a sentence that closes the refusal.

    Raises:
        PipelineError: Nothing answers, or MLflow refuses.
    """
    closing = f". {kept}" if kept else ""
    try:
        check_reachable(tracking_uri)
        check_database(tracking_uri)
    except PipelineError as error:
        raise PipelineError(f"{error}{closing}") from None
    for key, value in MLFLOW.items():
        os.environ.setdefault(key, value)
    import_frozen(SQLITE_STORE if tracking_uri.startswith("sqlite:") else "mlflow")
    import mlflow
    from mlflow.exceptions import MlflowException

    # SQLAlchemy's own get through where the file is opened; with a server there is none.
    database = sys.modules.get("sqlalchemy.exc")
    refusals = (MlflowException, *((database.SQLAlchemyError,) if database else ()))
    try:
        mlflow.set_tracking_uri(tracking_uri)
        mlflow.set_registry_uri(tracking_uri)
        with making_alone(tracking_uri):
            client = mlflow.MlflowClient()
        yield client
    except refusals as error:
        raise PipelineError(f"{explain_refusal(tracking_uri, error)}{closing}") from None
