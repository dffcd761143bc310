"""The graphs, asked again with onnxruntime's optimizer off, and where a departure begins."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import onnxruntime
from onnxruntime import InferenceSession

from pipeline.compare.comparison import compare
from pipeline.compare.policy import Policy, Stage
from pipeline.core.parity_report import CONTRACT_CASE, TEST_CASE, Attribution, Comparison
from pipeline.core.rows import Rows
from pipeline.graph.optimizers import explain_change
from pipeline.graph.session import answer
from pipeline.parity.attribution import Graphs, attribute, is_departure, rounding_of
from pipeline.parity.replay import GoldenAnswers, replay_unoptimized


def find_origin(
    comparisons: Sequence[Comparison],
    files: Mapping[Stage, Path],
    golden: GoldenAnswers,
    policies: Mapping[Stage, Policy],
) -> tuple[list[Comparison], Attribution | None]:
    """Replay every graph with the optimizer off, and say where the first departure comes from.

    The golden calls are always asked; the test split only where a graph departs there, and which optimizer it is only where it is one.

    Args:
        comparisons: What judges, those of other runtimes and of variants too.
        files: The graph of each stage.
        golden: What PyTorch answered.
        policies: By stage.

    Returns:
        The comparisons with the optimizer off, and the attribution (None where no graph departs).
    """
    graphs = Graphs(files, onnxruntime.__version__, rounding_of(golden.contract))
    unoptimized: list[Comparison] = []
    for stage, path in files.items():
        entries = [entry for entry in comparisons if entry.stage == stage and entry.runtime is None]
        if any(entry.case == CONTRACT_CASE for entry in entries):
            continue
        departs_in_split = any(entry.case == TEST_CASE and is_departure(entry, graphs.rounding) for entry in entries)
        unoptimized += replay_unoptimized(stage, path, golden, policies[stage], with_split=departs_in_split)

    def name_optimizer(entry: Comparison) -> str:
        judged = {stage: path for stage, path in files.items() if stage == entry.stage}
        return next(
            (explain_change(path, _judge(golden, policies[stage], entry.case)) for stage, path in judged.items()), ""
        )

    return unoptimized, attribute(comparisons, unoptimized, graphs, name_optimizer)


def _judge(golden: GoldenAnswers, policy: Policy, case: str) -> Callable[[InferenceSession], bool]:
    """Whether a session answers one call, or the test split, like PyTorch."""
    calls = {call.name: call for call in (*golden.calls, golden.test_split)}
    expected = calls[case].outputs

    def is_right(session: InferenceSession) -> bool:
        if case == TEST_CASE:
            rows = Rows(calls[case].inputs, golden.contract.batched)
            outputs = rows.gather([answer(session, inputs) for inputs in rows.all()])
        else:
            outputs = answer(session, calls[case].inputs)
        return all(comparison.passed for comparison in compare(expected, outputs, policy))

    return is_right
