import numpy as np
import onnx
import pytest
from google.protobuf.message import DecodeError
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnx.external_data_helper import ExternalDataInfo, uses_external_data

from pipeline.core.errors import PipelineError
from pipeline.core.paths import SIMPLIFIED
from pipeline.graph import external_data, onnx_model
from pipeline.graph.mapped_weights import folder, read_graph, set_array, to_array
from pipeline.graph.session import answer, open_session
from pipeline_runs import golden_inputs

WEIGHTS = np.random.default_rng(0).normal(size=(20, 30)).astype(np.float32)


@pytest.fixture
def saved(tmp_path):
    """A file with a large weight, a small one, and metadata."""
    ports = [helper.make_tensor_value_info(name, 1, ["batch", size]) for name, size in (("x", 20), ("y", 30))]
    tensors = [numpy_helper.from_array(WEIGHTS, "w"), numpy_helper.from_array(WEIGHTS[0], "b")]
    graph = helper.make_graph([helper.make_node("Gemm", ["x", "w", "b"], ["y"])], "g", ports[:1], ports[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    model.metadata_props.add(key="name", value="é")
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    return path


def without_weights(model: ModelProto) -> ModelProto:
    stripped = ModelProto()
    stripped.CopyFrom(model)
    for tensor in stripped.graph.initializer:
        for field in ("raw_data", "external_data", "data_location"):
            tensor.ClearField(field)
    return stripped


def test_everything_but_the_weights_is_read(saved):
    assert without_weights(read_graph(saved)) == without_weights(onnx.load(saved))


def test_a_weight_is_where_the_graph_says(saved):
    tensor = read_graph(saved).graph.initializer[0]
    place = ExternalDataInfo(tensor)
    assert place.location == "model.onnx"
    assert saved.read_bytes()[place.offset : place.offset + place.length] == WEIGHTS.tobytes()


def test_a_small_weight_stays_in_the_graph(saved):
    assert (numpy_helper.to_array(read_graph(saved).graph.initializer[1]) == WEIGHTS[0]).all()


@pytest.mark.parametrize("length", range(1, 200, 7))
def test_a_truncated_file_is_never_a_whole_one(length, saved):
    saved.write_bytes(saved.read_bytes()[:-length])
    with pytest.raises(DecodeError):
        read_graph(saved)


@pytest.mark.parametrize(
    "content", [b"\x3a\xff\xff\xff\xff\x7f", b"\xff" * 20, b"\x0f", b"\x3a\x02\x2a\x7f", b"\x09\x00"]
)
def test_what_is_no_protobuf_is_said(content, tmp_path):
    (tmp_path / "m.onnx").write_bytes(content)
    with pytest.raises(DecodeError):
        read_graph(tmp_path / "m.onnx")


def test_a_damaged_file_is_explained(saved):
    saved.write_bytes(saved.read_bytes()[:-50])
    with pytest.raises(PipelineError, match=r"model\.onnx: expected an ONNX model, got a damaged or truncated file"):
        onnx_model.load_graph(saved, "export")


def test_a_graph_that_is_a_link_is_whole(saved):
    saved.rename(saved.with_name("cached"))
    saved.symlink_to("cached")
    assert len(external_data.outside(onnx_model.load_graph(saved, "export"))) == 1


@pytest.mark.parametrize("type_", [TensorProto.UINT4, TensorProto.BFLOAT16, TensorProto.DOUBLE, TensorProto.BOOL])
def test_values_of_any_type_are_read(type_, tmp_path):
    numbers = np.arange(3000) % 2
    tensor = numpy_helper.from_array(numbers.astype(helper.tensor_dtype_to_np_dtype(type_)), "w")
    graph = helper.make_graph([], "g", [], [helper.make_tensor_value_info("w", type_, [3000])], [tensor])
    path = tmp_path / "model.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    (read,) = read_graph(path).graph.initializer
    assert uses_external_data(read)
    np.testing.assert_array_equal(to_array(read, tmp_path).astype(int), numbers)


def test_values_in_a_file_cannot_be_written_to(saved):
    (tensor, _) = read_graph(saved).graph.initializer
    assert not to_array(tensor, folder(saved)).flags.writeable


def test_large_weights_stay_in_the_file_and_are_read_there(digits):
    whole, referenced = onnx.load(SIMPLIFIED), read_graph(SIMPLIFIED)
    assert referenced.ByteSize() < whole.ByteSize() - 4 * 8 * 4 * 9  # the second convolution alone
    for tensor, reference in zip(whole.graph.initializer, referenced.graph.initializer, strict=True):
        np.testing.assert_array_equal(to_array(reference, folder(SIMPLIFIED)), numpy_helper.to_array(tensor))


def test_nothing_but_the_weights_is_left_out(digits):
    whole, referenced = onnx.load(SIMPLIFIED), read_graph(SIMPLIFIED)
    for tensor in (*whole.graph.initializer, *referenced.graph.initializer):
        set_array(tensor, to_array(tensor, folder(SIMPLIFIED)))
    assert referenced.SerializeToString(deterministic=True) == whole.SerializeToString(deterministic=True)


def test_a_session_reads_them_from_the_file(digits):
    model = read_graph(SIMPLIFIED)
    session = open_session(model.SerializeToString(), weights_folder=folder(SIMPLIFIED))
    for inputs in golden_inputs().values():
        expected = answer(open_session(SIMPLIFIED), inputs)
        for name, got in answer(session, inputs).items():
            np.testing.assert_array_equal(got, expected[name])


def test_a_weight_is_replaced_in_the_session_alone(digits):
    model = read_graph(SIMPLIFIED)
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
    session = open_session(read_graph(SIMPLIFIED).SerializeToString(), weights_folder=folder(SIMPLIFIED))
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
    (tensor,) = read_graph(path).graph.initializer
    np.testing.assert_array_equal(to_array(tensor, folder(path)), numpy_helper.to_array(weight))
    session = open_session(read_graph(path).SerializeToString(), weights_folder=folder(path))
    ones = {"x": np.ones((2, 30), np.float32)}
    np.testing.assert_array_equal(answer(session, ones)["y"], answer(open_session(path), ones)["y"])


@pytest.mark.parametrize("size", [1, 255, 256, 257, 5000])
def test_every_length_is_read(size, tmp_path):
    weight = numpy_helper.from_array(np.arange(size, dtype=np.float32), "w")
    graph = helper.make_graph([], "g", [], [helper.make_tensor_value_info("w", 1, [size])], [weight])
    path = tmp_path / "model.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    (tensor,) = read_graph(path).graph.initializer
    assert bool(tensor.external_data) == (4 * size > external_data.INLINE)
    np.testing.assert_array_equal(to_array(tensor, tmp_path), numpy_helper.to_array(weight))
