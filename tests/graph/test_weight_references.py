import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from pipeline.core.paths import SIMPLIFIED
from pipeline.graph import external_data, onnx_model
from pipeline.graph.session import answer, open_session
from pipeline.graph.weight_references import folder, load_by_reference, set_array, to_array
from pipeline_runs import golden_inputs


def test_large_weights_stay_in_the_file_and_are_read_there(digits):
    whole, referenced = onnx.load(SIMPLIFIED), load_by_reference(SIMPLIFIED)
    assert referenced.ByteSize() < whole.ByteSize() - 4 * 8 * 4 * 9  # the second convolution alone
    for tensor, reference in zip(whole.graph.initializer, referenced.graph.initializer, strict=True):
        np.testing.assert_array_equal(to_array(reference, folder(SIMPLIFIED)), numpy_helper.to_array(tensor))


def test_nothing_but_the_weights_is_left_out(digits):
    whole, referenced = onnx.load(SIMPLIFIED), load_by_reference(SIMPLIFIED)
    for tensor in (*whole.graph.initializer, *referenced.graph.initializer):
        set_array(tensor, to_array(tensor, folder(SIMPLIFIED)))
    assert referenced.SerializeToString(deterministic=True) == whole.SerializeToString(deterministic=True)


def test_a_session_reads_them_from_the_file(digits):
    model = load_by_reference(SIMPLIFIED)
    session = open_session(model.SerializeToString(), weights_folder=folder(SIMPLIFIED))
    for inputs in golden_inputs().values():
        expected = answer(open_session(SIMPLIFIED), inputs)
        for name, got in answer(session, inputs).items():
            np.testing.assert_array_equal(got, expected[name])


def test_a_weight_is_replaced_in_the_session_alone(digits):
    model = load_by_reference(SIMPLIFIED)
    name = next(tensor.name for tensor in model.graph.initializer if tensor.external_data)
    shape = next(list(tensor.dims) for tensor in model.graph.initializer if tensor.name == name)
    zeros = {name: np.zeros(shape, np.float32)}
    inputs = golden_inputs()["rows-7"]
    by_file = answer(open_session(SIMPLIFIED), inputs)["probabilities"]
    replaced = open_session(model.SerializeToString(), weights_folder=folder(SIMPLIFIED), replaced=zeros)
    assert (answer(replaced, inputs)["probabilities"] != by_file).any()
    np.testing.assert_array_equal(answer(open_session(SIMPLIFIED), inputs)["probabilities"], by_file)


def test_a_link_is_followed(digits):
    elsewhere = SIMPLIFIED.with_name("cached")
    SIMPLIFIED.rename(elsewhere)
    SIMPLIFIED.symlink_to(elsewhere.name)
    session = open_session(load_by_reference(SIMPLIFIED).SerializeToString(), weights_folder=folder(SIMPLIFIED))
    assert answer(session, golden_inputs()["rows-1"])


def test_weights_that_are_beside_the_graph_already_are_read_there(tmp_path, monkeypatch):
    monkeypatch.setattr(external_data, "LIMIT", 3000)
    weight = numpy_helper.from_array(np.arange(900, dtype=np.float32).reshape(30, 30), "w")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", 1, ["batch", 30])],
        [helper.make_tensor_value_info("y", 1, ["batch", 30])],
        [weight],
    )
    path = tmp_path / "model.onnx"
    onnx_model.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)
    assert external_data.weights(path).exists()
    (tensor,) = load_by_reference(path).graph.initializer
    np.testing.assert_array_equal(to_array(tensor, folder(path)), numpy_helper.to_array(weight))
    session = open_session(load_by_reference(path).SerializeToString(), weights_folder=folder(path))
    ones = {"x": np.ones((2, 30), np.float32)}
    np.testing.assert_array_equal(answer(session, ones)["y"], answer(open_session(path), ones)["y"])


@pytest.mark.parametrize("size", [1, 255, 256, 257, 5000])
def test_every_length_is_read(size, tmp_path):
    weight = numpy_helper.from_array(np.arange(size, dtype=np.float32), "w")
    graph = helper.make_graph([], "g", [], [helper.make_tensor_value_info("w", 1, [size])], [weight])
    path = tmp_path / "model.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    (tensor,) = load_by_reference(path).graph.initializer
    assert bool(tensor.external_data) == (4 * size > external_data.INLINE)
    np.testing.assert_array_equal(to_array(tensor, tmp_path), numpy_helper.to_array(weight))
