"""The graphs, asked again with onnxruntime's optimizer off, and where a departure begins."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pipeline.compare.comparison import compare, failure
from pipeline.compare.policy import Policy, Stage
from pipeline.core.arrays import Arrays
from pipeline.core.errors import PipelineError
from pipeline.core.golden import GoldenCall
from pipeline.core.parity_report import CONTRACT_CASE, TEST_CASE, UNOPENED_CASE, Attribution, Comparison
from pipeline.core.rows import Rows
from pipeline.graph.optimizers import explain_change
from pipeline.graph.session import VERSION, Session, answer, open_session
from pipeline.parity.attribution import Graphs, attribute, is_departure, rounding_of
from pipeline.parity.replay import GoldenAnswers, make_entry


def find_origin(
    comparisons: Sequence[Comparison],
    files: Mapping[Stage, Path],
    golden: GoldenAnswers,
    policies: Mapping[Stage, Policy],
) -> tuple[list[Comparison], Attribution | None]:
    """Replay every graph with the optimizer off, and say where the first departure comes from.

    Golden calls are always asked; texts and the test split, which are many rows, only where a graph departs there, and which optimizer
    it is only where it is one.

    Args:
        comparisons: What judges, those of other runtimes and of variants too.
        files: The graph of each stage.
        golden: What PyTorch answered.
        policies: By stage.

    Returns:
        The comparisons with the optimizer off, and the attribution (None where no graph departs).
    """
    graphs = Graphs(files, VERSION, rounding_of(golden.contract))
    unoptimized: list[Comparison] = []
    for stage, path in files.items():
        entries = [entry for entry in comparisons if entry.stage == stage and entry.runtime is None]
        if any(entry.case == CONTRACT_CASE for entry in entries):
            continue
        departs = {entry.case for entry in entries if is_departure(entry, graphs.rounding)}
        everything = (*golden.calls, golden.test_split)
        asked = [call for call in everything if departs & {call.name, UNOPENED_CASE} or _is_cheap(call)]
        unoptimized += replay_unoptimized(stage, path, asked, golden.contract.batched, policies[stage])

    def name_optimizer(entry: Comparison) -> str:
        judged = {stage: path for stage, path in files.items() if stage == entry.stage}
        return next(
            (explain_change(path, _judge(golden, policies[stage], entry.case)) for stage, path in judged.items()), ""
        )

    return unoptimized, attribute(comparisons, unoptimized, graphs, name_optimizer)


def _is_cheap(call: GoldenCall) -> bool:
    return call.name != TEST_CASE and call.purpose != "texts"


def replay_unoptimized(
    stage: str, path: Path, calls: Sequence[GoldenCall], batched: bool, policy: Policy
) -> list[Comparison]:
    """Run one graph with the optimizer off.

    Returns:
        A comparison for each call and output; one of the case "(session)" where onnxruntime cannot do without its optimizer.
    """
    try:
        session = open_session(path, optimizer="off")
    except PipelineError as error:
        return [make_entry(stage, UNOPENED_CASE, None, failure("(run)", str(error)), "off")]
    comparisons: list[Comparison] = []
    for call in calls:
        try:
            outputs = compare(call.outputs, _answer(session, call, batched), policy)
        except PipelineError as error:
            outputs = [failure("(run)", str(error))]
        comparisons += [make_entry(stage, call.name, call.rows or 1, output, "off") for output in outputs]
    return comparisons


def _answer(session: Session, call: GoldenCall, batched: bool) -> Arrays:
    """What a session answers to a golden call, or to the test split, which is asked in parts."""
    if call.name != TEST_CASE:
        return answer(session, call.inputs)
    rows = Rows(call.inputs, batched)
    return rows.gather([answer(session, inputs) for inputs in rows.all()])


def _judge(golden: GoldenAnswers, policy: Policy, case: str) -> Callable[[Session], bool]:
    """Whether a session answers one call, or the test split, like PyTorch; every one of them where the graph was not even opened."""
    calls = [call for call in (*golden.calls, golden.test_split) if case in (call.name, UNOPENED_CASE)]

    def is_right(session: Session) -> bool:
        return all(
            comparison.passed
            for call in calls
            for comparison in compare(call.outputs, _answer(session, call, golden.contract.batched), policy)
        )

    return is_right
