"""The MLflow store: whether it is there, can be read and written, and what is in it; without MLflow, which takes seconds to import."""

import contextlib
import os
import sqlite3
import urllib.request
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.doctor.diagnosis import Diagnosis
from pipeline.registry.tracking import PATIENCE, check_reachable, choose_tracking_uri
from pipeline.settings.params import Publish

SQLITE = "sqlite:///"


def diagnose_store(publish: Publish) -> Diagnosis:
    """Where publish.tracking_uri, the environment or the project's folder say that the store is."""
    uri = choose_tracking_uri(publish)
    if uri.startswith(SQLITE):
        return diagnose_file(Path(uri.removeprefix(SQLITE)))
    if uri.startswith(("http://", "https://")):
        return diagnose_server(uri)
    return Diagnosis("MLflow", "note", f"{uri}: not looked at, which would take MLflow itself; `publish` will")


def diagnose_file(path: Path) -> Diagnosis:
    """A store of one's own."""
    place = path if path.exists() else path.parent
    if not os.access(place, os.W_OK) or (path.exists() and not os.access(path.parent, os.W_OK)):
        return Diagnosis("MLflow", "wrong", f"{path} cannot be written", "give access, or set publish.tracking_uri")
    if not path.exists():
        return Diagnosis("MLflow", "ok", f"{path}, which the first run makes")
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=2)) as store:
            runs, versions = (
                store.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]  # noqa: S608 - the names are ours
                for table in ("runs", "model_versions")
            )
    except sqlite3.Error as error:
        return Diagnosis(
            "MLflow", "wrong", f"{path} is no store of MLflow ({error})", "move it away, or set publish.tracking_uri"
        )
    return Diagnosis("MLflow", "ok", f"{path}, writable: {runs:,} runs, {versions:,} registered versions")


def diagnose_server(uri: str) -> Diagnosis:
    """A server: whether it answers, and its version. That it takes what is logged is known when it is asked to."""
    try:
        check_reachable(uri)
    except PipelineError as error:
        return Diagnosis("MLflow", "wrong", str(error).partition(". Everything")[0])
    version = ""
    with (
        contextlib.suppress(OSError, ValueError),
        urllib.request.urlopen(f"{uri.rstrip('/')}/version", timeout=PATIENCE) as answer,  # noqa: S310 (http only)
    ):
        version = f", MLflow {answer.read(40).decode(errors='replace').strip()}"
    return Diagnosis("MLflow", "ok", f"{uri} answers{version}")
