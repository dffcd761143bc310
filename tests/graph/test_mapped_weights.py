import numpy as np
import onnx
import pytest
from google.protobuf.message import DecodeError
from onnx import ModelProto, helper, numpy_helper
from onnx.external_data_helper import ExternalDataInfo

from pipeline.core.errors import PipelineError
from pipeline.core.paths import SIMPLIFIED
from pipeline.graph import external_data, mapped_weights, onnx_model

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
    assert without_weights(mapped_weights.read_graph(saved)) == without_weights(onnx.load(saved))


def test_a_weight_is_where_the_graph_says(saved):
    tensor = mapped_weights.read_graph(saved).graph.initializer[0]
    place = ExternalDataInfo(tensor)
    assert place.location == "model.onnx"
    assert saved.read_bytes()[place.offset : place.offset + place.length] == WEIGHTS.tobytes()


def test_a_small_weight_stays_in_the_graph(saved):
    assert (numpy_helper.to_array(mapped_weights.read_graph(saved).graph.initializer[1]) == WEIGHTS[0]).all()


@pytest.mark.parametrize("length", range(1, 200, 7))
def test_a_truncated_file_is_never_a_whole_one(length, saved):
    saved.write_bytes(saved.read_bytes()[:-length])
    with pytest.raises(DecodeError):
        mapped_weights.read_graph(saved)


@pytest.mark.parametrize(
    "content", [b"\x3a\xff\xff\xff\xff\x7f", b"\xff" * 20, b"\x0f", b"\x3a\x02\x2a\x7f", b"\x09\x00"]
)
def test_what_is_no_protobuf_is_said(content, tmp_path):
    (tmp_path / "m.onnx").write_bytes(content)
    with pytest.raises(DecodeError):
        mapped_weights.read_graph(tmp_path / "m.onnx")


def test_a_large_file_is_read_so(saved, monkeypatch):
    assert not external_data.outside(onnx_model.load_graph(saved, "export"))
    monkeypatch.setattr(mapped_weights, "LARGE", 100)
    assert len(external_data.outside(onnx_model.load_graph(saved, "export"))) == 1


def test_a_large_file_that_is_damaged_is_explained(saved, monkeypatch):
    monkeypatch.setattr(mapped_weights, "LARGE", 100)
    saved.write_bytes(saved.read_bytes()[:-50])
    with pytest.raises(PipelineError, match=r"model\.onnx: expected an ONNX model, got a damaged or truncated file"):
        onnx_model.load_graph(saved, "export")


def test_a_large_graph_is_validated_as_a_small_one(digits, passes, monkeypatch):
    said = passes("validate")
    monkeypatch.setattr(mapped_weights, "LARGE", 100)
    monkeypatch.setattr(mapped_weights, "INLINE", 100)
    assert external_data.outside(onnx_model.load_graph(SIMPLIFIED, "simplify"))
    assert passes("validate") == said
