"""Graphs of an earlier opset than torch's: converted with the notes that say where a node comes from, or why they cannot be."""

import re

import onnx
import onnx_ir
from onnx import ModelProto
from onnxscript import version_converter

from pipeline.export.unsupported import find_line
from pipeline.graph import external_data, onnx_model
from pipeline.graph.operator_versions import find_misfits

# The opset of torch's own translations, from which the dynamo exporter converts.
TORCH_OPSET = 18
# What onnx's converter says, and as it names the operator that it has no way for.
_REASON = re.compile(r"failed: (.+?)\.?$")
_OPERATOR = re.compile(r"No Adapter (?:From|To) Version \S+ for (\w+)|No Previous Version of (\w+)")


def lower_opset(model: onnx_ir.Model, opset: int) -> None:
    """Convert to an opset below TORCH_OPSET as torch does, in place, with two things that onnx's converter leaves undone.

    It drops the exporter's notes, and it leaves attributes that the earlier operator does not know (`noop_with_empty_axes` of a
    reduction): at their defaults they mean nothing. A graph that cannot be converted stays as it is.
    """
    notes = {value.name: dict(node.metadata_props) for node in model.graph.all_nodes() for value in node.outputs}
    version_converter.convert_version(model, opset, fallback=True)
    for node in model.graph.all_nodes():
        node.metadata_props.update(next((notes[value.name] for value in node.outputs if value.name in notes), {}))
        if model.graph.opset_imports.get("") == opset and node.domain == "":
            _drop_defaults(node, opset)


def _drop_defaults(node: onnx_ir.Node, opset: int) -> None:
    """Take from a node the attributes that its operator got after `opset`, where they have the value that they have when absent."""
    try:
        before, after = (onnx.defs.get_schema(node.op_type, version).attributes for version in (opset, TORCH_OPSET))
    except onnx.defs.SchemaError:
        return
    for name in list(node.attributes):
        if name not in before and name in after and after[name].default_value.type:
            default = onnx.helper.get_attribute_value(after[name].default_value)
            if node.attributes[name].value == default:
                del node.attributes[name]


def find_obstacle(model: ModelProto, opset: int) -> str:
    """The line and the operator that onnx's own converter, which torch's exporter calls, stops at.

    Args:
        model: The graph as it was before the conversion.
        opset: The one that it is to be converted to.

    Returns:
        Half a sentence; what the converter says, where it names no operator.
    """
    stripped, _ = external_data.strip(model)
    try:
        onnx.version_converter.convert_version(stripped, opset)
    except RuntimeError as error:
        said = str(error)
    else:
        return ""
    named = _OPERATOR.search(said)
    if named is None:
        reason = _REASON.search(said)
        return reason[1] if reason else ""
    relabelled = ModelProto()
    relabelled.CopyFrom(stripped)
    for entry in relabelled.opset_import:
        if entry.domain == "":
            entry.version = opset
    operator = named[1] or named[2]
    misfits = ((misfit.node, misfit.problem) for misfit in find_misfits(relabelled))
    nodes = ((node, "") for node in onnx_model.nodes(relabelled.graph))
    node, problem = next(pair for pair in (*misfits, *nodes) if pair[0].op_type == operator)
    line = find_line(node)
    return f"{f'{line}: ' if line else ''}onnx converts no {operator} to opset {opset}{f', since {problem}' if problem else ''}"
