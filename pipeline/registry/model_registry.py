"""MLflow's experiments and model registry, as publishing needs them."""

import contextlib
import hashlib
import io
from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING

from pipeline.core.contract import Contract, TensorSpec
from pipeline.core.errors import PipelineError
from pipeline.core.files import sha256
from pipeline.core.paths import SIMPLIFIED
from pipeline.graph import onnx_model
from pipeline.registry.tracking import locate_artifacts

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.models import ModelSignature

MODEL_ARTIFACT = "model"
# The same package is the same version.
PACKAGE_TAG = "package_sha256"


def build_signature(contract: Contract) -> "ModelSignature":
    """The contract as MLflow's signature; an axis of any size is -1."""
    import numpy as np
    from mlflow import types
    from mlflow.models import ModelSignature

    def schema(tensors: list[TensorSpec]) -> types.Schema:
        return types.Schema(
            [
                types.TensorSpec(
                    np.dtype(object if tensor.dtype == "string" else tensor.dtype),
                    tuple(size if isinstance(size, int) else -1 for size in tensor.shape),
                    tensor.name,
                )
                for tensor in tensors
            ]
        )

    return ModelSignature(inputs=schema(contract.inputs), outputs=schema(contract.outputs))


def find_experiment(client: "MlflowClient", name: str, tracking_uri: str) -> str:
    from mlflow.exceptions import MlflowException

    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        try:
            return str(client.create_experiment(name, artifact_location=locate_artifacts(tracking_uri)))
        except MlflowException:
            experiment = client.get_experiment_by_name(name)
            if experiment is None:
                raise
        # Another publisher made it meanwhile.
    if experiment.lifecycle_stage != "active":
        raise PipelineError(
            f"the MLflow experiment {name!r} was deleted: restore it (`mlflow experiments restore -x {experiment.experiment_id}`) "
            "or choose another with publish.experiment"
        )
    return str(experiment.experiment_id)


def find_version(client: "MlflowClient", name: str, package: str) -> str | None:
    """The registered version that was made from this package."""
    entries = client.search_model_versions(f"name = '{name}'")
    versions = sorted(int(entry.version) for entry in entries if entry.tags.get(PACKAGE_TAG) == package)
    return str(versions[0]) if versions else None


def register(name: str, contract: Contract, package: str, run_id: str) -> str:
    """Log the model into the run and register it; returns the new version."""
    import mlflow

    logged = mlflow.onnx.log_model(
        onnx_model.load(SIMPLIFIED, made_by="simplify"),
        name=MODEL_ARTIFACT,
        signature=build_signature(contract),
        # Stated here, because MLflow would import every library to find them.
        pip_requirements=[f"{library}=={version(library)}" for library in ("mlflow", "onnx", "onnxruntime", "numpy")],
        save_as_external_data=False,  # True empties the model that it is given
        metadata={PACKAGE_TAG: package, "contract": contract.model_dump()},
    )
    with contextlib.redirect_stderr(io.StringIO()):  # the stage prints the version itself
        registered = mlflow.register_model(logged.model_uri, name, tags={PACKAGE_TAG: package, "run_id": run_id})
    return str(registered.version)


def tag_version(client: "MlflowClient", name: str, number: str, prefix: str, tags: Mapping[str, str]) -> None:
    """Give a version these tags; others that begin with `prefix` are of an earlier publication, and go."""
    earlier = client.get_model_version(name, number).tags
    for key in earlier:
        if key.startswith(prefix) and key not in tags:
            client.delete_model_version_tag(name, number, key)
    for key, value in tags.items():
        if earlier.get(key) != value:
            client.set_model_version_tag(name, number, key, value)


def check_registered(name: str, number: str) -> None:
    """Raise PipelineError unless the registry gives back the bytes that passed the gate."""
    import mlflow

    registered = mlflow.onnx.load_model(f"models:/{name}/{number}").SerializeToString(deterministic=True)
    if hashlib.sha256(registered).hexdigest() != sha256(SIMPLIFIED):
        raise PipelineError(
            f"models:/{name}/{number}: the registry gives back another model than {SIMPLIFIED}: the alias was not moved; "
            "look at the artifact store"
        )
