"""One mutant after the other, run on what the gate asked the graph, until a comparison catches it or none has."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from pipeline.compare.comparison import compare
from pipeline.compare.policy import Policy
from pipeline.core.arrays import Array, Arrays
from pipeline.core.errors import PipelineError
from pipeline.core.golden import GoldenCall
from pipeline.core.rows import Rows
from pipeline.graph.broken_copies import BrokenCopies
from pipeline.graph.mutants import Mutant
from pipeline.graph.session import answer
from pipeline.graph.signature import mismatches
from pipeline.parity.movement import measure_movement, measure_rounding
from pipeline.parity.replay import GoldenAnswers

# An output is not asked to tell less than so many of its units in the last place, or so many times what rounding alone moves it; the
# latter is no more than MOST_UNITS, so that in single precision it is always parity.least_power that holds.
UNITS, ROUNDINGS, MOST_UNITS = 32, 8, 256


class Thresholds(NamedTuple):
    """The policy that catches, with the scale of each output, and by how much of it a mutant that is missed may move an answer."""

    policy: Policy
    least_power: float


@dataclass
class MutantResult:
    """What became of one mutant.

    `caught_by` says what caught it: a comparison, that it cannot run, or that its signature is not the contract's; `failed` are the
    outputs whose comparison did. Otherwise `output` is the answer that it moved most, by `moved` of its scale, and `used` the largest share of what the policy allows; `too_far` says
    that this is more than a mutant may move unnoticed.
    """

    mutant: Mutant
    caught_by: Literal["comparison", "run", "signature"] | None = None
    output: str | None = None
    moved: float = 0.0
    used: float | None = None
    beyond_rounding: bool = False
    too_far: bool = False
    reached_test_split: bool = False
    failed: list[str] = field(default_factory=list)

    @property
    def status(self) -> Literal["caught", "equivalent", "missed"]:
        if self.caught_by:
            return "caught"
        return "missed" if self.beyond_rounding or self.too_far else "equivalent"


class _Call(NamedTuple):
    """What goes in, what PyTorch answered, and what the healthy graph did."""

    inputs: Arrays
    expected: Arrays
    healthy: Arrays


class MutantRunner:
    """Runs one mutant after the other, on the same calls and with the same thresholds.

    Args:
        copies: The graph, and its broken copies.
        golden: What PyTorch answered.
        test_answers: What the graph answered to the test split.
        thresholds: What catches a mutant, and what a missed one may move.
    """

    def __init__(
        self, copies: BrokenCopies, golden: GoldenAnswers, test_answers: Arrays, thresholds: Thresholds
    ) -> None:
        self._copies, self._contract, self._thresholds = copies, golden.contract, thresholds
        session = copies.open(copies.model)
        ordered = sorted(golden.calls, key=call_priority, reverse=True)
        self._calls = [_Call(call.inputs, call.outputs, answer(session, call.inputs)) for call in ordered]
        self._test_split = _split(golden, test_answers)
        self._rounding = {
            name: max(
                measure_rounding(call.expected[name], call.healthy[name], thresholds.policy.scale(name))
                for call in self._all()
            )
            for name in self._calls[0].expected
        }

    def run(self, mutant: Mutant) -> MutantResult:
        """Run a mutant on the golden calls, and on the test split where they do not catch it; a catch ends the run."""
        result = MutantResult(mutant)
        copy, replaced = self._copies.edit(mutant)
        if mismatches(copy, self._contract):
            result.caught_by = "signature"
            return result
        try:
            session = self._copies.open(copy, replaced)
            for place, call in enumerate(self._all()):
                result.reached_test_split = place >= len(self._calls)
                self._compare(result, call, answer(session, call.inputs))
                if result.caught_by:
                    break
        except PipelineError:
            result.caught_by = "run"
        return result

    def _compare(self, result: MutantResult, call: _Call, got: Arrays) -> None:
        comparisons = compare(call.expected, got, self._thresholds.policy)
        if not all(comparison.passed for comparison in comparisons):
            result.caught_by = "comparison"
            result.failed = [comparison.output for comparison in comparisons if not comparison.passed]
            return
        for comparison in comparisons:
            if comparison.exempt:
                continue
            name, policy = comparison.output, self._thresholds.policy
            if comparison.used is not None:
                result.used = max(result.used or 0.0, comparison.used)
            moved = measure_movement(call.healthy[name], got[name], policy.scale(name))
            result.beyond_rounding |= moved > self._rounding[name]
            result.too_far |= moved > least_telling(
                got[name], policy.scale(name).rounding, self._thresholds.least_power
            )
            if moved > result.moved:
                result.output, result.moved = name, moved

    def _all(self) -> Sequence[_Call]:
        return [*self._calls, *self._test_split]


def call_priority(call: GoldenCall) -> tuple[bool, int]:
    """Sort key: real rows, and of those the call with the most values, are the likeliest to catch, and a catch ends the run."""
    return call.purpose == "rows", sum(array.size for array in call.inputs.values())


def least_telling(array: Array, rounding: float, least_power: float) -> float:
    """By how much of its scale a missed mutant may move an output: `least_power`, and what its type and rounding cannot tell."""
    unit = float(np.finfo(array.dtype).eps) if array.dtype.kind == "f" else 0.0
    return max(least_power, UNITS * unit, min(ROUNDINGS * rounding, MOST_UNITS * unit))


def _split(golden: GoldenAnswers, test_answers: Arrays) -> list[_Call]:
    """The test split in the calls in which the gate runs it."""
    sides = (golden.test_split.inputs, golden.test_split.outputs, test_answers)
    parts = [Rows(arrays, golden.contract.batched).all() for arrays in sides]
    return [_Call(*part) for part in zip(*parts, strict=True)]
