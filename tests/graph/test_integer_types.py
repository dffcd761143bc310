"""Arithmetic that onnxruntime lacks for small integers is made in a wider type, and wraps around as it does there."""

import numpy as np
import pytest
from onnx import TensorProto, helper, shape_inference

from pipeline.core.errors import PipelineError
from pipeline.graph.integer_types import widen_integers
from pipeline.graph.session import answer, open_session

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (3, 4), dtype=np.uint8)
SIGNED = RNG.integers(-128, 128, (3, 4), dtype=np.int8)
KINDS = {"uint8": TensorProto.UINT8, "int8": TensorProto.INT8, "bool": TensorProto.BOOL, "int16": TensorProto.INT16}


def make_model(op, kind, output_kind=None, inputs=("x", "y"), **attributes):
    nodes = [helper.make_node(op, inputs, ["z"], "node", **attributes)]
    values = [helper.make_tensor_value_info(name, KINDS[kind], ["a", "b"]) for name in dict.fromkeys(inputs)]
    output = helper.make_tensor_value_info("z", KINDS[output_kind or kind], None)
    graph = helper.make_graph(nodes, "g", values, [output])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


@pytest.mark.parametrize(("op", "function"), [("Add", np.add), ("Sub", np.subtract), ("Mul", np.multiply)])
@pytest.mark.parametrize(
    ("kind", "array"), [("uint8", BYTES), ("int8", SIGNED), ("int16", SIGNED.astype(np.int16) * 300)]
)
def test_arithmetic_wraps_around(op, function, kind, array):
    model, other = make_model(op, kind), array[::-1].copy()
    widen_integers(model)
    got = answer(open_session(model.SerializeToString()), {"x": array, "y": other})["z"]
    np.testing.assert_array_equal(got, function(array, other))


@pytest.mark.parametrize(("op", "function"), [("Max", np.maximum), ("Min", np.minimum)])
def test_the_larger_of_two_booleans(op, function):
    model, x = make_model(op, "bool"), BYTES > 99
    assert widen_integers(model) == 1
    got = answer(open_session(model.SerializeToString()), {"x": x, "y": ~x[::-1]})["z"]
    np.testing.assert_array_equal(got, function(x, ~x[::-1]))


def test_a_comparison_answers_booleans():
    model = make_model("Less", "int16", "bool")
    widen_integers(model)
    x = SIGNED.astype(np.int16)
    got = answer(open_session(model.SerializeToString()), {"x": x, "y": x[::-1]})["z"]
    np.testing.assert_array_equal(got, x < x[::-1])


def test_what_onnxruntime_has_stays():
    model = make_model("Max", "uint8")
    before = model.SerializeToString()
    assert widen_integers(model) == 0
    assert model.SerializeToString() == before


def test_what_no_type_helps_stays():
    model = make_model("Add", "uint8", inputs=("x", "x"), no_such_attribute=1)
    assert widen_integers(model) == 0


def test_types_that_do_not_fit_each_other_are_a_refusal(monkeypatch):
    def refuse(model):
        raise shape_inference.InferenceError("Inferred elem type differs from\nexisting elem type: (7) vs (1)")

    monkeypatch.setattr(shape_inference, "infer_shapes", refuse)
    with pytest.raises(
        PipelineError, match=r"^types of the exported graph do not fit each other: .* existing elem type"
    ):
        widen_integers(make_model("Add", "int8"))
