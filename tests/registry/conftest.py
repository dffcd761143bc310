import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.registry import recorder_process
from pipeline_runs import PROJECT


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory) -> Path:
    """A new sqlite store, which takes MLflow seconds to make; tests copy it."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def new_store(empty_store) -> Callable[[], str]:
    """Put a new store into the current folder; its address."""

    def copy() -> str:
        return f"sqlite:///{shutil.copy(empty_store, Path('mlflow.db').resolve())}"

    return copy


@pytest.fixture
def recording(monkeypatch) -> None:
    """Have stages record, as `python -m pipeline` does; `main` called by a test records nothing."""
    monkeypatch.setattr(recorder_process, "COMMAND", recorder_process.RECORDER)
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
