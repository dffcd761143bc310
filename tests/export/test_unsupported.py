import onnx
import pytest
from onnx import TensorProto, helper

from pipeline.core.errors import PipelineError
from pipeline.export.unsupported import explain
from pipeline.graph.session import open_session


@pytest.fixture
def refused(tmp_path):
    """A graph that onnxruntime has no operator for: the file, and its error."""

    def make(op, kind, **notes):
        node = helper.make_node(op, ["x", "x"], ["y"], "node")
        for key, value in notes.items():
            node.metadata_props.add(key=f"pkg.torch.onnx.{key}", value=value)
        x, y = (helper.make_tensor_value_info(name, kind, [2, 2]) for name in "xy")
        model = helper.make_model(
            helper.make_graph([node], "g", [x], [y]), opset_imports=[helper.make_opsetid("", 20)], ir_version=10
        )
        path = tmp_path / "proven.onnx"
        onnx.save(model, path)
        with pytest.raises(PipelineError) as caught:
            open_session(path)
        return str(caught.value), path

    return make


def test_an_operator_that_onnxruntime_has_not_for_a_type(refused):
    trace = 'File "/home/someone/nets.py", line 5, in forward\n    return x @ x'
    said = explain(*refused("MatMul", TensorProto.BFLOAT16, stack_trace=trace))
    assert said.startswith("nets.py, line 5 (`return x @ x`): onnxruntime 1.")
    assert said.endswith(" has no MatMul for bfloat16 on the CPU")


def test_a_type_that_the_operator_has_not(refused):
    said = explain(*refused("Max", TensorProto.BOOL))
    assert said.startswith("onnxruntime 1.")
    assert said.endswith(" has no Max for bool on the CPU")


def test_another_error_names_no_file_of_ours(tmp_path):
    path = tmp_path / "proven.onnx"
    assert explain(f"{path}: onnxruntime refuses the model: Load model from {path} failed: no", path) == (
        "onnxruntime refuses the model: no"
    )
