"""The published graph in the onnxruntime that `target` names: every golden call and the test split, in its real wheel."""

import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.compare.comparison import OutputComparison, compare, failure
from pipeline.compare.policy import Policy
from pipeline.core.arrays import Arrays
from pipeline.core.errors import PipelineError
from pipeline.core.node_sources import read_sources
from pipeline.core.parity_report import UNOPENED_CASE, Comparison, RuntimeReplay
from pipeline.core.progress import LongWork
from pipeline.core.rows import Rows
from pipeline.core.target_runtime import TargetRuntime
from pipeline.graph import onnx_model
from pipeline.graph.operators import read_requirements
from pipeline.parity.replay import GoldenAnswers, make_entry
from pipeline.runtimes.refusal import explain_refusal
from pipeline.runtimes.wheel_session import WheelAnswers, answer_calls
from pipeline.runtimes.wheels import Wheel, own_wheel, require_wheel


class TargetReplay(NamedTuple):
    """What the target's onnxruntime answered: a comparison for each call and output, and what the report says of it.

    `comparisons` is empty where the target is this environment's own, which has answered already.
    """

    comparisons: list[Comparison]
    runtimes: list[RuntimeReplay]


class PublishedGraph(NamedTuple):
    """The graph that is published: its stage and file, and the comparisons of this environment's onnxruntime."""

    stage: str
    path: Path
    comparisons: Sequence[Comparison]


def replay_target(
    target: TargetRuntime, graph: PublishedGraph, golden: GoldenAnswers, tolerances: Policy
) -> TargetReplay:
    """Replay `golden` in the target's wheel; nothing where no target is set, or where it is this environment's own.

    Raises:
        PipelineError: The wheel that `fingerprint` saw is not there any more.
    """
    if target.target is None:
        return TargetReplay([], [])
    wheel = require_wheel(target.onnxruntime, f"target={target.target}")
    if wheel == own_wheel():
        return TargetReplay([], [_describe_own(wheel, graph.comparisons)])
    comparisons, answered = replay_in(wheel, graph.stage, graph.path, golden, tolerances)
    return TargetReplay(comparisons, [_describe(wheel, answered, comparisons)])


def replay_in(
    wheel: Wheel, stage: str, path: Path, golden: GoldenAnswers, tolerances: Policy
) -> tuple[list[Comparison], WheelAnswers]:
    """Run a graph in a wheel, on every golden call and on the whole test split."""
    rows = Rows(golden.test_split.inputs, golden.contract.batched)
    parts = list(rows.all())
    with LongWork("validate", f"replaying in the wheel of onnxruntime {wheel.version}"):
        answered = answer_calls(wheel, path, [*(call.inputs for call in golden.calls), *parts])
    if answered.problem:
        entry = make_entry(stage, UNOPENED_CASE, None, failure("(run)", explain(wheel, answered, path)))
        return [_name(entry, wheel)], answered
    comparisons = []
    for call, answer in zip(golden.calls, answered.calls[: len(golden.calls)], strict=True):
        outputs = [failure("(run)", answer)] if isinstance(answer, str) else compare(call.outputs, answer, tolerances)
        comparisons += [make_entry(stage, call.name, call.rows or 1, output) for output in outputs]
    outputs = _compare_split(rows, answered.calls[len(golden.calls) :], golden.test_split.outputs, tolerances)
    comparisons += [make_entry(stage, golden.test_split.name, len(rows), output) for output in outputs]
    return [_name(entry, wheel) for entry in comparisons], answered


def explain(wheel: Wheel, answered: WheelAnswers, path: Path) -> str:
    """Why the wheel answered nothing, in one sentence."""
    if answered.end != "refused":
        return answered.problem
    graph = read_requirements(onnx_model.load_graph(path, made_by="simplify"))
    return explain_refusal(wheel.version, answered.problem, graph, read_sources())


def _compare_split(
    rows: Rows, answers: Sequence[Arrays | str], expected: Arrays, tolerances: Policy
) -> list[OutputComparison]:
    if problem := next((answer for answer in answers if isinstance(answer, str)), ""):
        return [failure("(run)", problem)]
    try:
        return compare(expected, rows.gather([answer for answer in answers if not isinstance(answer, str)]), tolerances)
    except PipelineError as error:
        return [failure("(run)", str(error))]


def _name(entry: Comparison, wheel: Wheel) -> Comparison:
    return entry.model_copy(update={"runtime": wheel.version})


def _describe(wheel: Wheel, answered: WheelAnswers, comparisons: Sequence[Comparison]) -> RuntimeReplay:
    return RuntimeReplay(
        onnxruntime=wheel.version,
        python=answered.python,
        numpy=answered.numpy,
        passed=any(entry.values for entry in comparisons) and all(entry.passed for entry in comparisons),
        problem=next((entry.problem for entry in comparisons if not entry.passed), ""),
        comparisons=len(comparisons),
        values=sum(entry.values for entry in comparisons),
        used=max((entry.used for entry in comparisons if entry.used is not None and not entry.exempt), default=None),
    )


def _describe_own(wheel: Wheel, comparisons: Sequence[Comparison]) -> RuntimeReplay:
    """This environment's own onnxruntime, which the comparisons of the published graph have tried."""
    answered = WheelAnswers([], "opened", "", platform.python_version(), np.__version__)
    return _describe(wheel, answered, comparisons)


def format_runtimes(runtimes: Sequence[RuntimeReplay]) -> Iterator[str]:
    """A clause for each onnxruntime that has replayed, and passed."""
    own = own_wheel()
    for runtime in runtimes:
        used = f", {runtime.used:.2%} of what is allowed" if runtime.used is not None else ""
        how = "this environment's own" if own and runtime.onnxruntime == own.version else "in its wheel"
        yield f"target onnxruntime {runtime.onnxruntime}, {how}: {runtime.comparisons} comparisons, {runtime.values:,} values{used}"
