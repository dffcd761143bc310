"""What onnxruntime says when it refuses a graph, in terms of the network: which operator, of which type, of which line."""

import re
from pathlib import Path

import onnx
from onnx import ModelProto, NodeProto

from pipeline.export.diagnostics import FRAME, SourceLine, choose_line
from pipeline.graph import external_data

# As onnxruntime names an operator that it has not, and one that the standard has not for a type; the node's name.
NO_KERNEL = re.compile(r"Could not find an implementation for (?P<op>\w+)\(\d+\) node with name '(?P<node>[^']*)'")
NO_TYPE = re.compile(
    r"Type 'tensor\((?P<kind>\w+)\)' of input parameter \([^)]*\) of operator \((?P<op>\w+)\) in node \((?P<node>[^)]*)\)"
)
TYPES = {"float": "float32", "double": "float64"}


def explain(error: str, file: Path) -> str:
    """The sentence for an error that opening `file` gave; it names no file of ours."""
    error = re.sub(rf"Load model from {re.escape(str(file))} failed:\s*", "", error).replace(f"{file}: ", "")
    refusal = NO_KERNEL.search(error) or NO_TYPE.search(error)
    if refusal is None:
        return error
    model = onnx.load(file, load_external_data=False)
    node = next((node for node in model.graph.node if node.name == refusal["node"]), None)
    kind = refusal.groupdict().get("kind") or (_input_type(model, node) if node else "")
    line = find_line(node) if node else ""
    version = re.search(r"onnxruntime ([\d.]+)", error)
    runtime = f"onnxruntime {version[1]}" if version else "onnxruntime"
    return f"{f'{line}: ' if line else ''}{runtime} has no {refusal['op']} for {TYPES.get(kind, kind) or 'this type'} on the CPU"


def _input_type(model: ModelProto, node: NodeProto) -> str:
    """Numpy's name of the type of the node's first input that has a known one."""
    stripped, _ = external_data.strip(model)
    graph = onnx.shape_inference.infer_shapes(stripped).graph
    types = {value.name: value.type.tensor_type.elem_type for value in (*graph.input, *graph.value_info, *graph.output)}
    types |= {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    kind = next((types[name] for name in node.input if types.get(name)), 0)
    return onnx.TensorProto.DataType.Name(kind).lower() if kind else ""


def find_line(node: NodeProto) -> str:
    """The network's line that a node is from; "" where the exporter did not note it."""
    notes = "\n".join(entry.value for entry in node.metadata_props if entry.key.endswith("stack_trace"))
    lines = [SourceLine(file, int(number), text.strip()) for file, number, text in reversed(FRAME.findall(notes))]
    return str(choose_line(lines) or "")
