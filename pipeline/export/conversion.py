"""Why a graph cannot be converted to an earlier opset: which operator of which line of the network holds it back."""

import re

import onnx
from onnx import ModelProto

from pipeline.export.unsupported import find_line
from pipeline.graph import external_data
from pipeline.graph.operator_versions import find_misfits

# As onnx's converter names the operator that it has no way for.
_OPERATOR = re.compile(r"No Adapter (?:From|To) Version \S+ for (\w+)|No Previous Version of (\w+)")


def find_obstacle(model: ModelProto, opset: int) -> str:
    """The line and the operator that onnx's own converter, which torch's exporter calls, stops at.

    Args:
        model: The graph as it was before the conversion.
        opset: The one that it is to be converted to.

    Returns:
        Half a sentence; "" where the converter names no operator.
    """
    stripped, _ = external_data.strip(model)
    try:
        onnx.version_converter.convert_version(stripped, opset)
    except RuntimeError as error:
        named = _OPERATOR.search(str(error))
    else:
        return ""
    if named is None:
        return ""
    operator = named[1] or named[2]
    relabelled = ModelProto()
    relabelled.CopyFrom(stripped)
    for entry in relabelled.opset_import:
        if entry.domain in ("", "ai.onnx"):
            entry.version = opset
    misfits = (misfit for misfit in find_misfits(relabelled) if misfit.node.op_type == operator)
    misfit = next(misfits, None)
    if misfit is None:
        return operator
    line = find_line(misfit.node)
    return f"{f'{line}: ' if line else ''}{operator} is not in opset {opset} as it is here: {misfit.problem}"
