"""What `verify` found, as reports/dotnet.json has it."""

from pydantic import Field

from pipeline.core.parity_report import Attribution, Comparison, PairedScore
from pipeline.core.records import Record


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
