"""Where a graph begins to depart from PyTorch, as reports/departure/departure.json has it."""

from pathlib import Path
from typing import Literal

from pydantic import Field, TypeAdapter

from pipeline.core.node_sources import NodeSource
from pipeline.core.paths import DEPARTURE
from pipeline.core.records import Record, read_record, write_record

DEPARTURE_RECORD = DEPARTURE / "departure.json"


class DepartingNode(Record):
    """A node, or a segment of nodes between values that PyTorch has too, that answers otherwise when it is fed PyTorch's own values.

    `value` is the graph's value at its end, `operator` and `node` are of the node that is suspected first, `nodes` all of the segment
    in order of suspicion, as "operator name". `source` is where it comes from in the network, `source_of` the value that says so: its own,
    or the nearest. Errors are shares of what the policy allows at the value's own scale (1 is the limit; None: nothing to subtract, and
    `problem` says why): `before`, the largest cumulative one among the segment's inputs; `local`, when PyTorch's own values are fed in;
    `cumulative`, when the graph runs from its own inputs. `local_abs`, `cumulative_abs` and `scale` are in the value's own unit.
    """

    value: str
    operator: str
    node: str
    nodes: list[str]
    source: NodeSource | None
    source_of: str
    before: float | None
    local: float | None
    cumulative: float | None
    local_abs: float | None
    cumulative_abs: float | None
    scale: float | None
    problem: str = ""


class Departure(Record):
    """What `locate` found. `candidates` come most suspected first; `lines` is what it said.

    `cause` is "node" (the candidates depart by themselves), "optimizer" (the graph is right with onnxruntime's optimizer off),
    "accumulated" (the answer departs, and no node does by itself), "unopened" (onnxruntime refuses the graph; the candidate is the node
    that it names) or "none" (nothing departs). `stage` is the graph that was looked at,
    `call` the golden call, `output` the answer that departs or comes closest to it. `unoptimized` is whether that answer is right
    with onnxruntime's optimizer off (None: there is no answer then either). `matched` of `values` that nodes make were compared with PyTorch's own.
    """

    departs: bool
    cause: Literal["node", "optimizer", "accumulated", "unopened", "none"]
    stage: Literal["export", "simplify"]
    call: str
    output: str
    unoptimized: bool | None
    candidates: list[DepartingNode]
    values: int
    matched: int
    model_sha256: str
    contract_sha256: str
    onnxruntime: str
    lines: list[str] = Field(default=[])


_FORM: TypeAdapter[Departure] = TypeAdapter(Departure)


def write_departure(departure: Departure, path: Path = DEPARTURE_RECORD) -> None:
    write_record(path, _FORM, departure)


def read_departure(path: Path = DEPARTURE_RECORD) -> Departure:
    """What `locate` wrote.

    Raises:
        PipelineError: The file is missing, or does not have this form.
    """
    return read_record(path, _FORM, made_by="locate")
