"""Values that depart -> candidates, most suspected first, with their errors before and after."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from onnx import NodeProto

from pipeline.compare.comparison import OutputComparison
from pipeline.compare.policy import Policy
from pipeline.core.arrays import Array, Arrays
from pipeline.core.departure import DepartingNode
from pipeline.core.node_sources import NodeSource
from pipeline.departure.distance import measure, share
from pipeline.departure.matching import Matcher
from pipeline.departure.pieces import VALUELESS, Piece, Pieces
from pipeline.departure.search import Search, Searcher
from pipeline.departure.whole_graph import answer_between
from pipeline.graph import mapped_weights

# What departs by less than this share of the largest is not taken for the beginning.
CLEARLY = 0.01
# Operators that move values and compute none.
MOVING = {
    "Concat",
    "Expand",
    "Flatten",
    "Gather",
    "Pad",
    "Reshape",
    "Slice",
    "Split",
    "Squeeze",
    "Tile",
    "Transpose",
    "Unsqueeze",
}
# Candidates that are reported.
MOST = 10


class GraphFindings(NamedTuple):
    """What ranking needs: the graph, what the search found, where values come from, and the network's own weights."""

    pieces: Pieces
    searcher: Searcher
    search: Search
    matcher: Matcher
    sources: Mapping[str, NodeSource]
    weights: Sequence[Array]


def rank(graph: GraphFindings, inputs: Arrays, policy: Policy) -> list[DepartingNode]:
    """The candidates; where no value departs by itself, those whose nodes come closest to it.

    The measure is the error by itself, as a share of what the policy allows at the value's own scale. Of those that clearly depart the
    first of the graph is suspected most; the others follow by their error.
    """
    search = graph.search
    departing = [name for name in search.departing if not search.matches[name].local.passed]
    local = {name: share(search.matches[name].local) for name in departing}
    if not local:
        local = {name: share(match.local) for name, match in search.matches.items()}
    place = {name: number for number, name in enumerate(graph.pieces.maker)}
    names = sorted(local, key=lambda name: (-local[name], place[name]))[:MOST]
    clear = [name for name in names if local[name] >= CLEARLY * local[names[0]]]
    if departing:
        first = min(clear, key=lambda name: place[name])
        names = [first, *(name for name in names if name != first)]
    segments = {name: graph.searcher.segment(name) for name in names}
    fed = {name: [given for given in graph.searcher.feeds(segments[name]) if given not in inputs] for name in names}
    told = list(dict.fromkeys([*names, *(given for values in fed.values() for given in values)]))
    cumulative = answer_between(graph.pieces, inputs, told)
    errors = {name: measure(name, graph.searcher.truth(name), cumulative.get(name), policy) for name in told}
    explained = graph.searcher.explained()
    candidates = []
    for name in names:
        nodes = _by_suspicion(graph, name, segments[name], explained)
        before = max((share(errors[given]) for given in fed[name]), default=0.0) if cumulative else None
        candidates.append(_describe(graph, name, nodes, before, errors[name] if name in cumulative else None))
    return candidates


def _describe(
    graph: GraphFindings,
    name: str,
    nodes: Sequence[NodeProto],
    before: float | None,
    cumulative: OutputComparison | None,
) -> DepartingNode:
    match = graph.search.matches[name]
    source_of = find_nearest_source(graph.pieces, graph.sources, name)
    source = graph.sources.get(source_of)
    if source and match.event:
        source = graph.matcher.find_line(match.event, source)
    return DepartingNode(
        value=name,
        operator=nodes[0].op_type,
        node=nodes[0].name,
        nodes=[f"{node.op_type} {node.name or node.output[0]}" for node in nodes],
        source=source,
        source_of=source_of,
        before=before,
        local=share(match.local) if match.local.max_abs is not None else None,
        cumulative=share(cumulative) if cumulative and cumulative.max_abs is not None else None,
        local_abs=match.local.max_abs,
        cumulative_abs=cumulative.max_abs if cumulative else None,
        scale=match.local.scale,
        problem=match.local.problem,
    )


def _by_suspicion(graph: GraphFindings, name: str, segment: Sequence[Piece], explained: set[str]) -> list[NodeProto]:
    """The nodes of the segment that ends in the value `name`, the most suspected first.

    Where the shape is wrong, or a node fails, those that compute sizes; else those that compute what departs: operators that only move
    values come after the others, unless the same values stand in other places. Then those whose weights are none of the network's, and
    last those from which values follow that are right.
    """
    wrong_shape = graph.search.matches[name].local.max_abs is None
    moved = not wrong_shape and _is_moved(graph, name)

    def suspicion(entry: tuple[int, NodeProto]) -> tuple[bool, bool, bool, int, int]:
        place, node = entry
        outputs = [output for output in node.output if output]
        sizes = all(graph.searcher.kind(output) in ("i", "b") for output in outputs)
        return (
            sizes != wrong_shape,
            any(output in explained for output in outputs),
            node.op_type in VALUELESS or (not sizes and (node.op_type in MOVING) != moved),
            -_strangeness(graph, node),
            -place,
        )

    nodes = [node for piece in segment for node in piece.nodes]
    return [node for _, node in sorted(enumerate(nodes), key=suspicion)]


def _is_moved(graph: GraphFindings, name: str) -> bool:
    """Whether the value has the numbers that it should have, in other places."""
    value, _ = graph.searcher.compute(name)
    if value is None or value.dtype.kind != "f":
        return False
    return bool(np.array_equal(np.sort(value.ravel()), np.sort(graph.searcher.truth(name).ravel())))


def _strangeness(graph: GraphFindings, node: NodeProto) -> int:
    """1 where a weight of the node is none of the network's, -1 where all are, 0 where it has none."""
    tensors = [graph.pieces.initializers[name] for name in node.input if name in graph.pieces.initializers]
    arrays = [mapped_weights.to_array(tensor, graph.pieces.folder) for tensor in tensors]
    weights = [array for array in arrays if array.dtype.kind == "f" and array.size > 1]
    if not weights:
        return 0
    return -1 if all(_is_own(array, graph.weights) for array in weights) else 1


def _is_own(array: Array, weights: Sequence[Array]) -> bool:
    alike = [weight for weight in weights if weight.size == array.size]
    return any(
        np.array_equal(array.ravel(), weight.ravel())
        or (array.ndim == 2 and np.array_equal(array.T.ravel(), weight.ravel()))
        for weight in alike
    )


def find_nearest_source(pieces: Pieces, sources: Mapping[str, NodeSource], name: str) -> str:
    """The value itself where it has a source, else the nearest before it, else the nearest after it."""
    for step in (_before, _after):
        seen, waiting = {name}, [name]
        while waiting:
            value = waiting.pop(0)
            if value in sources:
                return value
            following = [other for other in step(pieces, value) if other not in seen]
            seen.update(following)
            waiting += following
    return name


def _before(pieces: Pieces, name: str) -> Sequence[str]:
    piece = pieces.maker.get(name)
    return piece.inputs if piece else []


def _after(pieces: Pieces, name: str) -> list[str]:
    return [output for piece in pieces.consumers.get(name, []) for output in piece.outputs]
