"""Every picture of a run, drawn into a folder and logged."""

from typing import TYPE_CHECKING

from pipeline.registry.run_content import Evidence

if TYPE_CHECKING:
    from mlflow import MlflowClient


def log_pictures(client: "MlflowClient", run_id: str, evidence: Evidence) -> None:
    """Draw what there is to draw of the evidence, light and dark, and log it under `pictures/`."""
