"""Is the network a function of its row: the same answer in every run, whatever other rows are in the batch?"""

from collections.abc import Mapping

from pipeline.compare.comparison import compare
from pipeline.compare.policy import COARSE, ROUNDING
from pipeline.core.arrays import Arrays
from pipeline.core.contract import OutputScale
from pipeline.core.errors import PipelineError
from pipeline.core.rows import Rows
from pipeline.export.adapter import Adapter
from pipeline.export.golden_calls import WORK_LIMIT
from pipeline.export.observation import find_randomness

# Rows that are run one by one: at most, and where the network is large.
SINGLE_ROWS = 64
FEWEST_ROWS = 3


def check_repeatability(
    adapter: Adapter, golden: Mapping[str, tuple[Arrays, Arrays]], scales: Mapping[str, OutputScale]
) -> None:
    """Raise PipelineError unless the network answers the largest golden call as it did before."""
    call, (inputs, answers) = find_largest_call(golden)
    for comparison in compare(answers, adapter.answer(inputs), ROUNDING.with_scales(scales)):
        if not comparison.passed:
            randomness = find_randomness(lambda: adapter.answer(inputs))
            advice = (
                "keep random numbers out of forward" if randomness else "keep memory of earlier calls out of forward"
            )
            if "dropout draws" in randomness:
                training = adapter.describe_training()
                advice = (
                    "let eval() reach every layer" if training else "functional.dropout needs `training=self.training`"
                )
            raise PipelineError(
                f"{advice}: {type(adapter.network).__name__} answers golden call {call!r} otherwise when it is run again (output "
                f"{comparison.output!r}){adapter.describe_training()}: "
                f"{randomness or 'it draws no random numbers, so that it keeps something from call to call'}: nothing can be proven against that"
            )


def check_row_independence(
    adapter: Adapter, rows: Rows, answers: Arrays, scales: Mapping[str, OutputScale], work: int = 0
) -> None:
    """Raise PipelineError unless rows have the answers alone that they have among others.

    Args:
        adapter: The network.
        rows: The test split.
        answers: Its answers to the test split, row for row, in calls of many rows.
        scales: How large the values of each output are.
        work: Multiply-adds of one row: where they are many, fewer rows are asked alone.
    """
    affordable = WORK_LIMIT // max(work, 1)
    for row in range(min(len(rows), max(FEWEST_ROWS, min(affordable, SINGLE_ROWS)))):
        (inputs,) = rows.calls([row])
        for comparison in compare(
            {name: array[row : row + 1] for name, array in answers.items()},
            adapter.answer(inputs),
            COARSE.with_scales(scales),
        ):
            if not comparison.passed:
                raise PipelineError(
                    f"{type(adapter.network).__name__} answers a row otherwise alone than among others (row {row} of the test split: "
                    f"{comparison.problem.partition(';')[0]}){adapter.describe_training()}: in .NET the rows of any callers share a call; take no "
                    "statistics over the batch (batch normalization in training mode, functional.batch_norm with training=True, a mean or a "
                    "softmax over rows), or, where rows belong together, name that axis otherwise than batch: then a call is one such set"
                )


def find_largest_call(golden: Mapping[str, tuple[Arrays, Arrays]]) -> tuple[str, tuple[Arrays, Arrays]]:
    """The golden call whose inputs have most values."""
    return max(golden.items(), key=lambda item: sum(array.size for array in item[1][0].values()))
