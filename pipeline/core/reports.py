"""The stages' reports in reports/, typed: one class a file."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, TypeAdapter

from pipeline.core.dotnet_report import DotnetReport
from pipeline.core.files import write_json
from pipeline.core.parity_report import ParityReport
from pipeline.core.paths import (
    DOTNET_REPORT,
    EXPORT_REPORT,
    PARITY_REPORT,
    PUBLISH_REPORT,
    SIMPLIFY_REPORT,
    TRAIN_REPORT,
)
from pipeline.core.records import Record, read_record

AnyReport = TypeVar("AnyReport", bound=Record)


class TrainReport(Record):
    """What training came to; without training only `parameters`, and which weights did not fit (model.strict=false)."""

    parameters: int
    epochs: int | None = None
    best_epoch: int | None = None
    validation_loss: float | None = None
    # The metric that training reports, and its value in the best epoch.
    metric: str | None = None
    validation_metric: float | None = None
    missing: list[str] = Field(default=[])
    unexpected: list[str] = Field(default=[])


class GraphSize(Record):
    """Nodes (nested graphs' too), nodes by operator, initializers, nodes that constant folding would remove, bytes with weights."""

    nodes: int
    ops: dict[str, int]
    initializers: int
    foldable: int
    bytes: int


class ExportReport(Record):
    """Which exporter made the graph, why the others did not, and how many golden calls there are.

    `attempts` has the reason why each exporter that was tried was not used, "" for the one that was; `left_out` the golden
    calls that the network itself cannot answer, with the reason; `skipped` sizes that were too large to be tried;
    `assumptions` what the exporter took for granted, with the golden calls on both sides of it.
    """

    opset: int
    ir_version: int
    torch: str
    exporter: str
    attempts: dict[str, str]
    golden_calls: int
    golden_texts: int
    left_out: dict[str, str]
    skipped: list[str] = Field(default=[])
    assumptions: dict[str, list[str]] = Field(default={})
    before_folding: GraphSize
    graph: GraphSize


class SimplifyReport(Record):
    nodes: int
    bytes: int
    folded_constants: int
    before: GraphSize
    after: GraphSize


class PublishReport(Record):
    """Where the model is in MLflow: `alias` is on `version`, `champion` the version that has the alias champion ("" where none has).

    `promotion` says in a sentence why the champion moved or stayed.
    """

    tracking_uri: str
    experiment_id: str
    run_id: str
    model: str
    version: str
    alias: str
    champion: str = ""
    promotion: str = ""
    package_sha256: str


_FILES: dict[type[Any], tuple[Path, str]] = {
    TrainReport: (TRAIN_REPORT, "train"),
    ExportReport: (EXPORT_REPORT, "export"),
    SimplifyReport: (SIMPLIFY_REPORT, "simplify"),
    ParityReport: (PARITY_REPORT, "validate"),
    DotnetReport: (DOTNET_REPORT, "verify"),
    PublishReport: (PUBLISH_REPORT, "publish"),
}


def write_report(report: Record) -> None:
    """Write the report to its file, without the fields that were not set."""
    path, _ = _FILES[type(report)]
    write_json(path, report.model_dump(mode="json", exclude_unset=True))


def read_report(kind: type[AnyReport]) -> AnyReport:
    """Read the report of that kind.

    Raises:
        PipelineError: It is missing, or does not have its form.
    """
    path, made_by = _FILES[kind]
    return read_record(path, TypeAdapter(kind), made_by)
