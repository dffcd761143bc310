"""Where MLflow keeps what is published."""

import http.client
import os
import urllib.error
import urllib.request
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.settings.params import Publish

# Seconds to wait for a tracking server's first word.
PATIENCE = 5


def project_folder(start: Path | None = None) -> Path:
    """The folder of the user's project, also from within a copy that `dvc exp run --queue` or `--temp` works in."""
    here = (start or Path.cwd()).resolve()
    for folder in here.parents:
        if folder.parts[-3:] == (".dvc", "tmp", "exps"):
            return folder.parents[2]
    return here


def choose_tracking_uri(publish: Publish) -> str:
    """publish.tracking_uri, else MLFLOW_TRACKING_URI, else mlflow.db in the project's folder, by its full path."""
    return (
        publish.tracking_uri or os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{project_folder() / 'mlflow.db'}"
    )


def locate_artifacts(tracking_uri: str) -> str | None:
    """Where a new experiment's files go: beside the sqlite file; None leaves it to the server."""
    if not tracking_uri.startswith("sqlite:///"):
        return None
    return (Path(tracking_uri.removeprefix("sqlite:///")).parent / "mlartifacts").as_uri()


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
            "local sqlite file). Everything made so far is kept; the next `dvc repro` publishes only"
        ) from None
