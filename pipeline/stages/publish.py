"""publish: everything that was made and measured -> an MLflow run and a registered model version."""

import csv
import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.core import contract as contracts
from pipeline.core.contract import CONTRACT, GOLDEN_INPUTS, GOLDEN_OUTPUTS, GOLDEN_TEST
from pipeline.core.errors import PipelineError
from pipeline.core.files import missing, read_json, sha256, write_json
from pipeline.graph import onnx_model
from pipeline.registry.model_registry import PACKAGE_TAG, check_registered, find_experiment, find_version, register
from pipeline.registry.provenance import lineage
from pipeline.registry.tracking import check_reachable, uri
from pipeline.settings.params import Params

if TYPE_CHECKING:
    from mlflow import MlflowClient

REPORT = Path("reports/publish.json")
PARITY = Path("reports/parity.json")
CURVES = Path("reports/plots/train.csv")
PACKAGES = Path("build/package")
MANIFEST = PACKAGES / "manifest.json"
DOTNET = Path("reports/dotnet.json")
CONTENT = (onnx_model.SIMPLIFIED, CONTRACT, GOLDEN_INPUTS, GOLDEN_OUTPUTS, GOLDEN_TEST)
REPORTS = (
    Path("reports/train.json"),
    Path("reports/export.json"),
    Path("reports/simplify.json"),
    PARITY,
    DOTNET,
    Path("reports/metrics.json"),
    Path("reports/parity.html"),
    CURVES,
    Path("reports/plots/parity.csv"),
)
WRITERS = {"train": "train", "export": "export", "simplify": "simplify", "dotnet": "verify"}
PUBLICATION_TAG = "publication_sha256"


@dataclass(frozen=True)
class Evidence:
    """What was judged: the reports of validate and verify, the package and its manifest."""

    parity: dict[str, Any]
    dotnet: dict[str, Any]
    manifest: dict[str, Any]
    package: Path


def digest(paths: tuple[Path, ...], *more: str) -> str:
    """SHA-256 over the names and contents of files, and over `more`."""
    found = hashlib.sha256("\0".join(more).encode())
    for path in paths:
        found.update(f"{path.as_posix()}\0{sha256(path)}\0".encode())
    return found.hexdigest()


def check_gate(parity: dict[str, Any]) -> None:
    """Raise PipelineError unless the gate has passed, and for the very files that are here."""
    if parity.get("passed") is not True or not parity.get("comparisons"):
        raise PipelineError(f"{PARITY}: the parity gate has not passed ({parity.get('gate')}): nothing is published")
    judged = {
        onnx_model.EXPORTED: (parity["models"]["export"], onnx_model.fingerprint),
        onnx_model.SIMPLIFIED: (parity["models"]["simplify"], onnx_model.fingerprint),
        CONTRACT: (parity["contract_sha256"], sha256),
    }
    for path, (expected, hash_of) in judged.items():
        if not path.exists() or hash_of(path) != expected:
            raise PipelineError(f"{path} is not the file that {PARITY} judged: run `python -m pipeline validate` again")


def check_proof(manifest: dict[str, Any], dotnet: dict[str, Any]) -> Path:
    """The package, once it is the one that holds this model and that .NET has not refused.

    Raises:
        PipelineError: It holds another model, was changed, was refused, or another one was verified.
    """
    package = PACKAGES / str(manifest["package"])
    if not package.exists() or sha256(package) != manifest["package_sha256"]:
        raise PipelineError(
            f"{package} is not the package that {MANIFEST} describes: run `python -m pipeline package` again"
        )
    if manifest["files"].get(f"model/{manifest['model']}") != sha256(onnx_model.SIMPLIFIED):
        raise PipelineError(
            f"{package} holds another model than {onnx_model.SIMPLIFIED}: run `python -m pipeline package` again"
        )
    if dotnet["package_sha256"] != manifest["package_sha256"]:
        raise PipelineError(f"{DOTNET} speaks of another package than {package}: run `python -m pipeline verify` again")
    if not dotnet["verified"] and dotnet["comparisons"]:
        raise PipelineError(f"{DOTNET}: .NET does not answer like PyTorch ({dotnet['reason']}): nothing is published")
    return package


def dotnet_tags(dotnet: dict[str, Any]) -> dict[str, str]:
    """Whether the package was verified in real .NET, and with which versions, or why not."""
    said = {key: str(dotnet[key]) for key in ("sdk", "runtime", "onnxruntime", "note", "reason") if dotnet.get(key)}
    return {
        "dotnet.verified": str(dotnet["verified"]).lower(),
        **{f"dotnet.{key}": value for key, value in said.items()},
    }


def flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested mappings as dotted keys."""
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def metrics(parity: dict[str, Any], dotnet: dict[str, Any]) -> dict[str, float]:
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
    for output, numbers in dotnet.get("outputs", {}).items():
        found |= {f"dotnet.{output}.{number}": value for number, value in numbers.items() if value is not None}
    found["dotnet.verified"] = float(dotnet["verified"])
    simplify = read_json(Path("reports/simplify.json"), made_by="simplify")
    found |= {
        "graph.nodes": simplify["nodes"],
        "graph.bytes": simplify["bytes"],
        "graph.folded_constants": simplify["folded_constants"],
    }
    found["graph.nodes_exported"] = read_json(Path("reports/export.json"), made_by="export")["before_folding"]["nodes"]
    return found


def log_numbers(
    client: "MlflowClient", run_id: str, params: Params, measured: dict[str, float], tags: dict[str, str]
) -> None:
    """Parameters, metrics, training curves and tags, in as few calls as MLflow's limits (100, 1000) allow."""
    from mlflow.entities import Metric, Param, RunTag

    now = int(time.time() * 1000)
    numbers = [Metric(key, float(value), now, 0) for key, value in measured.items()]
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


def publish(client: "MlflowClient", params: Params, evidence: Evidence, tracking_uri: str) -> dict[str, str]:
    """Log a run and register the model, unless these very files are there already.

    Returns:
        What reports/publish.json holds.
    """
    import mlflow

    settings, contract = params.publish, contracts.load()
    package = evidence.manifest["package_sha256"]
    said = params.model_dump(mode="json", by_alias=True, exclude={"publish"})
    publication = digest((*CONTENT, *REPORTS, MANIFEST), json.dumps(said, sort_keys=True), settings.registered_model)
    experiment = find_experiment(client, settings.experiment, tracking_uri)
    done = client.search_runs(
        [experiment], f"tags.{PUBLICATION_TAG} = '{publication}' and attributes.status = 'FINISHED'", max_results=1
    )
    number = find_version(client, settings.registered_model, package)
    proof = dotnet_tags(evidence.dotnet)
    if done and number:
        run_id = done[0].info.run_id
    else:
        tags = {
            **lineage(params, (*CONTENT, *REPORTS, PACKAGES)),
            PACKAGE_TAG: package,
            "model": contract.name,
            "gate": evidence.parity["gate"],
            **proof,
        }
        with mlflow.start_run(
            experiment_id=experiment, run_name=contract.name, description=contract.description
        ) as run:
            run_id = run.info.run_id
            log_numbers(client, run_id, params, metrics(evidence.parity, evidence.dotnet), tags)
            for path in (*CONTENT, *REPORTS, evidence.package, MANIFEST, Path("params.yaml")):
                mlflow.log_artifact(str(path), artifact_path=path.parent.as_posix() if path.parent.name else None)
            number = number or register(settings.registered_model, contract, package, run_id)
            check_registered(settings.registered_model, number)
            client.set_tag(run_id, "model_version", number)
            # Last: a run without it is one that did not end well.
            client.set_tag(run_id, PUBLICATION_TAG, publication)
    for key, value in proof.items():
        client.set_model_version_tag(settings.registered_model, number, key, value)
    client.set_registered_model_alias(settings.registered_model, settings.alias, number)
    return {
        "tracking_uri": settings.tracking_uri or "",
        "experiment_id": experiment,
        "run_id": run_id,
        "model": settings.registered_model,
        "version": number,
        "alias": settings.alias,
        PACKAGE_TAG: package,
    }


def run(params: Params) -> None:
    parity = read_json(PARITY, made_by="validate")
    check_gate(parity)
    contracts.check_golden(contracts.load())
    manifest, dotnet = read_json(MANIFEST, made_by="package"), read_json(DOTNET, made_by="verify")
    evidence = Evidence(parity, dotnet, manifest, check_proof(manifest, dotnet))
    for path in REPORTS:
        if not path.exists():
            raise missing(path, made_by=WRITERS.get(path.stem, "validate"))
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
        report = publish(mlflow.MlflowClient(), params, evidence, tracking_uri)
    except MlflowException as error:
        raise PipelineError(
            f"MLflow at {tracking_uri} refused: {' '.join(str(error).split())}. Everything made so far is kept; the next `dvc repro` "
            "publishes only"
        ) from None
    write_json(REPORT, report)
    print(
        f"publish: models:/{report['model']}@{report['alias']} is version {report['version']} (run {report['run_id']}), {'verified' if dotnet['verified'] else 'not verified'} in .NET; look with `make ui`"
    )
