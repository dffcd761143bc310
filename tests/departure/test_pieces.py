"""A node alone: its inputs, those of its nested graphs too, and values that are no arrays."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from pipeline.departure.pieces import Pieces

F32 = TensorProto.FLOAT


def write(tmp_path, nodes, inputs, outputs, weights=()):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in inputs],
        [helper.make_tensor_value_info(name, F32, None) for name in outputs],
        list(weights),
    )
    path = tmp_path / "model.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), path)
    return Pieces(path)


@pytest.fixture
def branching(tmp_path):
    """y = x + w where c holds, else x."""
    then = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["a"])], "then", [], [helper.make_tensor_value_info("a", F32, None)]
    )
    other = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["b"])], "else", [], [helper.make_tensor_value_info("b", F32, None)]
    )
    node = helper.make_node("If", ["c"], ["y"], then_branch=then, else_branch=other)
    weights = [numpy_helper.from_array(np.ones(2, np.float32), "w")]
    return write(tmp_path, [node], [("c", TensorProto.BOOL, []), ("x", F32, [2])], ["y"], weights)


def test_what_a_nested_graph_takes_from_around_it_is_an_input(branching):
    assert sorted(branching.pieces[0].inputs) == ["c", "x"]


def test_a_node_with_nested_graphs_runs_alone(branching):
    feeds = {"c": np.array(True), "x": np.zeros(2, np.float32)}
    np.testing.assert_array_equal(branching.run(branching.pieces[0], feeds)["y"], [1, 1])


@pytest.fixture
def splitting(tmp_path):
    nodes = [
        helper.make_node("SplitToSequence", ["x"], ["parts"], axis=0),
        helper.make_node("ConcatFromSequence", ["parts"], ["whole"], axis=0),
        helper.make_node("Relu", ["whole"], ["y"]),
    ]
    return write(tmp_path, nodes, [("x", F32, [2])], ["y"])


def test_a_value_that_is_no_tensor_stays_within_a_piece(splitting):
    assert [[node.op_type for node in piece.nodes] for piece in splitting.pieces] == [
        ["SplitToSequence", "ConcatFromSequence"],
        ["Relu"],
    ]


def test_a_piece_gives_tensors_alone(splitting):
    assert list(splitting.run(splitting.pieces[0], {"x": np.ones(2, np.float32)})) == ["whole"]


def test_a_value_of_a_type_that_numpy_lacks_stays_within_a_piece(tmp_path):
    nodes = [
        helper.make_node("Cast", ["x"], ["narrow"], to=TensorProto.BFLOAT16),
        helper.make_node("Identity", ["narrow"], ["same"]),
        helper.make_node("Cast", ["same"], ["y"], to=F32),
    ]
    pieces = write(tmp_path, nodes, [("x", F32, [2])], ["y"])
    x = np.array([1.0, 1.001], np.float32)
    (piece,) = pieces.pieces
    np.testing.assert_array_equal(pieces.run(piece, {"x": x})["y"], [1, 1])
