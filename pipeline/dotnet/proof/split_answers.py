"""What the consumer's program answered to the whole test split, against PyTorch's answers.

The split is asked in one way only, in parts, and does not go into the package.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from pipeline.compare.comparison import compare
from pipeline.compare.policy import Policy
from pipeline.core.arrays import Array, Arrays, load
from pipeline.core.contract import Contract
from pipeline.core.dotnet_report import DotnetTask
from pipeline.core.errors import PipelineError
from pipeline.core.files import checked
from pipeline.core.parity_report import Comparison
from pipeline.core.paths import CONTRACT, GOLDEN_TEST_SPLIT, TEST_SPLIT
from pipeline.core.rows import CHUNK
from pipeline.dotnet.nuget import golden_files
from pipeline.dotnet.proof.answers import read_answers
from pipeline.metrics.paired import pair
from pipeline.metrics.score import score

# Name of the test split among the calls, and in the names of the program's files.
TEST = "test"


@dataclass(frozen=True)
class GoldenSplit:
    """The eager network's answers to every test row, and the target where there is one; the row's axis is first."""

    answers: Arrays
    target: Array | None

    def __len__(self) -> int:
        return len(next(iter(self.answers.values())))

    def parts(self) -> list[slice]:
        """The rows of each part, in order."""
        return [slice(start, min(start + CHUNK, len(self))) for start in range(0, len(self), CHUNK)]


def write_split(folder: Path, contract: Contract) -> GoldenSplit:
    """Write the inputs of the test split into `folder`, which is made; they do not stay in memory, where the program needs room.

    Returns:
        What the program is to answer.

    Raises:
        PipelineError: A file is missing or was changed, or the rows are others than those that were answered.
    """
    rows = load(checked(TEST_SPLIT, "prepare"), made_by="prepare")
    answers = load(checked(GOLDEN_TEST_SPLIT, "export"), made_by="export")
    if absent := [tensor.name for tensor in contract.inputs if tensor.name not in rows]:
        raise PipelineError(
            f"{TEST_SPLIT}: expected the input {absent[0]!r} of {CONTRACT}, got {list(rows)}: run `dvc repro`"
        )
    split = GoldenSplit(answers, rows.get("target"))
    if others := [
        f"{len(rows[tensor.name])} of {tensor.name!r}"
        for tensor in contract.inputs
        if len(rows[tensor.name]) != len(split)
    ]:
        raise PipelineError(
            f"{TEST_SPLIT}: expected the {len(split)} rows that {GOLDEN_TEST_SPLIT} answers, got {others[0]}: run `dvc repro`"
        )
    write_inputs(
        folder, {tensor.name: rows[tensor.name] for tensor in contract.inputs}, split.parts(), contract.batched
    )
    return split


def write_inputs(folder: Path, inputs: Arrays, parts: Sequence[slice], batched: bool) -> None:
    """Write rows as golden calls are written, one for each part.

    Args:
        folder: Where to; it is made.
        inputs: The row's axis is first.
        parts: Which rows are in each.
        batched: Whether a call of the model takes many rows. Otherwise the shapes in the index are those of one row.
    """
    folder.mkdir()
    index = []
    for number, rows in enumerate(parts):
        part = {name: array[rows] for name, array in inputs.items()}
        entry, files = golden_files.encode_call(number, TEST, rows.stop - rows.start, {"inputs": part})
        if not batched:
            for array in entry["inputs"]:
                del array["shape"][0]
        index.append(entry)
        for name, data in files.items():
            (folder / name).write_bytes(data)
    (folder / golden_files.INDEX).write_text(golden_files.format_index(index))


def read_split(folder: Path, split: GoldenSplit) -> Arrays:
    """What the program wrote for every row; an output of which a part is missing is missing.

    A part that has another shape than PyTorch's answers to it stands for the whole output.
    """
    expected = [{name: array[place] for name, array in split.answers.items()} for place in split.parts()]
    parts = [read_answers(folder, f"{TEST}.0.{number:03}", part) for number, part in enumerate(expected)]
    outputs: Arrays = {}
    for name in split.answers:
        if any(name not in part for part in parts):
            continue
        misfits = [
            part[name] for part, wanted in zip(parts, expected, strict=True) if part[name].shape != wanted[name].shape
        ]
        outputs[name] = misfits[0] if misfits else np.concatenate([part[name] for part in parts])
    return outputs


def compare_split(answers: Mapping[str, Array], split: GoldenSplit, method: str, policy: Policy) -> list[Comparison]:
    """A comparison for each output, of all rows.

    Args:
        answers: What the program answered.
        split: What it should have answered.
        method: How it asked (`Layout.bulk_method`).
        policy: Tolerances.
    """
    return [
        Comparison(stage="dotnet", way=method, case=TEST, batch=len(split), **asdict(result))
        for result in compare(split.answers, answers, policy)
    ]


def score_split(answers: Mapping[str, Array], split: GoldenSplit, contract: Contract) -> DotnetTask | None:
    """The task's metric of PyTorch's answers and of .NET's.

    None when the model has no task, or where .NET's answers, of an output that is exempt, are no such answers.
    """
    if contract.task is None or split.target is None:
        return None
    output = contract.task.output
    if output not in answers or answers[output].shape != split.answers[output].shape:
        return None
    eager, dotnet = (score(contract.task, dict(outputs), split.target) for outputs in (split.answers, answers))
    paired = pair(eager, dotnet)
    return DotnetTask(
        metric=contract.task.metric, rows=len(split), eager=eager.value, dotnet=dotnet.value, paired=paired
    )


def describe_split(rows: int, task: DotnetTask | None) -> str:
    """Such as "360 test rows, accuracy 0.9750 (PyTorch 0.9750)"."""
    return f"{rows:,} test rows" + (f", {task.metric} {task.dotnet:.4f} (PyTorch {task.eager:.4f})" if task else "")
