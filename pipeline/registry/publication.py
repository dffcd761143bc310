"""A publication: one finished run and one registered version of what the package holds; the same files are published once."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.core.files import sha256
from pipeline.core.paths import MANIFEST
from pipeline.core.reports import PublishReport
from pipeline.dotnet.versions.release_notes import CHANGELOG, changelog
from pipeline.registry import model_card, model_registry
from pipeline.registry.lineage import log_lineage
from pipeline.registry.package_tags import check_content, list_tags
from pipeline.registry.pictures.gallery import log_pictures
from pipeline.registry.promotion import move_aliases
from pipeline.registry.run_content import (
    CONTENT,
    REPORTS,
    Evidence,
    describe_settings,
    log_files,
    log_numbers,
)
from pipeline.registry.run_lifecycle import leave_open_run, resume_run
from pipeline.registry.run_note import CARD_ARTIFACT, Place, log_note, name_run
from pipeline.registry.stored_package import RUN_TAG
from pipeline.settings.params import Params

if TYPE_CHECKING:
    from mlflow import MlflowClient

# A tag of the run, written last. MLflow's pages hide tags of this prefix, and would draw a parameter where runs are compared.
PUBLICATION = "mlflow.publication_sha256"


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

    Raises:
        PipelineError: The store has this version of the package with another content.
    """
    settings, contract = params.publish, evidence.contract
    package = evidence.manifest.package_sha256
    check_content(client, evidence.manifest)
    experiment = model_registry.find_experiment(client, settings.experiment, tracking_uri)
    done = client.search_runs(
        [experiment], f"tags.`{PUBLICATION}` = '{publication}' and attributes.status = 'FINISHED'", max_results=1
    )
    number = model_registry.find_version(client, settings.registered_model, package)
    name = settings.registered_model
    published_before = bool(done and number)
    if done and number:
        run_id = done[0].info.run_id
        leave_open_run(client, f"the same as run {run_id}, which was published before")
    else:
        weights = contract.weights_sha256
        title = name_run(params, weights)
        with resume_run(client, experiment, title, weights, describe_settings(params)) as run_id:
            # The run may have been opened before there were weights to name it by.
            client.update_run(run_id, name=title)
            log_numbers(client, run_id, params, evidence)
            log_files(client, run_id, evidence.manifest, evidence.dotnet)
            log_lineage(client, run_id, params, evidence)
            log_pictures(client, run_id, evidence)
            client.log_text(run_id, changelog(evidence.manifest), CHANGELOG)
            number = number or model_registry.register(name, contract, package)
            model_registry.check_registered(name, number)
            place = Place(experiment, run_id, name, number)
            log_note(client, run_id, evidence, place)
            client.log_text(run_id, model_card.write(evidence, place), CARD_ARTIFACT)
            # Last: a run without it is one that did not end well.
            client.set_tag(run_id, PUBLICATION, publication)
    place = Place(experiment, run_id, name, number)
    for key, value in list_tags(evidence.manifest).items():
        client.set_model_version_tag(name, number, key, value)
    client.update_model_version(name, number, description=model_card.describe_version(evidence, place))
    page = model_card.write_model_page(evidence, params, place)
    client.update_registered_model(name, description=model_card.shorten(page, place))
    client.set_model_version_tag(name, number, "dotnet.verified", str(evidence.dotnet.verified).lower())
    decision = move_aliases(client, params, evidence, number)
    # Where a publication was interrupted, the version was registered in another run than the one that ended well.
    client.set_model_version_tag(name, number, RUN_TAG, run_id)
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
    return report, published_before
