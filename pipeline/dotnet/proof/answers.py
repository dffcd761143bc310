"""What the consumer's program answered to the golden calls, against PyTorch's answers."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from pipeline.compare.comparison import compare, severity
from pipeline.compare.policy import Policy
from pipeline.core.arrays import Array, Arrays, is_text
from pipeline.core.dotnet_report import OutputSummary
from pipeline.core.golden import GoldenCall
from pipeline.core.parity_report import Comparison
from pipeline.dotnet.nuget.golden_files import decode_text


def compare_calls(
    answers: Path, calls: Sequence[GoldenCall], threads: int, policy: Policy, methods: Sequence[str]
) -> list[Comparison]:
    """A comparison for each method of the client, golden call and output: the worst of all threads.

    Args:
        answers: The folder that the program wrote.
        calls: The golden calls without texts, in the order of the package's golden.json.
        threads: How many threads asked.
        policy: Tolerances.
        methods: How they asked (`Layout.methods`).
    """
    comparisons = []
    for method in methods:
        for number, call in enumerate(calls):
            by_thread = [
                compare(call.outputs, read_answers(answers, f"{method}.{thread}.{number:03}", call.outputs), policy)
                for thread in range(threads)
            ]
            for results in zip(*by_thread, strict=True):
                worst = max(results, key=severity)
                comparisons.append(
                    Comparison(stage="dotnet", way=method, case=call.name, batch=call.rows or 1, **asdict(worst))
                )
    return comparisons


def read_answers(folder: Path, stem: str, expected: Arrays) -> Arrays:
    """What the program wrote for one method, thread and call: values that it did not write are missing.

    The number of values is the program's, and so is the shape where it varies (it then stands in a file beside them);
    else the shape of each row is the contract's.
    """
    outputs: Arrays = {}
    for place, (name, array) in enumerate(expected.items()):
        path = folder / f"{stem}.{place}.bin"
        if not path.exists():
            continue
        data = path.read_bytes()
        values: Array = (
            decode_text(data)
            if is_text(array)
            else np.frombuffer(data, dtype=array.dtype.newbyteorder("<")).astype(array.dtype)
        )
        own_shape = folder / f"{stem}.{place}.shape"
        shape = (
            tuple(int(size) for size in own_shape.read_text().split()) if own_shape.exists() else (-1, *array.shape[1:])
        )
        fits = values.size % max(1, int(np.prod(shape[1:]))) == 0 if -1 in shape else values.size == np.prod(shape)
        outputs[name] = values.reshape(shape) if fits else values
    return outputs


def summarize(comparisons: Sequence[Comparison]) -> dict[str, OutputSummary]:
    """Largest difference and required tolerance of each output."""
    return {
        output: OutputSummary(
            max_abs=_largest(entry.max_abs for entry in comparisons if entry.output == output),
            required_tolerance=_largest(entry.required_tolerance for entry in comparisons if entry.output == output),
        )
        for output in dict.fromkeys(entry.output for entry in comparisons)
    }


def count_rows(comparisons: Sequence[Comparison]) -> int:
    """Rows that were compared, by all methods."""
    first = next((entry.output for entry in comparisons), None)
    return sum(entry.batch or 1 for entry in comparisons if entry.output == first)


def _largest(numbers: Iterable[float | None]) -> float | None:
    return max((number for number in numbers if number is not None), default=None)
