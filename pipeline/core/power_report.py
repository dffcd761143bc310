"""The gate's own power, as reports/parity.json has it: mutants of the graph, and what became of them."""

from typing import Literal

from pydantic import Field

from pipeline.core.records import Record


class PowerCount(Record):
    """How many mutants of one kind were tried, and what became of them."""

    tried: int
    caught: int
    equivalent: int
    missed: int


class Survivor(Record):
    """A mutant that no comparison caught.

    `moved` is by how much it moved an answer at most, in units of that output's scale, and `output` which; an equivalent one moved
    none beyond rounding. `used` is the largest share of what the policy allows.
    """

    kind: str
    layer: str
    change: str
    result: Literal["equivalent", "missed"]
    output: str | None
    moved: float
    used: float | None


class PowerReport(PowerCount):
    """What the gate notices: mutants of the graph, each asked the golden calls, and the test split where those caught nothing.

    `caught_by` counts those that a comparison caught, those that cannot run, and those whose signature is not the contract's;
    `outputs` has how many each output's comparison caught; `spent` and `budget` are multiply-adds.
    """

    passed: bool
    caught_by: dict[str, int]
    kinds: dict[str, PowerCount]
    survivors: list[Survivor]
    least_power: float
    budget: float
    spent: float
    outputs: dict[str, int] = Field(default={})

    @property
    def score(self) -> float | None:
        """The mutation score: the share of the mutants that were caught, equivalent ones left out; None when there are no others."""
        effective = self.caught + self.missed
        return self.caught / effective if effective else None
