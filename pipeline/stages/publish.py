"""publish: everything that was made and measured -> an MLflow run and a registered model version."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.core.contract import load_contract
from pipeline.core.dotnet_report import DotnetReport
from pipeline.core.errors import PipelineError
from pipeline.core.files import missing, read_json, sha256
from pipeline.core.imports import import_frozen
from pipeline.core.parity_report import ParityReport
from pipeline.core.paths import CONTRACT, DOTNET_REPORT, EXPORTED, MANIFEST, PARITY_REPORT, SIMPLIFIED
from pipeline.core.reports import ExportReport, PublishReport, SimplifyReport, TrainReport, read_report, write_report
from pipeline.dotnet.nuget.manifest import Manifest, read_package
from pipeline.graph import onnx_model
from pipeline.registry import model_card, model_registry
from pipeline.registry.provenance import collect_provenance
from pipeline.registry.run import (
    CONTENT,
    REPORTS,
    Evidence,
    dotnet_tags,
    log_files,
    log_numbers,
    parity_tags,
    read_curves,
    runtime_tags,
)
from pipeline.registry.tracking import check_reachable, choose_tracking_uri
from pipeline.settings.params import Params

if TYPE_CHECKING:
    from mlflow import MlflowClient

# What MLflow imports for a store of its own on this machine.
SQLITE_STORE = "mlflow.store.tracking.sqlalchemy_store"
PUBLICATION_TAG = "publication_sha256"
# By default MLflow waits four minutes for a server that is gone, and prints much.
MLFLOW = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


def hash_files(paths: Iterable[Path], *texts: str) -> str:
    """SHA-256 over the names and contents of files, and over `texts`."""
    combined = hashlib.sha256("\0".join(texts).encode())
    for path in paths:
        combined.update(f"{path.as_posix()}\0{sha256(path)}\0".encode())
    return combined.hexdigest()


def check_gate(parity: ParityReport) -> None:
    """Raise PipelineError unless the gate has passed, and for the files that are here."""
    if not parity.proven:
        raise PipelineError(f"{PARITY_REPORT}: the parity gate has not passed ({parity.gate}): nothing is published")
    compared = {
        EXPORTED: (parity.models.get("export"), onnx_model.fingerprint),
        SIMPLIFIED: (parity.models.get("simplify"), onnx_model.fingerprint),
        CONTRACT: (parity.contract_sha256, sha256),
    }
    for path, (expected, hash_of) in compared.items():
        if not path.exists() or hash_of(path) != expected:
            raise PipelineError(
                f"{path} is not the file that {PARITY_REPORT} compared: run `python -m pipeline validate` again"
            )


def check_proof(manifest: Manifest, dotnet: DotnetReport) -> None:
    """Raise PipelineError unless the package holds this model and .NET has not refused it."""
    if manifest.files.get(f"model/{manifest.model}") != sha256(SIMPLIFIED):
        raise PipelineError(
            f"{manifest.path} holds another model than {SIMPLIFIED}: run `python -m pipeline package` again"
        )
    if dotnet.package_sha256 != manifest.package_sha256:
        raise PipelineError(
            f"{DOTNET_REPORT} speaks of another package than {manifest.path}: run `python -m pipeline verify` again"
        )
    if dotnet.departs:
        raise PipelineError(
            f"{DOTNET_REPORT}: .NET does not answer like PyTorch ({dotnet.reason}): nothing is published"
        )


def publish(
    client: "MlflowClient", params: Params, evidence: Evidence, tracking_uri: str
) -> tuple[PublishReport, bool]:
    """Log a run and register the model, unless these very files are there already.

    Returns:
        The report, and whether they were there.
    """
    import mlflow

    settings, contract = params.publish, evidence.contract
    package = evidence.manifest.package_sha256
    configuration = params.model_dump(mode="json", by_alias=True, exclude={"publish"})
    publication = hash_files(
        (*CONTENT, *REPORTS, MANIFEST), json.dumps(configuration, sort_keys=True), settings.registered_model
    )
    experiment = model_registry.find_experiment(client, settings.experiment, tracking_uri)
    done = client.search_runs(
        [experiment], f"tags.{PUBLICATION_TAG} = '{publication}' and attributes.status = 'FINISHED'", max_results=1
    )
    number = model_registry.find_version(client, settings.registered_model, package)
    proof = {**dotnet_tags(evidence.dotnet), **parity_tags(evidence.parity), **runtime_tags(evidence.manifest)}
    card = model_card.write(evidence)
    if done and number:
        run_id = done[0].info.run_id
    else:
        tags = {
            **collect_provenance(params),
            model_registry.PACKAGE_TAG: package,
            "model": contract.name,
            "gate": evidence.parity.gate,
            **proof,
        }
        with mlflow.start_run(
            experiment_id=experiment, run_name=contract.name, description=contract.description
        ) as run:
            run_id = run.info.run_id
            log_numbers(client, run_id, params, evidence, tags)
            log_files(evidence.manifest, evidence.dotnet)
            mlflow.log_text(card, model_card.ARTIFACT)
            number = number or model_registry.register(settings.registered_model, contract, package, run_id)
            model_registry.check_registered(settings.registered_model, number)
            client.set_tag(run_id, "model_version", number)
            # Last: a run without it is one that did not end well.
            client.set_tag(run_id, PUBLICATION_TAG, publication)
    model_registry.tag_version(client, settings.registered_model, number, "dotnet.", proof)
    client.update_model_version(settings.registered_model, number, description=model_card.shorten(card))
    client.set_registered_model_alias(settings.registered_model, settings.alias, number)
    report = PublishReport(
        tracking_uri=settings.tracking_uri or "",
        experiment_id=experiment,
        run_id=run_id,
        model=settings.registered_model,
        version=number,
        alias=settings.alias,
        package_sha256=package,
    )
    return report, bool(done and number)


def run(params: Params) -> None:
    parity = read_report(ParityReport)
    check_gate(parity)
    manifest, dotnet = read_package(), read_report(DotnetReport)
    check_proof(manifest, dotnet)
    for path, stage in REPORTS.items():
        if not path.is_file():
            raise missing(path, made_by=stage)
        if path.suffix == ".json":
            read_json(path, made_by=stage)
    read_report(TrainReport)
    evidence = Evidence(
        load_contract(), read_report(ExportReport), read_report(SimplifyReport), parity, dotnet, manifest, read_curves()
    )
    tracking_uri = choose_tracking_uri(params.publish)
    check_reachable(tracking_uri)
    for key, value in MLFLOW.items():
        os.environ.setdefault(key, value)
    import_frozen(SQLITE_STORE if tracking_uri.startswith("sqlite:") else "mlflow")
    import mlflow
    from mlflow.exceptions import MlflowException

    try:
        mlflow.set_tracking_uri(tracking_uri)
        mlflow.set_registry_uri(tracking_uri)
        report, published_before = publish(mlflow.MlflowClient(), params, evidence, tracking_uri)
    except MlflowException as error:
        raise PipelineError(
            f"MLflow at {tracking_uri} refused: {' '.join(str(error).split())}. Everything made so far is kept; the next `dvc repro` "
            "publishes only"
        ) from None
    write_report(report)
    verified = "verified" if dotnet.verified else "not verified"
    print(
        f"publish: models:/{report.model}@{report.alias} is version {report.version} (run {report.run_id}"
        f"{', published before' if published_before else ''}), {verified} in .NET; "
        "look with `make ui`"
    )
