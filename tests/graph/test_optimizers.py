from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from pipeline.graph.optimizers import KNOWN_FAULTS, NAMES, explain_change, explain_unopened, find_culprit
from pipeline.graph.session import answer, open_session

ROWS = {"x": -1 - np.arange(64, dtype=np.float32).reshape(1, 1, 8, 8)}


def save(path: Path, nodes: list, **constants: np.ndarray) -> Path:
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, None)  # noqa: E731
    initializers = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "g", [value("x")], [value("y")], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture
def padded(tmp_path) -> Path:
    """Zeros around negative numbers, and the largest of each window: onnxruntime's optimizer loses the zeros."""
    pads = np.array([0, 0, 1, 1, 0, 0, 1, 1])
    nodes = [
        helper.make_node("Pad", ["x", "pads"], ["wide"]),
        helper.make_node("MaxPool", ["wide"], ["y"], kernel_shape=[3, 3]),
    ]
    return save(tmp_path / "padded.onnx", nodes, pads=pads)


@pytest.fixture
def unopened(tmp_path) -> Path:
    """microsoft/onnxruntime#32416: the optimizer loses a value, and then refuses the graph."""
    nodes = [
        helper.make_node("Cast", ["x"], ["same"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["one", "one"], ["by"]),
        helper.make_node("Mul", ["same", "by"], ["y"]),
    ]
    return save(tmp_path / "unopened.onnx", nodes, one=np.ones(1, np.float32))


def test_the_optimizer_can_be_off(padded):
    assert answer(open_session(padded, optimizer="off"), ROWS)["y"].max() == 0
    assert answer(open_session(padded), ROWS)["y"].max() == -1


def test_one_optimizer_can_be_left_out(padded):
    assert answer(open_session(padded, disabled=["Pad_Fusion"]), ROWS)["y"].max() == 0


def test_the_optimizer_that_changes_an_answer_is_named(padded):
    explained = explain_change(padded, lambda session: answer(session, ROWS)["y"].max() == 0)
    assert explained.startswith("it is Pad_Fusion, which takes zeros that are padded before a max-pooling for ")
    assert explained.endswith(
        '(the session option optimization.disable_specified_optimizers="Pad_Fusion" leaves it out)'
    )


def test_what_no_optimizer_changes_has_no_name(padded):
    assert explain_change(padded, lambda session: False) == ""


def test_a_graph_that_only_the_optimizer_refuses(unopened):
    explained = explain_unopened(unopened)
    assert explained.startswith("; it takes it with its optimizer off: it is DivMulFusion")


def test_a_graph_that_is_refused_anyway(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"no model")
    assert explain_unopened(tmp_path / "m.onnx") == ""


@pytest.mark.parametrize("name", [NAMES[0], NAMES[-1], "GeluFusionL2"])
def test_the_culprit_is_found_wherever_it_stands(name):
    assert find_culprit(lambda disabled: name in disabled) == name


def test_two_that_must_both_be_left_out_are_not_named():
    assert find_culprit(lambda disabled: {NAMES[0], NAMES[-1]} <= set(disabled)) == ""


def test_every_known_fault_is_of_a_known_optimizer():
    assert set(KNOWN_FAULTS) <= set(NAMES)
