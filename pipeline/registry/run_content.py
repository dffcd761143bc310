"""One MLflow run: what was set, measured and made."""

import csv
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.core.contract import Contract
from pipeline.core.dotnet_report import DotnetReport
from pipeline.core.errors import PipelineError
from pipeline.core.parity_report import ParityReport
from pipeline.core.paths import (
    CONTRACT,
    DOTNET_REPORT,
    EXPORT_REPORT,
    GOLDEN_ARRAYS,
    GOLDEN_INDEX,
    GOLDEN_TEST_SPLIT,
    MANIFEST,
    METRICS_REPORT,
    PARITY_PAGE,
    PARITY_REPORT,
    PARITY_TABLE,
    PROOF_PAGE,
    SIMPLIFIED,
    SIMPLIFY_REPORT,
    TRAIN_REPORT,
    TRAINING_CURVES,
)
from pipeline.core.reports import ExportReport, SimplifyReport
from pipeline.dotnet.nuget.manifest import Manifest
from pipeline.settings.params import Params

if TYPE_CHECKING:
    from mlflow import MlflowClient

# Files of a run beside the package: the graph and its golden calls, and the reports, each with the stage that writes it.
CONTENT = (SIMPLIFIED, CONTRACT, GOLDEN_INDEX, GOLDEN_ARRAYS, GOLDEN_TEST_SPLIT)
REPORTS = {
    TRAIN_REPORT: "train",
    TRAINING_CURVES: "train",
    EXPORT_REPORT: "export",
    SIMPLIFY_REPORT: "simplify",
    PARITY_REPORT: "validate",
    METRICS_REPORT: "validate",
    PARITY_PAGE: "validate",
    PARITY_TABLE: "validate",
    DOTNET_REPORT: "verify",
    PROOF_PAGE: "verify",
}


@dataclass(frozen=True)
class Evidence:
    """The reports, the contract and the package that they are about, and the numbers of each epoch of training."""

    contract: Contract
    export: ExportReport
    simplify: SimplifyReport
    parity: ParityReport
    dotnet: DotnetReport
    manifest: Manifest
    curves: Sequence[Mapping[str, float]] = ()


def flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested mappings as dotted keys."""
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def collect_metrics(evidence: Evidence) -> dict[str, float]:
    """Every number worth a chart: parity by graph and output, the gate's power, the task, sizes."""
    parity, dotnet = evidence.parity, evidence.dotnet
    metrics: dict[str, float] = {"parity.values": parity.values, "parity.comparisons": len(parity.comparisons)}
    for entry in parity.comparisons:
        for number in ("max_abs", "mean_abs", "required_tolerance", "used"):
            value = getattr(entry, number)
            if value is not None:
                key = f"parity.{entry.stage}.{entry.output}.{number}"
                metrics[key] = max(metrics.get(key, 0.0), value)
    if parity.margin is not None:
        metrics["parity.margin"] = parity.margin
    if power := parity.power:
        metrics["parity.mutants"] = power.tried
        if power.score is not None:
            metrics["parity.power"] = power.score
    metrics |= {f"parity.scale.{output}": scale.scale for output, scale in evidence.contract.scales.items()}
    if task := parity.task:
        scores = {"eager": task.eager, "export": task.export, "simplify": task.simplify}
        metrics |= {f"{task.metric}.{name}": score for name, score in scores.items() if score is not None}
        for stage, paired in task.paired.items():
            metrics |= {f"{task.metric}.{stage}.changed": paired.changed, f"{task.metric}.{stage}.bound": paired.bound}
    if proven := dotnet.task:
        metrics[f"{proven.metric}.dotnet"] = proven.dotnet
    for output, summary in dotnet.outputs.items():
        metrics |= {f"dotnet.{output}.{key}": value for key, value in summary if value is not None}
    metrics["dotnet.verified"] = float(dotnet.verified)
    metrics |= {
        f"dotnet.onnxruntime.{entry.asked}.used": entry.used for entry in dotnet.runtimes if entry.used is not None
    }
    metrics["graph.nodes"] = evidence.simplify.nodes
    metrics["graph.bytes"] = evidence.simplify.bytes
    metrics["graph.folded_constants"] = evidence.simplify.folded_constants
    metrics["graph.nodes_exported"] = evidence.export.before_folding.nodes
    # MLflow lists them as they were logged, and draws the first when runs are compared: the task's.
    return dict(sorted(metrics.items(), key=lambda metric: metric[0].startswith(("parity.", "dotnet.", "graph."))))


def read_curves() -> list[dict[str, float]]:
    """The numbers of each epoch of training; none without training.

    Raises:
        PipelineError: A line of the file has other columns than the first, or something that is no number.
    """
    try:
        with TRAINING_CURVES.open(newline="", encoding="utf-8") as file:
            names, *lines = csv.reader(file)
        epochs = [dict(zip(names, map(float, line), strict=True)) for line in lines]
        for epoch in epochs:
            int(epoch["epoch"])
    except (ValueError, KeyError, OverflowError, csv.Error) as error:
        raise PipelineError(
            f"{TRAINING_CURVES}: expected a line of names that begin with epoch, and a line of numbers an epoch, got a damaged file "
            f"({error}): make it again with `python -m pipeline train`"
        ) from None
    return epochs


def describe_settings(params: Params) -> dict[str, str]:
    """Every setting by its dotted name, as MLflow keeps it: whoever logs one logs the same text, since a run's params never change."""
    return {key: str(value)[:6000] for key, value in flatten(params.model_dump(by_alias=True))}


def read_logged_epochs(client: "MlflowClient", run_id: str) -> set[int]:
    """The epochs whose numbers are in the run already, since training logged them as it went."""
    return {metric.step for metric in client.get_metric_history(run_id, "train.validation_loss")}


def log_numbers(client: "MlflowClient", run_id: str, params: Params, evidence: Evidence) -> None:
    """Parameters, metrics and training curves, in as few calls as MLflow's limits (100, 1000) allow."""
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    numbers = [Metric(key, float(value), now, 0) for key, value in collect_metrics(evidence).items()]
    logged = read_logged_epochs(client, run_id) if evidence.curves else set()
    for row in evidence.curves:
        epoch = int(row["epoch"])
        if epoch in logged:
            continue
        numbers += [Metric(f"train.{key}", value, now, epoch) for key, value in row.items() if key != "epoch"]
    settings = [Param(key, value) for key, value in describe_settings(params).items()]
    for start in range(0, len(settings), 100):
        client.log_batch(run_id, params=settings[start : start + 100])
    for start in range(0, len(numbers), 900):
        client.log_batch(run_id, metrics=numbers[start : start + 900])


def choose_page(dotnet: DotnetReport) -> Path:
    """The page that people open: the proof where the package ran in .NET, else the gate's."""
    return PROOF_PAGE if dotnet.verified or dotnet.comparisons else PARITY_PAGE


def log_files(client: "MlflowClient", run_id: str, manifest: Manifest, dotnet: DotnetReport) -> None:
    """Content, reports (of the two pages, one), package, manifest and params.yaml, in the folders that they have here."""
    reports = [path for path in REPORTS if path.suffix != PROOF_PAGE.suffix or path == choose_page(dotnet)]
    for path in (*CONTENT, *reports, manifest.path, MANIFEST, Path("params.yaml")):
        client.log_artifact(run_id, str(path), artifact_path=path.parent.as_posix() if path.parent.name else None)
