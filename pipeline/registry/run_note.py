"""What a person sees first of a run: its name, its note in Markdown, and a few tags to search by."""

from typing import TYPE_CHECKING

from pipeline.registry.run_content import Evidence
from pipeline.settings.params import Params

if TYPE_CHECKING:
    from mlflow import MlflowClient


def name_run(params: Params, weights_sha256: str | None) -> str:
    """Model, what was overridden, and a short hash."""
    return params.model.name


def log_note(client: "MlflowClient", run_id: str, params: Params, evidence: Evidence) -> None:
    """Write note and tags into the run."""
    client.set_tag(run_id, "mlflow.note.content", evidence.contract.description)
