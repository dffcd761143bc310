"""One MLflow run from the long stage to publish: opened live, resumed, closed; failed and killed runs are on record."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient


@contextlib.contextmanager
def resume_run(client: "MlflowClient", experiment_id: str, name: str, weights_sha256: str) -> Iterator[str]:
    """The id of the run to log into: the one that trained these weights where it is open, else a new one; ended when the block does."""
    import mlflow

    with mlflow.start_run(experiment_id=experiment_id, run_name=name) as run:
        yield str(run.info.run_id)
