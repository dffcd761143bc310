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
from pipeline.core.reports import PowerCount, PowerReport, Survivor
from pipeline.graph.broken_copies import BrokenCopies
from pipeline.graph.mutants import KINDS
from pipeline.parity.replay import GoldenAnswers
from pipeline.parity.trial import Court, Standard, Trial, eagerness

# Mutants that are tried whatever the budget is, and at most.
LEAST, MOST = 12, 64


class Effort(NamedTuple):
    """Which mutants are tried: chosen by the seed, as many as the multiply-adds allow, and so many at most."""

    seed: int
    budget: float
    most: int = MOST


def measure_power(
    path: Path, golden: GoldenAnswers, test_answers: Arrays, standard: Standard, effort: Effort
) -> PowerReport:
    """Break copies of a graph that has passed, and ask each what the gate asked the graph.

    Mutants are tried until the budget is spent, but `LEAST` of them. What they cost is counted, not timed: the same inputs give
    the same report.

    Args:
        path: The graph.
        golden: What PyTorch answered.
        test_answers: What the graph answered to the test split.
        standard: The gate's policy, or that of a variant, and what it must notice.
        effort: Which mutants, and how many.
    """
    copies = BrokenCopies(path, max(golden.calls, key=eagerness).inputs, effort.seed)
    court = Court(copies, golden, test_answers, standard)
    cost = copies.opening_cost + sum(copies.cost(call.inputs) for call in golden.calls)
    test_cost = copies.cost(golden.test_split.inputs)
    trials: list[Trial] = []
    spent = 0.0
    for mutant in copies.mutants():
        if len(trials) >= effort.most or (len(trials) >= LEAST and spent + cost + test_cost > effort.budget):
            break
        trial = court.try_mutant(mutant)
        trials.append(trial)
        spent += cost + (test_cost if trial.reached_test_split else 0.0)
    return PowerReport(
        **_count(trials).model_dump(),
        passed=not any(trial.too_far and not trial.caught_by for trial in trials),
        caught_by=dict(sorted(Counter(trial.caught_by for trial in trials if trial.caught_by).items())),
        kinds=_count_kinds(trials),
        survivors=_survivors(trials),
        least_power=standard.least_power,
        budget=effort.budget,
        spent=spent,
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
    moved = max((survivor.moved for survivor in power.survivors if survivor.result == "missed"), default=0.0)
    missed = f", {power.missed} missed (moved {moved:.2g} of an output's scale at most)" if power.missed else ""
    return f"power: {power.caught} of {power.tried} mutants caught, {power.equivalent} equivalent{missed}"


def share_caught(power: PowerReport) -> float | None:
    """Of the mutants that move an answer; None when none does."""
    effective = power.caught + power.missed
    return power.caught / effective if effective else None


def _count(trials: Sequence[Trial]) -> PowerCount:
    results = Counter(trial.result for trial in trials)
    return PowerCount(
        tried=len(trials), caught=results["caught"], equivalent=results["equivalent"], missed=results["missed"]
    )


def _count_kinds(trials: Sequence[Trial]) -> dict[str, PowerCount]:
    of_kind = {kind: [trial for trial in trials if trial.mutant.kind == kind] for kind in KINDS}
    return {kind: _count(some) for kind, some in of_kind.items() if some}


def _survivors(trials: Sequence[Trial]) -> list[Survivor]:
    """Those that nothing caught; what moved an answer too far comes first, then what moved it most."""
    ordered = sorted(trials, key=lambda trial: (not trial.too_far, -trial.moved))
    return [
        Survivor(
            kind=trial.mutant.kind,
            layer=trial.mutant.layer,
            change=trial.mutant.change,
            result=trial.result,
            output=trial.output,
            moved=trial.moved,
            used=trial.used,
        )
        for trial in ordered
        if trial.result != "caught"
    ]
