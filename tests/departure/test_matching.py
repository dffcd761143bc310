"""Which of the network's values one of the graph's has to be: by the exporter's notes, as simplifiers leave them."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from pipeline.compare.policy import Policy, Tolerance
from pipeline.core.node_sources import NodeSource
from pipeline.departure.matching import Matcher
from pipeline.departure.pieces import Pieces
from pipeline.departure.recording import Recording

VALUES = np.arange(6, dtype=np.float32).reshape(2, 1, 3)
POLICY = Policy(Tolerance(1e-5, 0.0))


def source(operator: str) -> NodeSource:
    return NodeSource(module="", module_class="", operator=operator, file="net.py", line=1)


@pytest.fixture
def matcher(tmp_path):
    """Of x -> Mul "mul" -> Cast "cast" -> Relu "relu", by the operators of some of these."""

    def make(**operators: str) -> Matcher:
        nodes = [
            helper.make_node("Mul", ["x", "x"], ["mul"]),
            helper.make_node("Cast", ["mul"], ["cast"], to=1),
            helper.make_node("Relu", ["cast"], ["relu"]),
        ]
        values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "relu")]
        graph = helper.make_graph(nodes, "g", values[:1], values[1:])
        onnx.save(helper.make_model(graph), tmp_path / "m.onnx")
        recording = Recording(tmp_path / "values")
        recording.add([VALUES], "", "aten.mul.Tensor", [("/net.py", 1)])
        recording.close()
        sources = {name: source(operator) for name, operator in operators.items()}
        return Matcher(Pieces(tmp_path / "m.onnx"), sources, recording, POLICY)

    return make


def test_a_node_without_notes_does_not_end_a_source(matcher):
    assert not matcher(mul="aten.gelu.default", relu="aten.gelu.default").ends_source("mul")


def test_another_source_ends_one(matcher):
    assert matcher(mul="aten.mul.Tensor", relu="aten.relu.default").ends_source("mul")


@pytest.mark.parametrize("operator", ["operator.mul", "aten.sym_size.int"])
def test_a_size_that_python_computes_is_no_value_of_the_network(operator, matcher):
    assert matcher(mul=operator).find_expected("mul", VALUES, -1, []) is None


def test_a_value_may_lack_an_axis_of_one(matcher):
    event, comparison = matcher(mul="aten.mul.Tensor").find_equal("mul", VALUES[:, 0], [])
    assert (event.shape, comparison.passed) == ((2, 3), True)


def test_an_axis_of_one_in_another_place_is_another_shape(matcher):
    assert matcher(mul="aten.mul.Tensor").find_equal("mul", VALUES.transpose(1, 0, 2), []) is None
