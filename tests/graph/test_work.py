import numpy as np
import pytest
from onnx import helper, numpy_helper

from pipeline.graph import work
from pipeline.graph.inference import TensorType, infer_types, infer_types_of_call


def graph_of(node, shape, output, *weights):
    initializers = [
        numpy_helper.from_array(np.ones(size, np.float32), f"w{place}") for place, size in enumerate(weights)
    ]
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", 1, shape)],
        [helper.make_tensor_value_info("y", 1, output)],
        initializers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def count(model, *shape) -> int:
    return work.multiply_adds(model, infer_types_of_call(model, {"x": shape}))


@pytest.mark.parametrize(
    ("node", "axes", "weights", "shape", "expected"),
    [
        (helper.make_node("MatMul", ["x", "w0"], ["y"]), 2, [(6, 4)], (5, 6), 5 * 6 * 4),
        (helper.make_node("Gemm", ["x", "w0"], ["y"], transA=1), 2, [(6, 4)], (6, 5), 5 * 6 * 4),
        (helper.make_node("Conv", ["x", "w0"], ["y"]), 4, [(8, 3, 3, 3)], (2, 3, 6, 6), 2 * 8 * 4 * 4 * 27),
        (helper.make_node("ConvTranspose", ["x", "w0"], ["y"]), 4, [(3, 8, 3, 3)], (2, 3, 4, 4), 2 * 3 * 16 * 72),
        (
            helper.make_node("GRU", ["x", "w0", "w1"], ["y"], hidden_size=4),
            3,
            [(1, 12, 6), (1, 12, 4)],
            (7, 2, 6),
            7 * 2 * (72 + 48),
        ),
        (helper.make_node("Relu", ["x"], ["y"]), 2, [], (5, 6), 30),
    ],
)
def test_multiply_adds_of_one_node(node, axes, weights, shape, expected):
    model = graph_of(node, [None] * axes, None, *weights)
    assert count(model, *shape) == expected


def test_a_size_that_is_not_known_counts_as_the_weights():
    model = graph_of(helper.make_node("Gather", ["w0", "x"], ["y"]), [None], None, (10, 3))
    assert work.multiply_adds(model, {}) == 30


def test_opening_counts_nodes_and_weights():
    model = graph_of(helper.make_node("MatMul", ["x", "w0"], ["y"]), ["batch", 6], None, (6, 4))
    assert work.opening(model) == work.NODE + 24 * work.WEIGHT


def test_types_have_symbols_or_the_sizes_of_a_call():
    model = graph_of(helper.make_node("MatMul", ["x", "w0"], ["y"]), ["batch", 6], ["batch", 4], (6, 4))
    assert infer_types(model)["y"] == TensorType(1, ("batch", 4))
    assert infer_types_of_call(model, {"x": (5, 6)})["y"].numbers == (5, 4)


def test_a_type_matches_only_what_has_its_shape_whatever_the_sizes():
    assert TensorType(1, ("batch", 4)).matches(TensorType(1, ("batch", 4)))
    assert not TensorType(1, ("batch", 4)).matches(TensorType(7, ("batch", 4)))
    assert not TensorType(1, ("batch", "")).matches(TensorType(1, ("batch", "")))
    assert not TensorType(1, None).matches(TensorType(1, None))
