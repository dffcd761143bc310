import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from pipeline.core.errors import PipelineError
from pipeline.graph import onnx_model


def value(name, kind=TensorProto.FLOAT, shape=("batch", 2)):
    return helper.make_tensor_value_info(name, kind, list(shape))


def model(nodes, inputs=(), outputs=(), initializers=()):
    made = helper.make_graph(list(nodes), "g", list(inputs), list(outputs), list(initializers))
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def number(name, *values):
    return numpy_helper.from_array(np.array(values, np.float32), name)


@pytest.fixture
def nested():
    """If(x > 1: y = c + 1, else y = x), with three nodes whose inputs are all known."""
    then = helper.make_graph([helper.make_node("Add", ["c", "one"], ["t"])], "then", [], [value("t", shape=(1,))])
    other = helper.make_graph([helper.make_node("Identity", ["x"], ["e"])], "else", [], [value("e", shape=(1,))])
    nodes = [
        helper.make_node("Constant", [], ["one"], value_float=1.0),
        helper.make_node("Add", ["w", "one"], ["c"]),
        helper.make_node("Mul", ["c", "c"], ["d"]),
        helper.make_node("RandomNormal", [], ["noise"], shape=[1]),
        helper.make_node("Clip", ["w", "", "d"], ["limited"]),
        helper.make_node("Greater", ["x", "limited"], ["more"]),
        helper.make_node("If", ["more"], ["y"], then_branch=then, else_branch=other),
    ]
    return model(nodes, [value("x", shape=(1,))], [value("y", shape=(1,))], [number("w", 1)])


def test_count(nested):
    assert onnx_model.count(nested) == {
        "nodes": 9,
        "ops": {"Add": 2, "Clip": 1, "Constant": 1, "Greater": 1, "Identity": 1, "If": 1, "Mul": 1, "RandomNormal": 1},
        "initializers": 1,
        "foldable": 3,
        "bytes": nested.ByteSize(),
    }


def test_the_commonest_op_comes_first():
    chain = [helper.make_node(op, [f"v{i}"], [f"v{i + 1}"]) for i, op in enumerate(["Neg", "Relu", "Neg", "Abs"])]
    assert list(onnx_model.count(model(chain))["ops"]) == ["Neg", "Abs", "Relu"]


def test_round_trip(nested, tmp_path):
    onnx_model.save(nested, tmp_path / "m.onnx")
    assert onnx_model.load(tmp_path / "m.onnx", "export") == nested


def test_missing(tmp_path):
    with pytest.raises(PipelineError, match=r"m\.onnx is missing: it is written by `python -m pipeline export`"):
        onnx_model.load(tmp_path / "m.onnx", "export")


@pytest.mark.parametrize("content", [b"", b"not a model at all", b"\x08", b"\x3a\xff\x01"])
def test_damaged(content, tmp_path):
    (tmp_path / "m.onnx").write_bytes(content)
    with pytest.raises(
        PipelineError, match=r"got a damaged or truncated file; make it again with `python -m pipeline ex"
    ):
        onnx_model.load(tmp_path / "m.onnx", "export")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_truncated(share, nested, tmp_path):
    content = nested.SerializeToString()
    (tmp_path / "m.onnx").write_bytes(content[: int(len(content) * share)])
    with pytest.raises(PipelineError, match="got a damaged or truncated file"):
        onnx_model.load(tmp_path / "m.onnx", "export")


def test_a_good_graph_is_taken(nested):
    assert onnx_model.check(nested, "here") is None


def test_the_checker_s_refusal_is_one_line(nested):
    nested.graph.node[1].op_type = "NoSuchOp"
    with pytest.raises(PipelineError, match=r"^here: the ONNX checker refuses the graph: .*NoSuchOp") as caught:
        onnx_model.check(nested, "here")
    assert "\n" not in str(caught.value)


def test_a_shape_that_contradicts_is_refused():
    bad = model([helper.make_node("Identity", ["x"], ["y"])], [value("x", shape=(3, 2))], [value("y", shape=(4, 2))])
    with pytest.raises(PipelineError, match="here: the ONNX checker refuses the graph"):
        onnx_model.check(bad, "here")


def test_metadata():
    made = onnx.ModelProto()
    made.metadata_props.add(key="name", value="digits")
    assert onnx_model.metadata(made) == {"name": "digits"}
