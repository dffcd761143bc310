"""The small model that the C# project of this repository is compiled and tested with: four features in, a class and three scores out."""

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CSHARP = Path(__file__).resolve().parents[3] / "pipeline" / "dotnet" / "csharp"
SAMPLE = CSHARP / "sample"


def make_model() -> bytes:
    """Softmax(features @ w) and its ArgMax, at opset 17; NaN and any size of batch are taken."""
    weights = np.array([[1, 0, -1], [0.5, -0.5, 0.25], [-1, 1, 0], [0.125, 0.75, -0.25]], np.float32)
    nodes = [
        helper.make_node("MatMul", ["features", "w"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["scores"]),
        helper.make_node("ArgMax", ["logits"], ["label"], axis=1, keepdims=0),
    ]
    inputs = [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", 4])]
    outputs = [
        helper.make_tensor_value_info("label", TensorProto.INT64, ["batch"]),
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", 3]),
    ]
    graph = helper.make_graph(nodes, "the model", inputs, outputs, [numpy_helper.from_array(weights, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


if __name__ == "__main__":
    (SAMPLE / "TheModel.onnx").write_bytes(make_model())
    print(hashlib.sha256(make_model()).hexdigest(), len(make_model()))
