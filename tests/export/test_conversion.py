import onnx_ir
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from pipeline.export.conversion import find_obstacle, lower_opset
from pipeline.graph import onnx_model
from pipeline.graph.operator_versions import find_misfits

STACK = "pkg.torch.onnx.stack_trace"


def graph(operator: str, *constants: TensorProto, **attributes: object) -> ModelProto:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    node = helper.make_node(operator, ["x", *(tensor.name for tensor in constants)], ["y"], "node", **attributes)
    node.metadata_props.add(key=STACK, value=f'File "{__file__}", line 1, in forward\n    y = work(x)')
    made = helper.make_graph([node], "g", [x], [y], list(constants))
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def ints(*values: int) -> TensorProto:
    return helper.make_tensor("axes", TensorProto.INT64, [len(values)], values)


def lowered(model: ModelProto, opset: int) -> ModelProto:
    lazy = onnx_ir.from_proto(model)
    lower_opset(lazy, opset)
    return onnx_ir.to_proto(lazy)


def test_notes_stay():
    (node,) = [node for node in onnx_model.nodes(lowered(graph("ReduceMax", ints(1)), 17).graph) if "y" in node.output]
    assert [entry.key for entry in node.metadata_props] == [STACK]


def test_an_attribute_at_its_default_that_the_earlier_operator_does_not_know_goes():
    converted = lowered(graph("ReduceMean", ints(1), noop_with_empty_axes=0), 16)
    assert converted.opset_import[0].version == 16
    assert list(find_misfits(converted)) == []


def test_one_that_means_something_stays():
    converted = lowered(graph("ReduceMean", ints(1), noop_with_empty_axes=1), 16)
    assert [misfit.problem for misfit in find_misfits(converted)] == [
        "there it has no attribute 'noop_with_empty_axes'"
    ]


def test_what_cannot_be_converted_stays_as_it_is():
    assert lowered(graph("Mish"), 17).opset_import[0].version == 18


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (graph("Mish"), "onnx converts no Mish to opset 17, since the operator came with opset 18"),
        (
            graph("Pad", ints(0, 1, 0, 1), mode="wrap"),
            "onnx converts no Pad to opset 17, since there attribute 'mode' has no value",
        ),
        (graph("Pad", ints(0, 1, 0, 1)), "onnx converts no Pad to opset 17"),
    ],
)
def test_the_operator_that_holds_a_graph_back_is_named_with_its_line(model, says):
    said = find_obstacle(model, 17)
    assert said.startswith("tests/export/test_conversion.py, line 1 (")
    assert says in said


def test_a_reason_without_an_operator_s_name_is_repeated():
    indices = numpy_helper.from_array(numpy_helper.to_array(ints(0)).reshape(1, 1), "i")
    model = graph("ScatterElements", indices, reduction="max")
    model.graph.node[0].input.append("x")
    assert (
        find_obstacle(model, 17) == "Scatter reduction 'max' and 'min' are not supported when downgrading to opset 17"
    )


def test_nothing_holds_back_what_can_be_converted():
    assert find_obstacle(graph("Relu"), 17) == ""
