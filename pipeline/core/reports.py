"""The stages' reports in reports/, typed: one class a file."""

from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field, TypeAdapter

from pipeline.core.files import write_json
from pipeline.core.paths import (
    DOTNET_REPORT,
    EXPORT_REPORT,
    PARITY_REPORT,
    PUBLISH_REPORT,
    SIMPLIFY_REPORT,
    TRAIN_REPORT,
)
from pipeline.core.power_report import PowerReport
from pipeline.core.records import Record, read_record

AnyReport = TypeVar("AnyReport", bound=Record)


class TrainReport(Record):
    """What training came to; without training only `parameters`, and which weights did not fit (model.strict=false)."""

    parameters: int
    threads: int | None = None
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


class Comparison(Record):
    """One output of one golden call, answered by one graph or by .NET, against PyTorch.

    A number is None where there was nothing to subtract. `tolerance` is the absolute one, a share of the output's `scale`;
    `required_tolerance` the smallest that passes; `used` the largest share of what is allowed, |got - expected| / (tolerance +
    rtol * |expected|). `way` is the method of the C# client; `cosine` the smallest between an answer and PyTorch's, for texts.
    `exempt` is the reason why the output is not judged. `runtime` is the version of the onnxruntime that answered, where that is not
    the installed one; `optimizer` whether its graph optimizer was on, as in the client, or off.
    """

    stage: str
    variant: str = "fp32"
    case: str
    output: str
    batch: int | None
    passed: bool
    values: int
    max_abs: float | None
    max_rel: float | None
    mean_abs: float | None
    tolerance: float
    rtol: float
    required_tolerance: float | None
    used: float | None
    problem: str
    way: str | None = None
    cosine: float | None = None
    scale: float | None = None
    exempt: str = ""
    runtime: str | None = None
    optimizer: Literal["all", "off"] = "all"


class PairedScore(Record):
    """One graph's answers to the test split (or .NET's) beside PyTorch's, row for row.

    `changed` rows have another answer, by more than rounding; of these `better` and `worse` are told apart where the metric has
    a value for each row (None where only many rows together have one). `loss` is by how much the metric is worse, in its own
    unit, below 0 where it is better. `bound` is an upper confidence bound (95 %): of the share of rows that get worse where
    they are told apart (`bound_of` "worse rows"), else of the loss ("loss").
    """

    changed: int
    better: int | None
    worse: int | None
    loss: float
    bound: float
    bound_of: Literal["worse rows", "loss"]


class TaskReport(Record):
    """The task's metric on the whole test split: of the eager network and of each graph (None where it did not run).

    `paired` has each graph beside PyTorch, by stage, `problems` why there is no metric of one. It passes when no graph's metric is
    worse than PyTorch's by more than `budget` and `rounding`, which is what the last bits of floating answers may move a metric by
    (0 for class numbers).
    """

    metric: str
    direction: Literal["higher", "lower"] = "higher"
    rows: int
    eager: float
    export: float | None
    simplify: float | None
    budget: float
    rounding: float = 0.0
    paired: dict[str, PairedScore] = Field(default={})
    problems: dict[str, str] = Field(default={})
    passed: bool


class Attribution(Record):
    """Where the first wrong answer comes from, and one sentence that says so."""

    cause: Literal["exporter", "simplifier", "optimizer", "variant", "runtime", "dotnet"]
    sentence: str


class RuntimeReplay(Record):
    """The golden calls, replayed in a wheel of another onnxruntime; `comparisons` of the report have each of them.

    `python` and `numpy` are the versions that it ran with, `used` the largest share of what is allowed.
    """

    onnxruntime: str
    python: str
    numpy: str
    passed: bool
    problem: str
    comparisons: int
    values: int
    used: float | None


class ParityReport(Record):
    """The result of the gate. `models` has the SHA-256 of each graph that was compared; `gate` is "passed" or why not.

    `used` is the largest share of what is allowed, `margin` how many times as large a difference would have passed: 1 / used.
    `unvarying` are outputs that nearly all rows have alike, so that comparing them proves little; `exempt` those that are not judged,
    with the reason. `unoptimized` are the comparisons with onnxruntime's optimizer off, which judge nothing and say where a departure
    begins: `attribution` says it in a sentence, where the gate failed. `runtimes` are the other versions that have replayed.
    """

    passed: bool
    gate: str
    model: str
    onnxruntime: str
    models: dict[str, str]
    contract_sha256: str
    values: int
    max_abs: float | None
    required_tolerance: float | None
    used: float | None
    task: TaskReport | None
    comparisons: list[Comparison]
    margin: float | None = None
    unvarying: list[str] = Field(default=[])
    exempt: dict[str, str] = Field(default={})
    power: PowerReport | None = None
    unoptimized: list[Comparison] = Field(default=[])
    attribution: Attribution | None = None
    runtimes: list[RuntimeReplay] = Field(default=[])

    @property
    def proven(self) -> bool:
        """Whether the gate has passed, and its comparisons say the same."""
        return self.passed and bool(self.comparisons) and all(entry.passed for entry in self.comparisons)


class OutputSummary(Record):
    max_abs: float | None
    required_tolerance: float | None


class TextSummary(Record):
    """How many texts and tokens were compared in .NET, how many texts have other tokens, and the smallest cosine."""

    ways: list[str]
    texts: int
    tokens: int
    mismatches: int
    least_cosine: float | None


class DotnetTask(Record):
    """The task's metric on the whole test split, of the eager network's answers and of those in .NET."""

    metric: str
    rows: int
    eager: float
    dotnet: float
    paired: PairedScore | None = None


class DotnetRuntime(Record):
    """The package, replayed in .NET on one version of Microsoft.ML.OnnxRuntime.

    `asked` is what was asked for: "bound" (the lower bound of the package), "newest", or a version. `onnxruntime` is the version that
    ran, None where none could be restored; `reason` says why it is not verified.
    """

    asked: str
    onnxruntime: str | None
    verified: bool
    reason: str
    comparisons: int = 0
    values: int = 0
    used: float | None = None


class DotnetReport(Record):
    """Whether the package answers like PyTorch in real .NET; `reason` says why not. Without an SDK nothing was compared.

    `runtimes` has every version of onnxruntime that was asked for; `attribution` says where a wrong answer comes from.
    """

    package: str
    package_sha256: str
    mode: str
    verified: bool
    reason: str
    comparisons: list[Comparison] = Field(default=[])
    sdk: str | None = None
    runtime: str | None = None
    onnxruntime: str | None = None
    onnxruntime_python: str | None = None
    note: str = ""
    ways: list[str] = Field(default=[])
    threads: int | None = None
    rows: int = 0
    values: int = 0
    outputs: dict[str, OutputSummary] = Field(default={})
    texts: TextSummary | None = None
    exempt: dict[str, str] = Field(default={})
    test_rows: int = 0
    task: DotnetTask | None = None
    runtimes: list[DotnetRuntime] = Field(default=[])
    attribution: Attribution | None = None


class PublishReport(Record):
    tracking_uri: str
    experiment_id: str
    run_id: str
    model: str
    version: str
    alias: str
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
