"""The lines with which publish ends, whatever ran before: verdict, metric, margin, package, version, link."""

from pipeline.core.parity_report import ParityReport
from pipeline.core.reports import PublishReport
from pipeline.dotnet.nuget.manifest import Manifest
from pipeline.registry.page_links import link_run
from pipeline.registry.run_content import Evidence


def write_closing_lines(report: PublishReport, evidence: Evidence, published_before: bool) -> list[str]:
    """Six lines, each a word and what is to be said of it.

    Args:
        report: Where the model is in MLflow.
        evidence: What was measured.
        published_before: Whether the run and the version were there already.
    """
    lines = {
        "verdict": describe_verdict(evidence),
        "metric": describe_metric(evidence),
        "margin": describe_margin(evidence.parity),
        "package": describe_package(evidence.manifest),
        "version": describe_version(report, published_before),
        "link": choose_link(report),
    }
    return [f"{name:<7}  {text}" for name, text in lines.items()]


def describe_verdict(evidence: Evidence) -> str:
    parity, dotnet = evidence.parity, evidence.dotnet
    caught = f", {parity.power.caught} of {parity.power.tried} mutants caught" if parity.power else ""
    verified = f"verified in .NET on onnxruntime {', '.join(dotnet.list_verified())}"
    if not dotnet.verified:
        verified = f"not verified in .NET: {dotnet.reason}"
    return f"{parity.gate}: {len(parity.comparisons)} comparisons with PyTorch{caught}; {verified}"


def describe_metric(evidence: Evidence) -> str:
    task = evidence.parity.task
    if task is None or task.simplify is None:
        return "none: the model has no task"
    dotnet = f", .NET {evidence.dotnet.task.dotnet:.4f}" if evidence.dotnet.task else ""
    return f"{task.metric} {task.simplify:.4f} on {task.rows:,} test rows (PyTorch {task.eager:.4f}{dotnet})"


def describe_margin(parity: ParityReport) -> str:
    if parity.used is None:
        return "none is needed: every answer has to be equal, and is"
    if not parity.margin:
        return "every answer is equal to PyTorch's"
    return f"{parity.margin:.1f} times: {parity.used:.2%} of what is allowed is used"


def describe_package(manifest: Manifest) -> str:
    return f"{manifest.path}, {manifest.path.stat().st_size:,} bytes; {manifest.id} {manifest.version}"


def describe_version(report: PublishReport, published_before: bool) -> str:
    before = ", published before" if published_before else ""
    promotion = f"; {report.promotion}" if report.promotion else ""
    return f"models:/{report.model}/{report.version} is @{report.alias}{before}{promotion}"


def choose_link(report: PublishReport) -> str:
    """The run's page where the store is a server; else the command that serves it."""
    if not report.tracking_uri.startswith(("http://", "https://")):
        return f"`make ui` opens run {report.run_id}"
    return link_run(report.tracking_uri.rstrip("/"), report.experiment_id, report.run_id)
