"""A publication: one finished run and one registered version of what the package holds; the same files are published once."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.core.files import sha256
from pipeline.core.paths import MANIFEST
from pipeline.core.reports import PublishReport
from pipeline.registry import model_card, model_registry
from pipeline.registry.lineage import log_lineage
from pipeline.registry.pictures.gallery import log_pictures
from pipeline.registry.promotion import move_aliases
from pipeline.registry.provenance import collect_provenance
from pipeline.registry.run_content import (
    CONTENT,
    REPORTS,
    Evidence,
    dotnet_tags,
    log_files,
    log_numbers,
    parity_tags,
    runtime_tags,
)
from pipeline.registry.run_lifecycle import resume_run
from pipeline.registry.run_note import log_note, name_run
from pipeline.registry.stored_package import RUN_TAG
from pipeline.settings.params import Params

if TYPE_CHECKING:
    from mlflow import MlflowClient

PUBLICATION_TAG = "publication_sha256"


def hash_files(paths: Iterable[Path], *texts: str) -> str:
    """SHA-256 over the names and contents of files, and over `texts`."""
    combined = hashlib.sha256("\0".join(texts).encode())
    for path in paths:
        combined.update(f"{path.as_posix()}\0{sha256(path)}\0".encode())
    return combined.hexdigest()


def identify_publication(settings: Mapping[str, Any], model: str) -> str:
    """SHA-256 over everything that is published of these settings as the registered `model`."""
    return hash_files((*CONTENT, *REPORTS, MANIFEST), json.dumps(settings, sort_keys=True), model)


def publish(
    client: "MlflowClient", params: Params, publication: str, evidence: Evidence, tracking_uri: str
) -> tuple[PublishReport, bool]:
    """Log a run and register the model, unless there is a finished run of this `publication` already.

    Returns:
        The report, and whether they were there.
    """
    settings, contract = params.publish, evidence.contract
    package = evidence.manifest.package_sha256
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
        weights = contract.weights_sha256
        with resume_run(client, experiment, name_run(params, weights), weights) as run_id:
            tags = {
                **collect_provenance(params),
                model_registry.PACKAGE_TAG: package,
                "model": contract.name,
                "gate": evidence.parity.gate,
                **proof,
            }
            log_numbers(client, run_id, params, evidence, tags)
            log_files(client, run_id, evidence.manifest, evidence.dotnet)
            log_note(client, run_id, params, evidence)
            log_lineage(client, run_id, params, evidence)
            log_pictures(client, run_id, evidence)
            client.log_text(run_id, card, model_card.ARTIFACT)
            number = number or model_registry.register(settings.registered_model, contract, package, run_id)
            model_registry.check_registered(settings.registered_model, number)
            client.set_tag(run_id, "model_version", number)
            # Last: a run without it is one that did not end well.
            client.set_tag(run_id, PUBLICATION_TAG, publication)
    model_registry.tag_version(client, settings.registered_model, number, "dotnet.", proof)
    client.update_model_version(settings.registered_model, number, description=model_card.shorten(card))
    decision = move_aliases(client, params, evidence, number)
    # Where a publication was interrupted, the version was registered in another run than the one that ended well.
    client.set_model_version_tag(settings.registered_model, number, RUN_TAG, run_id)
    report = PublishReport(
        tracking_uri=settings.tracking_uri or "",
        experiment_id=experiment,
        run_id=run_id,
        model=settings.registered_model,
        version=number,
        alias=settings.alias,
        champion=decision.champion,
        promotion=decision.sentence,
        package_sha256=package,
    )
    return report, bool(done and number)
