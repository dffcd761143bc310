"""publish: everything that was made and measured -> an MLflow run and a registered model version."""

import csv
import hashlib
import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import contract as contracts
from pipeline import graph
from pipeline.contract import CONTRACT, GOLDEN_INPUTS, GOLDEN_OUTPUTS, GOLDEN_TEST, Contract
from pipeline.errors import PipelineError
from pipeline.files import missing, read_json, sha256, write_json
from pipeline.params import Params
from pipeline.tracking import artifacts, check_reachable, uri

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.models import ModelSignature

REPORT = Path("reports/publish.json")
PARITY = Path("reports/parity.json")
CURVES = Path("reports/plots/train.csv")
# What makes the model what it is: the same bytes are the same version.
CONTENT = (graph.SIMPLIFIED, CONTRACT, GOLDEN_INPUTS, GOLDEN_OUTPUTS, GOLDEN_TEST)
REPORTS = (
    Path("reports/train.json"),
    Path("reports/export.json"),
    Path("reports/simplify.json"),
    PARITY,
    Path("reports/metrics.json"),
    Path("reports/parity.html"),
    CURVES,
    Path("reports/plots/parity.csv"),
)
MODEL_ARTIFACT = "model"
CONTENT_TAG = "content_sha256"
PUBLICATION_TAG = "publication_sha256"
LIBRARIES = ("torch", "onnx", "onnxruntime", "onnxscript", "onnxsim")


def digest(paths: tuple[Path, ...], *more: str) -> str:
    """SHA-256 over the names and contents of files, and over `more`."""
    found = hashlib.sha256("\0".join(more).encode())
    for path in paths:
        if not path.exists():
            raise missing(path, made_by="validate")
        found.update(f"{path.as_posix()}\0{sha256(path)}\0".encode())
    return found.hexdigest()


def check_gate(parity: dict[str, Any]) -> None:
    """Raise PipelineError unless the gate has passed, and for the very files that are here."""
    if parity.get("passed") is not True or not parity.get("comparisons"):
        raise PipelineError(f"{PARITY}: the parity gate has not passed ({parity.get('gate')}): nothing is published")
    judged = {
        graph.EXPORTED: parity["models"]["export"],
        graph.SIMPLIFIED: parity["models"]["simplify"],
        CONTRACT: parity["contract_sha256"],
    }
    for path, expected in judged.items():
        if not path.exists() or sha256(path) != expected:
            raise PipelineError(f"{path} is not the file that {PARITY} judged: run `python -m pipeline validate` again")


def flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested mappings as dotted keys."""
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def metrics(parity: dict[str, Any]) -> dict[str, float]:
    """Every number worth a chart: parity by graph and output, the task, sizes."""
    found: dict[str, float] = {"parity.values": parity["values"], "parity.comparisons": len(parity["comparisons"])}
    for entry in parity["comparisons"]:
        for number in ("max_abs", "mean_abs", "required_tolerance", "used"):
            if entry[number] is not None:
                key = f"parity.{entry['stage']}.{entry['output']}.{number}"
                found[key] = max(found.get(key, 0.0), entry[number])
    if task := parity["task"]:
        found |= {
            f"{task['metric']}.{who}": value
            for who, value in task.items()
            if isinstance(value, float) and who != "budget"
        }
    simplify = read_json(Path("reports/simplify.json"), made_by="simplify")
    found |= {
        "graph.nodes": simplify["nodes"],
        "graph.bytes": simplify["bytes"],
        "graph.folded_constants": simplify["folded_constants"],
    }
    found["graph.nodes_exported"] = read_json(Path("reports/export.json"), made_by="export")["before_folding"]["nodes"]
    return found


def git(*arguments: str) -> str:
    """What git says, or "" where there is no repository or no git."""
    try:
        return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603, S607
    except (OSError, subprocess.CalledProcessError):
        return ""


def lineage(params: Params) -> dict[str, str]:
    """Where the model comes from: commit, DVC's md5 of every input, configuration, libraries."""
    # dvc.lock and reports/ are the pipeline's own writing: they differ from the commit while it runs.
    dirty = git("status", "--porcelain", "--", ".", ":!dvc.lock", ":!reports")
    tags = {
        "git.commit": git("rev-parse", "HEAD") or "none",
        "git.dirty": str(bool(dirty)).lower(),
        "git.dirty_files": ", ".join(line[3:] for line in dirty.splitlines())[:5000],
        "conf_hash": params.conf_hash,
        **{f"version.{name}": version(name) for name in LIBRARIES},
    }
    lock = Path("dvc.lock")
    if lock.exists():
        from ruamel.yaml import YAML

        for stage in YAML(typ="safe").load(lock).get("stages", {}).values():
            tags |= {
                f"dvc.{out['path']}": out["md5"]
                for out in stage.get("outs", [])
                if Path(out["path"]) in (*CONTENT, *REPORTS)
            }
    return {key: value for key, value in tags.items() if value}


def signature(contract: Contract) -> "ModelSignature":
    """The contract as MLflow's signature; an axis of any size is -1."""
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    def schema(tensors: list[contracts.Tensor]) -> Schema:
        return Schema(
            [
                TensorSpec(
                    np.dtype(object if tensor.dtype == "string" else tensor.dtype),
                    tuple(size if isinstance(size, int) else -1 for size in tensor.shape),
                    tensor.name,
                )
                for tensor in tensors
            ]
        )

    return ModelSignature(inputs=schema(contract.inputs), outputs=schema(contract.outputs))


def find_experiment(client: "MlflowClient", name: str, tracking_uri: str) -> str:
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        return str(client.create_experiment(name, artifact_location=artifacts(tracking_uri)))
    if experiment.lifecycle_stage != "active":
        raise PipelineError(
            f"the MLflow experiment {name!r} was deleted: restore it (`mlflow experiments restore -x {experiment.experiment_id}`) "
            "or choose another with publish.experiment"
        )
    return str(experiment.experiment_id)


def log_numbers(
    client: "MlflowClient", run_id: str, params: Params, parity: dict[str, Any], tags: dict[str, str]
) -> None:
    """Parameters, metrics, training curves and tags, in as few calls as MLflow's limits (100, 1000) allow."""
    from mlflow.entities import Metric, Param, RunTag

    now = int(time.time() * 1000)
    numbers = [Metric(key, float(value), now, 0) for key, value in metrics(parity).items()]
    with CURVES.open(newline="") as file:
        for row in csv.DictReader(file):
            epoch = int(float(row.pop("epoch")))
            numbers += [Metric(f"train.{key}", float(value), now, epoch) for key, value in row.items()]
    settings = [Param(key, str(value)[:6000]) for key, value in flatten(params.model_dump(by_alias=True))]
    for start in range(0, max(len(numbers), len(settings)), 100):
        client.log_batch(run_id, params=settings[start : start + 100])
    for start in range(0, len(numbers), 900):
        client.log_batch(run_id, metrics=numbers[start : start + 900])
    client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])


def find_version(client: "MlflowClient", name: str, content: str) -> str | None:
    """The registered version that holds these very bytes."""
    found = client.search_model_versions(f"name = '{name}'")
    versions = sorted(int(entry.version) for entry in found if entry.tags.get(CONTENT_TAG) == content)
    return str(versions[0]) if versions else None


def register(name: str, contract: Contract, content: str, run_id: str) -> str:
    """Log the model into the run and register it; returns the new version."""
    import mlflow

    logged = mlflow.onnx.log_model(
        graph.load(graph.SIMPLIFIED, made_by="simplify"),
        name=MODEL_ARTIFACT,
        signature=signature(contract),
        # Given, because MLflow would import everything to find them.
        pip_requirements=[f"{library}=={version(library)}" for library in ("mlflow", "onnx", "onnxruntime", "numpy")],
        save_as_external_data=False,  # True empties the model that it is given
        metadata={CONTENT_TAG: content, "contract": contract.model_dump()},
    )
    made = mlflow.register_model(logged.model_uri, name, tags={CONTENT_TAG: content, "run_id": run_id})
    return str(made.version)


def check_registered(name: str, number: str) -> None:
    """Raise PipelineError unless the registry gives back the bytes that were judged."""
    import mlflow

    given = mlflow.onnx.load_model(f"models:/{name}/{number}").SerializeToString(deterministic=True)
    if hashlib.sha256(given).hexdigest() != sha256(graph.SIMPLIFIED):
        raise PipelineError(
            f"models:/{name}/{number}: the registry gives back another model than {graph.SIMPLIFIED}: the alias was not moved; "
            "look at the artifact store"
        )


def publish(client: "MlflowClient", params: Params, parity: dict[str, Any], tracking_uri: str) -> dict[str, str]:
    """Log a run and register the model, unless these very files are there already.

    Returns:
        What reports/publish.json holds.
    """
    import mlflow

    settings, contract = params.publish, contracts.load()
    content = digest(CONTENT)
    said = params.model_dump(mode="json", by_alias=True, exclude={"publish"})
    publication = digest((*CONTENT, *REPORTS), json.dumps(said, sort_keys=True), settings.registered_model)
    experiment = find_experiment(client, settings.experiment, tracking_uri)
    done = client.search_runs(
        [experiment], f"tags.{PUBLICATION_TAG} = '{publication}' and attributes.status = 'FINISHED'", max_results=1
    )
    number = find_version(client, settings.registered_model, content)
    if done and number:
        run_id = done[0].info.run_id
    else:
        tags = {**lineage(params), CONTENT_TAG: content, "model": contract.name, "gate": parity["gate"]}
        with mlflow.start_run(
            experiment_id=experiment, run_name=contract.name, description=contract.description
        ) as run:
            run_id = run.info.run_id
            log_numbers(client, run_id, params, parity, tags)
            for path in (*CONTENT, *REPORTS, Path("params.yaml")):
                mlflow.log_artifact(str(path), artifact_path=path.parent.as_posix() if path.parent.name else None)
            number = number or register(settings.registered_model, contract, content, run_id)
            check_registered(settings.registered_model, number)
            # Last: a run without it is one that did not end well.
            client.set_tag(run_id, PUBLICATION_TAG, publication)
            client.set_tag(run_id, "model_version", number)
    client.set_registered_model_alias(settings.registered_model, settings.alias, number)
    return {
        "tracking_uri": settings.tracking_uri or "",
        "experiment_id": experiment,
        "run_id": run_id,
        "model": settings.registered_model,
        "version": number,
        "alias": settings.alias,
        CONTENT_TAG: content,
    }


def run(params: Params) -> None:
    parity = read_json(PARITY, made_by="validate")
    check_gate(parity)
    contracts.check_golden(contracts.load())
    tracking_uri = uri(params.publish)
    check_reachable(tracking_uri)
    # MLflow's defaults wait four minutes for a server that is gone, and say much.
    for key, value in {
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
        "MLFLOW_LOGGING_LEVEL": "WARNING",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    }.items():
        os.environ.setdefault(key, value)
    import mlflow
    from mlflow.exceptions import MlflowException

    try:
        mlflow.set_tracking_uri(tracking_uri)
        mlflow.set_registry_uri(tracking_uri)
        report = publish(mlflow.MlflowClient(), params, parity, tracking_uri)
    except MlflowException as error:
        raise PipelineError(
            f"MLflow at {tracking_uri} refused: {' '.join(str(error).split())}. Everything made so far is kept; the next `dvc repro` "
            "publishes only"
        ) from None
    write_json(REPORT, report)
    print(
        f"publish: models:/{report['model']}@{report['alias']} is version {report['version']} (run {report['run_id']}); look with `make ui`"
    )
