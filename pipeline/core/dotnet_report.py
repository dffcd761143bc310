"""What `verify` found, as reports/dotnet.json has it."""

from pydantic import Field

from pipeline.core.parity_report import Attribution, Comparison, PairedScore
from pipeline.core.records import Record

# What an onnxruntime is asked for as, beside a version: the lowest that the package asks for; the lowest above it, where no NuGet source
# has that one; the highest that the sources have.
BOUND, NEAREST, NEWEST = "bound", "nearest", "newest"


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

    `asked` is what was asked for: "bound" (the lower bound of the package), "newest", or a version; "nearest" ran where the NuGet sources
    do not have the bound. `onnxruntime` is the version that ran, None where none could be restored; `reason` says why it is not verified,
    `note` what else is to be known of it.
    """

    asked: str
    onnxruntime: str | None
    verified: bool
    reason: str
    comparisons: int = 0
    values: int = 0
    used: float | None = None
    note: str = ""


class DotnetReport(Record):
    """Whether the package answers like PyTorch in real .NET; `reason` says why not. Without an SDK nothing was compared.

    `verified` speaks of what a plain consumer runs: the package's lower bound was replayed and answers like PyTorch, and so does every
    other onnxruntime that was asked for and that the NuGet sources have. Where they do not have the bound it is False, whatever else ran:
    `runtimes` then says of each version what holds for it. `onnxruntime`, `rows`, `values`, `outputs`, `texts` and `task` are of the first
    that ran, the bound where it is there; `comparisons` of all, with `runtime` where it is another. `attribution` says where a wrong
    answer comes from.
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

    def list_verified(self) -> list[str]:
        """The versions of onnxruntime on which the package answers like PyTorch in .NET, in the order in which they ran."""
        return list(dict.fromkeys(entry.onnxruntime for entry in self.runtimes if entry.onnxruntime and entry.verified))

    @property
    def departs(self) -> bool:
        """Whether an answer was not PyTorch's, on any onnxruntime, or the report contradicts itself."""
        ran = [entry for entry in self.runtimes if entry.onnxruntime is not None]
        bound_is_absent = any(entry.asked == BOUND and entry.onnxruntime is None for entry in self.runtimes)
        return (
            not all(entry.passed for entry in self.comparisons)
            or not all(entry.verified for entry in ran)
            or (self.verified and bound_is_absent)
            or (not self.verified and bool(self.comparisons) and not bound_is_absent)
        )
