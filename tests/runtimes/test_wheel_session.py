import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from pipeline.graph.session import answer, open_session
from pipeline.runtimes.wheel_session import answer_calls
from pipeline.runtimes.wheels import list_wheels, own_wheel
from wheel_folders import DYING, SLOW

# The oldest and the newest wheel that somebody has installed here; a test installs none.
REAL = [wheel for wheel in list_wheels() if wheel.folder]
REAL = [*REAL[:1], *REAL[1:][-1:]]
X = {"x": np.array([1.5, -2.5], dtype=np.float32)}


def write(path, node, element=TensorProto.FLOAT):
    ports = [helper.make_tensor_value_info(name, element, [None]) for name in "xy"]
    graph = helper.make_graph([node], "g", ports[:1], ports[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=8), path)
    return path


@pytest.fixture
def abs_model(tmp_path):
    return write(tmp_path / "abs.onnx", helper.make_node("Abs", ["x"], ["y"]))


def test_a_process_of_its_own_answers_as_this_one_does(abs_model):
    answered = answer_calls(own_wheel(), abs_model, [X, {"x": np.zeros(0, np.float32)}])
    session = open_session(abs_model)
    assert answered.problem == ""
    for inputs, outputs in zip((X, {"x": np.zeros(0, np.float32)}), answered.calls, strict=True):
        np.testing.assert_array_equal(outputs["y"], answer(session, inputs)["y"])


def test_versions_are_those_of_the_process(abs_model):
    assert answer_calls(own_wheel(), abs_model, []).numpy == np.__version__


def test_text_goes_over_whole(tmp_path):
    texts = {"x": np.array(["", "ä\0", "🙂" * 3], dtype=object)}
    path = write(tmp_path / "text.onnx", helper.make_node("Identity", ["x"], ["y"]), TensorProto.STRING)
    assert answer_calls(own_wheel(), path, [texts]).calls[0]["y"].tolist() == texts["x"].tolist()


def test_a_model_that_is_refused(tmp_path):
    path = write(tmp_path / "model.onnx", helper.make_node("Hardmax", ["x"], ["y"]), TensorProto.DOUBLE)
    answered = answer_calls(own_wheel(), path, [X])
    assert (answered.end, answered.calls) == ("refused", [])
    assert (
        "Could not find an implementation for ImageDecoder" in answered.problem
        or "refuses the model" in answered.problem
    )


def test_a_call_that_is_refused_has_a_sentence_and_the_others_their_answers(abs_model):
    answered = answer_calls(own_wheel(), abs_model, [{"x": np.zeros((1, 2), np.float32)}, X])
    assert answered.calls[0].startswith("onnxruntime cannot run the model on {'x': 'float32[1, 2]'}: ")
    np.testing.assert_array_equal(answered.calls[1]["y"], np.abs(X["x"]))


def test_a_process_that_dies_during_a_run(abs_model, wheel):
    answered = answer_calls(wheel("1.18.9", DYING), abs_model, [X])
    assert answered.problem == ""
    assert answered.calls == ["onnxruntime 1.18.9: the run of this call, or of one before it, ended by SIGSEGV"]


def test_a_process_that_dies_when_it_opens_the_model(abs_model, wheel):
    dying = DYING.replace("def run(self, *arguments)", "def __init__(*_, **__)")
    answered = answer_calls(wheel("1.18.9", dying), abs_model, [X])
    assert (answered.end, answered.problem) == ("died", "onnxruntime 1.18.9: opening the model ended by SIGSEGV")


def test_a_process_that_does_not_end(abs_model, wheel):
    answered = answer_calls(wheel("1.18.9", SLOW), abs_model, [X], timeout=5)
    assert answered.calls == ["onnxruntime 1.18.9: the run of this call, or of one before it, took more than 5 s"]


def test_a_wheel_that_cannot_be_imported(abs_model, wheel):
    answered = answer_calls(wheel("1.18.9", "raise ImportError('no such library')"), abs_model, [X])
    assert answered.end == "broken"
    assert answered.problem.startswith(
        "the wheel of onnxruntime 1.18.9 cannot be imported (ImportError: no such library): remove the folder "
    )


def test_a_wheel_that_is_another_version(abs_model, wheel):
    answered = answer_calls(wheel("1.18.9", "__version__ = '1.18.8'"), abs_model, [X])
    assert "it says that it is 1.18.8" in answered.problem


@pytest.mark.skipif(not REAL, reason="no wheel is here: python -m pipeline compat --install 1.18")
@pytest.mark.parametrize("real", REAL, ids=lambda real: real.version)
def test_real_wheels_answer_numbers_as_this_environment_does(real, abs_model):
    np.testing.assert_array_equal(answer_calls(real, abs_model, [X]).calls[0]["y"], np.abs(X["x"]))


@pytest.mark.skipif(not REAL, reason="no wheel is here: python -m pipeline compat --install 1.18")
@pytest.mark.parametrize("real", REAL, ids=lambda real: real.version)
def test_real_wheels_take_text(real, tmp_path):
    texts = {"x": np.array(["", "ä\0", "🙂" * 3], dtype=object)}
    path = write(tmp_path / "text.onnx", helper.make_node("Identity", ["x"], ["y"]), TensorProto.STRING)
    assert answer_calls(real, path, [texts]).calls[0]["y"].tolist() == texts["x"].tolist()
