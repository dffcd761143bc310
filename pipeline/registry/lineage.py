"""What a model was made from: one JSON artifact of hashes, and MLflow's own fields for datasets."""

from typing import TYPE_CHECKING

from pipeline.registry.run_content import Evidence
from pipeline.settings.params import Params

if TYPE_CHECKING:
    from mlflow import MlflowClient


def log_lineage(client: "MlflowClient", run_id: str, params: Params, evidence: Evidence) -> None:
    """Log the artifact and the datasets."""
