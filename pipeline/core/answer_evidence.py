"""What answers look like beside PyTorch's: histograms, samples and the worst rows, small enough to be read; what a page draws."""

from typing import Literal

from pydantic import Field

from pipeline.core.records import Record

# Bins of a histogram: half a decade each, of the share of what is allowed, from 10^LOWEST to 10^HIGHEST.
LOWEST, HIGHEST, BINS_A_DECADE = -6, 2, 2
# A number, a label or a text; JSON has no NaN, no infinity and no truth of numpy's: those are "nan", "inf", "-inf", "true", "false".
Scalar = int | float | str


class ErrorHistogram(Record):
    """How many values of one graph use which share of what is allowed.

    `equal` are those without any difference. `counts` are half decades from 10^LOWEST to 10^HIGHEST; its first and last also have what is
    below and beyond, NaN where none was expected included.
    """

    equal: int
    counts: list[int]


class OutputEvidence(Record):
    """Answers of one output with a tolerance: a histogram for each graph, and a sample of the values, the worst ones in it.

    `used` is (got - expected) / allowed: -1 and 1 are the limits.
    """

    histograms: dict[str, ErrorHistogram]
    expected: list[float]
    got: list[float]
    used: list[float]


class ValueView(Record):
    """One input of one row, as a person looks at it.

    `shape` is the row's own; `values` are a selection where there are many. `png` is a picture in base64, in which `low` is black and
    `high` is white.
    """

    name: str
    kind: Literal["text", "picture", "line", "values"]
    shape: list[int]
    texts: list[str] = Field(default=[])
    values: list[Scalar] = Field(default=[])
    png: str = ""
    low: float | None = None
    high: float | None = None


class AnswerView(Record):
    """One output of one row: the values that differ most, where each stands in the row's answer, and both sides.

    `size` counts all values of the row, `used` is the largest share of what is allowed (None for what must be equal, and
    where one side is no number). `pictures` are the
    expected and the given answer in base64, where it is one.
    """

    output: str
    size: int
    used: float | None
    differs: bool
    places: list[list[int]]
    expected: list[Scalar]
    got: list[Scalar]
    pictures: list[str] = Field(default=[])


class WorstRow(Record):
    """A row that comes closest to its limit, or is beyond it: what went in, and what came out."""

    case: str
    row: int
    inputs: list[ValueView]
    answers: list[AnswerView]


class GraphCount(Record):
    """Nodes (nested graphs' too), nodes by operator, initializers, bytes with weights."""

    nodes: int
    ops: dict[str, int]
    initializers: int
    bytes: int


class AnswerEvidence(Record):
    """What a page shows beside the comparisons.

    `stage` is the graph whose sample and rows these are: the first that failed, or the one that is published. `graphs` has the graph as
    traced, exported and simplified; `versions` the libraries' and `data_sha256` the splits'.
    """

    stage: str
    outputs: dict[str, OutputEvidence]
    rows: list[WorstRow]
    graphs: dict[str, GraphCount]
    versions: dict[str, str]
    data_sha256: dict[str, str]
