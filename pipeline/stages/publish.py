"""publish: everything that was made and measured -> an MLflow run and a registered model version."""

from pipeline.core.contract import load_contract
from pipeline.core.dotnet_report import DotnetReport
from pipeline.core.errors import PipelineError
from pipeline.core.files import missing, read_json, sha256
from pipeline.core.parity_report import ParityReport
from pipeline.core.paths import CONTRACT, EXPORTED, PARITY_REPORT, SIMPLIFIED
from pipeline.core.reports import ExportReport, SimplifyReport, TrainReport, read_report, write_report
from pipeline.core.terminal import say
from pipeline.dotnet.nuget.manifest import Manifest, check_verified, read_package
from pipeline.graph import onnx_model
from pipeline.registry.closing_lines import write_closing_lines
from pipeline.registry.publication import identify_publication, publish
from pipeline.registry.run_content import REPORTS, Evidence, read_curves
from pipeline.registry.tracking import choose_tracking_uri, connecting
from pipeline.settings.params import Params

# Closes a store's refusal: nothing that was made depends on it.
KEPT = "Everything made so far is kept; the next `dvc repro` publishes only"


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
    check_verified(manifest, dotnet, "nothing is published")


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
    settings = params.model_dump(mode="json", by_alias=True, exclude={"publish"})
    publication = identify_publication(settings, params.publish.registered_model)
    with connecting(tracking_uri, KEPT) as client:
        report, published_before = publish(client, params, publication, evidence, tracking_uri)
    write_report(report)
    for line in write_closing_lines(report, evidence, published_before):
        say("publish", line)
