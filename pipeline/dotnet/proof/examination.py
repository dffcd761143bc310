"""What a consumer's program answered on one onnxruntime, beside what it should have answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.compare.policy import Policy
from pipeline.core.contract import Contract
from pipeline.core.dotnet_report import DotnetTask
from pipeline.core.golden import GoldenCall, golden_texts
from pipeline.core.parity_report import Comparison
from pipeline.dotnet.client.layout import derive_layout
from pipeline.dotnet.proof import answers, split_answers, text_answers
from pipeline.dotnet.proof.consumer import Versions
from pipeline.dotnet.proof.split_answers import GoldenSplit
from pipeline.parity.gate import explain_failure


@dataclass(frozen=True)
class Examination:
    """What every consumer is asked, what PyTorch answers to it, and by what the answers are judged.

    `threads` ask at once; `least_cosine` is the smallest between an answer to a text and PyTorch's.
    """

    contract: Contract
    calls: Sequence[GoldenCall]
    split: GoldenSplit
    tolerances: Policy
    threads: int
    least_cosine: float


@dataclass(frozen=True)
class Replay:
    """The comparisons of one onnxruntime's answers; `task` is the metric of the test split, None where an answer departs."""

    versions: Versions
    calls: list[Comparison]
    split: list[Comparison]
    texts: list[Comparison]
    task: DotnetTask | None = None

    @property
    def comparisons(self) -> list[Comparison]:
        return [*self.calls, *self.split, *self.texts]

    @property
    def problem(self) -> str:
        """Why the answers are not PyTorch's; empty when they are."""
        return explain_failure(self.comparisons)


def compare_answers(folder: Path, examination: Examination, versions: Versions, runtime: str | None) -> Replay:
    """Compare what the program wrote.

    Args:
        folder: Where to.
        examination: What it was asked.
        versions: What it ran on.
        runtime: What each comparison notes as its runtime.
    """
    contract, split, tolerances = examination.contract, examination.split, examination.tolerances
    layout, threads = derive_layout(contract), examination.threads
    without_texts = [call for call in examination.calls if not call.texts]
    calls = answers.compare_calls(folder, without_texts, threads, tolerances, layout.methods)
    test_answers = split_answers.read_split(folder, split)
    test = split_answers.compare_split(test_answers, split, layout.bulk_method, tolerances)
    texts = []
    if contract.tokenizer:
        golden = golden_texts(examination.calls, contract.tokenizer.fills["ids"])
        texts = text_answers.compare_texts(folder, golden, tolerances, examination.least_cosine)
    passed = not explain_failure([*calls, *test, *texts])
    return Replay(
        versions,
        _note_runtime(calls, runtime),
        _note_runtime(test, runtime),
        _note_runtime(texts, runtime),
        split_answers.score_split(test_answers, split, contract) if passed else None,
    )


def _note_runtime(comparisons: Sequence[Comparison], runtime: str | None) -> list[Comparison]:
    return [entry.model_copy(update={"runtime": runtime}) for entry in comparisons]
