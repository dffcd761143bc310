"""The gate's own power: copies of the graph that are broken in one place each, and whether the comparisons notice.

A mutant is caught when a comparison fails at the policy, when it cannot run, or when its signature is not the contract's. It is
equivalent when it moves no answer beyond rounding, and missed otherwise.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.compare.comparison import round_up
from pipeline.core.arrays import Arrays
from pipeline.core.node_sources import read_sources
from pipeline.core.power_report import PowerCount, PowerReport, Survivor
from pipeline.core.progress import track
from pipeline.graph.broken_copies import BrokenCopies
from pipeline.graph.mutants import KINDS
from pipeline.parity.mutant_runner import MutantResult, MutantRunner, Thresholds, call_priority
from pipeline.parity.replay import GoldenAnswers

# Mutants that are tried whatever the budget is, and at most.
LEAST, MOST = 12, 64


class Effort(NamedTuple):
    """Which mutants are tried: chosen by the seed, as many as the multiply-adds allow, and so many at most."""

    seed: int
    budget: float
    most: int = MOST


def measure_power(
    path: Path, golden: GoldenAnswers, test_answers: Arrays, thresholds: Thresholds, effort: Effort
) -> PowerReport:
    """Break copies of a graph that has passed, and ask each what the gate asked the graph.

    Mutants are tried until the budget is spent, but `LEAST` of them. What they cost is counted, not timed: the same inputs give
    the same report.

    Args:
        path: The graph.
        golden: What PyTorch answered.
        test_answers: What the graph answered to the test split.
        thresholds: The gate's policy, or that of a variant, and what it must notice.
        effort: Which mutants, and how many.
    """
    copies = BrokenCopies(path, max(golden.calls, key=call_priority).inputs, effort.seed, read_sources())
    runner = MutantRunner(copies, golden, test_answers, thresholds)
    cost = copies.opening_cost + sum(copies.cost(call.inputs) for call in golden.calls)
    test_cost = copies.cost(golden.test_split.inputs)
    results: list[MutantResult] = []
    spent = 0.0
    expected = min(effort.most, max(LEAST, int(effort.budget / max(cost, 1.0))))
    for mutant in track(copies.mutants(), "validate", "mutants", expected):
        if len(results) >= effort.most or (len(results) >= LEAST and spent + cost + test_cost > effort.budget):
            break
        result = runner.run(mutant)
        results.append(result)
        spent += cost + (test_cost if result.reached_test_split else 0.0)
    return PowerReport(
        **_count(results).model_dump(),
        passed=not any(result.too_far and not result.caught_by for result in results),
        caught_by=dict(sorted(Counter(result.caught_by for result in results if result.caught_by).items())),
        kinds=_count_kinds(results),
        survivors=_survivors(results),
        least_power=thresholds.least_power,
        budget=effort.budget,
        spent=spent,
        outputs={name: sum(name in result.failed for result in results) for name in golden.test_split.outputs},
    )


def explain_weakness(power: PowerReport) -> str:
    """Why a gate of this power proves too little, naming the mutant that moved an answer most; empty when it is strong enough."""
    if power.passed:
        return ""
    worst = power.survivors[0]
    advice = (
        f"the tolerance is too wide for this model: divide parity.atol, parity.rtol and parity.floor by {round_up(1.01 / worst.used):g}"
        if worst.used
        else "that output has to be compared"
    )
    return (
        f"the gate would pass a wrong graph: {power.missed} of {power.tried} mutants were missed; {worst.kind} in {worst.layer} "
        f"({worst.change}) moves output {worst.output!r} by {worst.moved:.2g} of its scale (parity.least_power={power.least_power:g}), and "
        f"every comparison passes; {advice}"
    )


def format_power(power: PowerReport) -> str:
    """One line for the console."""
    if not power.tried:
        return "power: not measured: this graph has no place where it could be broken"
    moved = max((survivor.moved for survivor in power.survivors if survivor.result == "missed"), default=0.0)
    missed = f", {power.missed} missed (moved {moved:.2g} of an output's scale at most)" if power.missed else ""
    return f"power: {power.caught} of {power.tried} mutants caught, {power.equivalent} equivalent{missed}"


def _count(results: Sequence[MutantResult]) -> PowerCount:
    statuses = Counter(result.status for result in results)
    return PowerCount(
        tried=len(results), caught=statuses["caught"], equivalent=statuses["equivalent"], missed=statuses["missed"]
    )


def _count_kinds(results: Sequence[MutantResult]) -> dict[str, PowerCount]:
    of_kind = {kind: [result for result in results if result.mutant.kind == kind] for kind in KINDS}
    return {kind: _count(some) for kind, some in of_kind.items() if some}


def _survivors(results: Sequence[MutantResult]) -> list[Survivor]:
    """Those that nothing caught; what moved an answer too far comes first, then what moved it most."""
    ordered = sorted(results, key=lambda result: (not result.too_far, -result.moved))
    return [
        Survivor(
            kind=result.mutant.kind,
            layer=result.mutant.layer,
            change=result.mutant.change,
            result=result.status,
            output=result.output,
            moved=result.moved,
            used=result.used,
        )
        for result in ordered
        if result.status != "caught"
    ]
