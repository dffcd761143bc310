"""A graph that onnxruntime does not open: which node it names, and where that comes from."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from onnx import NodeProto

from pipeline.core.departure import DepartingNode
from pipeline.core.node_sources import NodeSource
from pipeline.departure.pieces import Pieces
from pipeline.departure.ranking import find_nearest_source
from pipeline.graph import onnx_model

# How onnxruntime 1.31 names a node: with what it makes, by its name alone, or by a value that nothing makes.
_WHOLE_NODE = re.compile(r'In Node, \("(?P<name>[^"]*)", .*?-> \("(?P<value>[^"]*)"')
_NAMED_NODE = re.compile(r"[Nn]ode (?:\((?P<plain>[^()]+)\)|with name '(?P<quoted>[^']+)')")
_UNMADE_INPUT = re.compile(r"Node input '(?P<value>[^']*)' is not")


def describe_refused_node(path: Path, sources: Mapping[str, NodeSource], message: str) -> list[DepartingNode]:
    """The node for which onnxruntime refuses the graph at `path`, as its message has it; none where it names none."""
    pieces = Pieces(path)
    node = find_node(list(onnx_model.nodes(pieces.model.graph)), message)
    if node is None:
        return []
    value = next(name for name in node.output if name)
    source_of = find_nearest_source(pieces, sources, value)
    refused = DepartingNode(
        value=value,
        operator=node.op_type,
        node=node.name,
        nodes=[f"{node.op_type} {node.name or value}"],
        source=sources.get(source_of),
        source_of=source_of,
        before=None,
        local=None,
        cumulative=None,
        local_abs=None,
        cumulative_abs=None,
        scale=None,
        problem=message,
    )
    return [refused]


def find_node(nodes: Sequence[NodeProto], message: str) -> NodeProto | None:
    """The node that a message of onnxruntime names, or the first that reads the value which it misses."""
    if whole := _WHOLE_NODE.search(message):
        return next((node for node in nodes if node.name == whole["name"] and whole["value"] in node.output), None)
    if named := _NAMED_NODE.search(message):
        name = named["plain"] or named["quoted"]
        return next((node for node in nodes if node.name == name), None)
    if unmade := _UNMADE_INPUT.search(message):
        return next((node for node in nodes if unmade["value"] in node.input), None)
    return None
