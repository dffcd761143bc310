import numpy as np
import pytest
from onnx import TensorProto, helper

from pipeline.core.errors import PipelineError
from pipeline.core.paths import EXPORTED
from pipeline.graph.session import answer, open_session

ROWS = np.linspace(-1, 1, 30, dtype=np.float32).reshape(3, 10)


def test_a_file_and_its_bytes_answer_alike(linear):
    by_file = answer(open_session(EXPORTED), {"input": ROWS})
    by_bytes = answer(open_session(EXPORTED.read_bytes()), {"input": ROWS})
    assert list(by_file) == ["output"]
    np.testing.assert_array_equal(by_file["output"], by_bytes["output"])


def test_one_thread_and_the_cpu(linear):
    session = open_session(EXPORTED)
    assert session.get_session_options().intra_op_num_threads == 1
    assert session.get_providers() == ["CPUExecutionProvider"]


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x0a"])
def test_a_damaged_model_is_refused(content, tmp_path, capfd):
    (tmp_path / "m.onnx").write_bytes(content)
    with pytest.raises(
        PipelineError, match=r"m\.onnx: onnxruntime [\d.]+ \(opset up to \d+, IR up to \d+\) refuses"
    ) as e:
        open_session(tmp_path / "m.onnx")
    assert "\n" not in str(e.value)
    assert capfd.readouterr().err == ""


def test_a_missing_model_is_refused(tmp_path):
    with pytest.raises(PipelineError, match=r"m\.onnx: onnxruntime .* refuses the model"):
        open_session(tmp_path / "m.onnx")


def test_bytes_have_no_name():
    with pytest.raises(PipelineError, match=r"^the model: onnxruntime"):
        open_session(b"not a model")


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ({"input": ROWS[:, :9]}, r"cannot run the model on \{'input': 'float32\[3, 9\]'\}"),
        ({"input": ROWS.astype(np.float64)}, r"float64\[3, 10\]"),
        ({"other": ROWS}, r"\{'other': 'float32\[3, 10\]'\}"),
        ({}, r"on \{\}"),
    ],
    ids=["shape", "dtype", "name", "none"],
)
def test_inputs_that_do_not_fit_are_named(inputs, says, linear, capfd):
    session = open_session(EXPORTED)
    with pytest.raises(PipelineError, match=says) as caught:
        answer(session, inputs)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_an_answer_of_a_type_that_numpy_lacks_is_refused():
    graph = helper.make_graph(
        [helper.make_node("Cast", ["x"], ["y"], to=TensorProto.BFLOAT16)],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None])],
        [helper.make_tensor_value_info("y", TensorProto.BFLOAT16, [None])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    with pytest.raises(PipelineError, match="No corresponding Numpy type"):
        answer(open_session(model.SerializeToString()), {"x": np.ones(2, np.float32)})


def test_what_onnxruntime_says_is_told_without_its_own_source(tmp_path):
    graph = helper.make_graph(
        [helper.make_node("Reshape", ["x", "shape"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, None])],
        [helper.make_tensor("shape", TensorProto.INT64, [2], [-1, 4])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    with pytest.raises(
        PipelineError, match=r"^onnxruntime cannot run the model on \{'x': 'float32\[6\]'\}: Reshape: The input"
    ):
        answer(open_session(model.SerializeToString()), {"x": np.zeros(6, np.float32)})
