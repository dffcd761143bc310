"""MLflow's experiments and model registry, as publishing needs them."""

import contextlib
import hashlib
import io
from importlib.metadata import version
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pipeline.core.arrays import Arrays
from pipeline.core.contract import BATCH, Contract, TensorSpec
from pipeline.core.errors import PipelineError
from pipeline.core.files import sha256
from pipeline.core.golden import load_calls
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


def choose_example(contract: Contract) -> Arrays:
    """One row of the golden calls, as the model takes it: a batch of one where it knows batches."""
    calls = [call for call in load_calls() if call.purpose == "rows" and not call.texts] or load_calls()[:1]
    call = min(calls, key=lambda call: call.rows or 0)
    batch = {tensor.name: tensor.shape.index(BATCH) for tensor in contract.inputs if BATCH in tensor.shape}
    return {name: array.take([0], axis=batch[name]) if name in batch else array for name, array in call.inputs.items()}


def save_without_asking(validate_serving_input: bool, **settings: Any) -> None:
    """mlflow.onnx.save_model, to whom MLflow says too whether it is to ask the model its example: it takes no such argument."""
    import mlflow

    mlflow.onnx.save_model(**settings)


def register(name: str, contract: Contract, package: str) -> str:
    """Log the model into the active run and register it; returns the new version."""
    import mlflow

    logged = mlflow.models.Model.log(
        artifact_path=None,
        name=MODEL_ARTIFACT,
        # What mlflow.onnx.log_model passes on; it would load the model again and ask it the example, which the gate has done.
        flavor=SimpleNamespace(__name__="mlflow.onnx", save_model=save_without_asking),
        validate_serving_input=False,
        onnx_model=onnx_model.load(SIMPLIFIED, made_by="simplify"),
        signature=build_signature(contract),
        input_example=choose_example(contract),
        # Stated here, because MLflow would import every library to find them.
        pip_requirements=[f"{library}=={version(library)}" for library in ("mlflow", "onnx", "onnxruntime", "numpy")],
        save_as_external_data=False,  # True empties the model that it is given
        metadata={PACKAGE_TAG: package, "contract": contract.model_dump()},
    )
    with contextlib.redirect_stderr(io.StringIO()):  # the stage prints the version itself
        registered = mlflow.register_model(logged.model_uri, name, tags={PACKAGE_TAG: package})
    return str(registered.version)


def check_registered(name: str, number: str) -> None:
    """Raise PipelineError unless the registry gives back the bytes that passed the gate."""
    import mlflow

    registered = mlflow.onnx.load_model(f"models:/{name}/{number}").SerializeToString(deterministic=True)
    if hashlib.sha256(registered).hexdigest() != sha256(SIMPLIFIED):
        raise PipelineError(
            f"models:/{name}/{number}: the registry gives back another model than {SIMPLIFIED}: the alias was not moved; "
            "look at the artifact store"
        )
