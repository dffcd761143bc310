"""What `validate` found, as reports/parity.json has it: comparisons, the task, and the gate's result."""

from typing import Literal

from pydantic import Field

from pipeline.core.answer_evidence import AnswerEvidence
from pipeline.core.power_report import PowerReport
from pipeline.core.records import Record
from pipeline.core.task_detail import TaskDetail

# Cases of comparisons that are no golden calls: the whole test split; a graph's signature and weights beside the contract's; a session
# that onnxruntime does not open.
TEST_CASE, CONTRACT_CASE, UNOPENED_CASE = "test", "contract", "(session)"


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
    begins: `attribution` says it in a sentence, where the gate failed. `runtimes` are the other versions that have replayed,
    `evidence` is what the page draws, `task_detail` the task by class or row.
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
    evidence: AnswerEvidence | None = None
    task_detail: TaskDetail | None = None

    @property
    def proven(self) -> bool:
        """Whether the gate has passed, and its comparisons say the same."""
        return self.passed and bool(self.comparisons) and all(entry.passed for entry in self.comparisons)
