"""The small model that the C# project of this repository is compiled and tested with: four features in, a class and three scores out."""

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from csharp_projects import make_contract, tensor
from pipeline.dotnet.client.generator import generate, generate_aspnetcore
from pipeline.dotnet.client.identity import Identity

CSHARP = Path(__file__).resolve().parents[3] / "pipeline" / "dotnet" / "csharp"
SAMPLE = CSHARP / "sample"

LABELS = ["none", "few", "many"]
CONTRACT = make_contract(
    "the model",
    [tensor("features", "float32", "batch", 4, minimum=-100.0, maximum=100.0)],
    [
        tensor("label", "int64", "batch", labels=LABELS),
        tensor("scores", "float32", "batch", 3, minimum=0.0, maximum=1.0, labels=LABELS),
    ],
    description="Says how many there are.",
)


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


def make_client() -> dict[str, str]:
    """The generated half of the sample's client: path below SAMPLE -> C#."""
    model = make_model()
    digest = hashlib.sha256(model).hexdigest()
    identity = Identity(
        package_id="TheNamespace.TheModel",
        version="1.0.0",
        namespace="TheNamespace",
        class_name="TheModel",
        model_file=f"TheModel.{digest[:8]}.onnx",
        model_sha256=digest,
        model_bytes=len(model),
        bound_onnxruntime="1.31.1",
        proven_onnxruntime=("1.31.1",),
    )
    aspnetcore = generate_aspnetcore(CONTRACT, identity)
    return {**generate(CONTRACT, identity), **{f"aspnetcore/{name}": text for name, text in aspnetcore.items()}}


def write_sample(folder: Path = SAMPLE) -> None:
    """Write the sample's generated client and its model anew."""
    for path in folder.rglob("*.cs"):
        path.unlink()
    (folder / "TheModel.onnx").write_bytes(make_model())
    for name, text in make_client().items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


if __name__ == "__main__":
    write_sample()
