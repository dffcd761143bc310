"""A graph that onnxruntime does not open: the node that it names, and where that comes from."""

import numpy as np
import pytest
from broken_graphs import change_attribute, edit_graph, find_node
from onnx import helper, numpy_helper

from pipeline.__main__ import main
from pipeline.core.departure import Departure, read_departure
from pipeline.core.paths import SIMPLIFIED
from pipeline.departure.unopened_graph import find_node as find_refused

NODES = [
    helper.make_node("Relu", ["x"], ["a"], "first"),
    helper.make_node("Relu", ["a"], ["b"]),
    helper.make_node("Add", ["b", "lost"], ["y"], "last"),
]


@pytest.mark.parametrize(
    ("message", "operator"),
    [
        ('In Node, ("first", Relu, "", -1) : ("x": tensor(float),) -> ("a": tensor(float),) , Error no', "a"),
        ('In Node, ("", Relu, "", -1) : ("a": tensor(float),) -> ("b": tensor(float),) , Error no', "b"),
        ("Type 'tensor(bool)' of input parameter (a) of operator (Add) in node (last) is invalid.", "y"),
        ("Node (last) Op (Add) [ShapeInferenceError] Incompatible dimensions", "y"),
        ("Could not find an implementation for Add(14) node with name 'last'", "y"),
        ("Node input 'lost' is not a graph input, initializer, or output of a previous node.", "y"),
    ],
    ids=["whole", "no name", "type", "shape", "implementation", "lost input"],
)
def test_the_node_of_a_message(message, operator):
    assert find_refused(NODES, message).output[0] == operator


@pytest.mark.parametrize("message", ["the graph is not acyclic.", "Node (other) Op (Add) no"], ids=["none", "another"])
def test_a_message_that_names_no_node_of_the_graph(message):
    assert find_refused(NODES, message) is None


@pytest.fixture
def refuse(digits, passes):
    """Break the simplified graph so that it is not opened, and ask where it departs."""

    def run(edit) -> Departure:
        edit_graph(SIMPLIFIED, edit)
        assert main(["validate"]) == 1
        passes("locate")
        return read_departure()

    return run


def test_the_node_and_its_line_are_said(refuse):
    departure = refuse(change_attribute("Softmax", "other", 1))
    assert departure.cause == "unopened"
    assert departure.lines[:2] == [
        "onnxruntime does not open build/simplified/model.onnx at Softmax 'node_softmax' (value 'probabilities')",
        "it comes from the network (models/digits.py:35), aten.softmax.int",
    ]
    assert "Unrecognized attribute: other for operator Softmax" in departure.lines[2]


def test_a_graph_in_which_no_node_is_named(refuse):
    def read_own_answer(model):
        find_node(model, "Relu").input[0] = find_node(model, "Gemm").output[0]

    lines = refuse(read_own_answer).lines
    assert lines[0] == "onnxruntime does not open build/simplified/model.onnx; it names no node"


def test_a_graph_that_the_optimizer_makes_unreadable(refuse):
    """microsoft/onnxruntime#32416: DivMulFusion loses a value."""

    def scale_by_one(model):
        gemm = find_node(model, "Gemm")
        place, answer = list(model.graph.node).index(gemm) + 1, gemm.output[0]
        gemm.output[0] = "raw"
        model.graph.initializer.append(numpy_helper.from_array(np.ones(1, np.float32), "one"))
        for number, node in enumerate(
            [
                helper.make_node("Cast", ["raw"], ["same"], "cast", to=1),
                helper.make_node("Div", ["one", "one"], ["by"], "divide"),
                helper.make_node("Mul", ["same", "by"], [answer], "scale"),
            ]
        ):
            model.graph.node.insert(place + number, node)

    departure = refuse(scale_by_one)
    assert (departure.cause, departure.candidates[0].node) == ("optimizer", "scale")
    assert "the optimizer is the cause; it takes it with its optimizer off: it is DivMulFusion" in departure.lines[3]
