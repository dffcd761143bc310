import onnx
import pytest
from onnx import FunctionProto, ModelProto, NodeProto, TensorProto, helper

from pipeline.core.errors import PipelineError
from pipeline.graph.ir_version import set_ir_version
from pipeline.graph.session import open_session

WHERE = "build/exported/model.onnx"


def graph(*weights: TensorProto) -> ModelProto:
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch"]) for name in "xy")
    node = helper.make_node("Relu", ["x"], ["y"], "relu")
    made = helper.make_graph([node], "g", [x], [y], list(weights))
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


@pytest.fixture
def noted() -> ModelProto:
    """With notes wherever IR version 10 allows them."""
    model = graph(helper.make_tensor("w", TensorProto.FLOAT, [1], [1.0]))
    nested = helper.make_graph([helper.make_node("Relu", ["x"], ["z"])], "nested", [], [])
    model.graph.node.append(helper.make_node("If", ["c"], ["u"], then_branch=nested, else_branch=nested))
    parts = [model, model.graph, *model.graph.node, *model.graph.initializer, *model.graph.input]
    parts += [attribute.g.node[0] for attribute in model.graph.node[1].attribute]
    for part in parts:
        part.metadata_props.add(key="note", value="n")
    return model


def test_the_graph_says_it(noted):
    set_ir_version(noted, 9, WHERE)
    assert noted.ir_version == 9


def test_notes_on_what_is_in_the_model_came_with_10(noted):
    set_ir_version(noted, 9, WHERE)
    assert noted.SerializeToString().count(b"note") == 1
    assert [entry.key for entry in noted.metadata_props] == ["note"]


def test_notes_stay_from_10_on(noted):
    before = noted.SerializeToString(deterministic=True)
    set_ir_version(noted, 10, WHERE)
    assert noted.SerializeToString(deterministic=True) == before


@pytest.mark.parametrize("ir", [8, 9, 10, 11])
def test_the_checker_and_the_runtime_take_it(ir):
    model = graph()
    model.graph.node[0].metadata_props.add(key="note", value="n")
    set_ir_version(model, ir, WHERE)
    onnx.checker.check_model(model, full_check=True)
    assert open_session(model.SerializeToString()).get_outputs()


@pytest.mark.parametrize(
    ("kind", "version"),
    [
        ("FLOAT8E4M3FN", 9),
        ("FLOAT8E4M3FNUZ", 9),
        ("FLOAT8E5M2", 9),
        ("FLOAT8E5M2FNUZ", 9),
        ("INT4", 10),
        ("UINT4", 10),
        ("FLOAT4E2M1", 11),
        ("FLOAT8E8M0", 12),
        ("INT2", 13),
        ("UINT2", 13),
    ],
)
def test_a_weight_of_a_later_type_is_refused(kind, version):
    model = graph(TensorProto(name="w", data_type=TensorProto.DataType.Value(kind), dims=[1]))
    set_ir_version(model, version, WHERE)
    with pytest.raises(PipelineError) as caught:
        set_ir_version(model, version - 1, WHERE)
    assert str(caught.value).startswith(
        f"{WHERE}: expected nothing later than IR version {version - 1}, got type {kind} of 'w', which came with IR version {version}: "
        f"set export.ir_version={version}, and a target that loads it (onnxruntime 1."
    )


def test_a_value_of_a_later_type_is_refused():
    model = graph()
    model.graph.value_info.append(helper.make_tensor_value_info("v", TensorProto.INT4, [1]))
    with pytest.raises(PipelineError, match="got type INT4 of 'v'"):
        set_ir_version(model, 9, WHERE)


def overloaded(model: ModelProto) -> None:
    model.graph.node[0].overload = "other"


def overloading(model: ModelProto) -> None:
    model.functions.append(FunctionProto(name="f", overload="other"))


def configured(model: ModelProto) -> None:
    model.configuration.add().name = "two"


def placed(model: ModelProto) -> None:
    model.graph.node[0].device_configurations.add()


def with_defaults(model: ModelProto) -> None:
    model.functions.append(FunctionProto(name="f", attribute_proto=[helper.make_attribute("a", 1)]))


@pytest.mark.parametrize(
    ("edit", "version", "says"),
    [
        (with_defaults, 9, "attribute_proto of FunctionProto of 'f'"),
        (overloaded, 10, "overload of NodeProto of 'relu'"),
        (overloading, 10, "overload of FunctionProto of 'f'"),
        (configured, 11, "configuration of ModelProto"),
        (placed, 11, "device_configurations of NodeProto of 'relu'"),
    ],
)
def test_a_field_that_came_later_is_refused(edit, version, says):
    model = graph()
    edit(model)
    set_ir_version(model, version, WHERE)
    with pytest.raises(PipelineError, match=f"got {says}, which came with IR version {version}"):
        set_ir_version(model, version - 1, WHERE)


def test_every_type_that_onnx_has_is_known():
    """A type that a later onnx brings shows here, and belongs into the table."""
    assert max(TensorProto.DataType.values()) == TensorProto.FLOAT6E3M2


def test_every_field_of_a_node_is_known():
    fields = {field.name for field in NodeProto.DESCRIPTOR.fields}
    assert fields - {"input", "output", "name", "op_type", "domain", "attribute", "doc_string"} == {
        "overload",
        "metadata_props",
        "device_configurations",
    }
