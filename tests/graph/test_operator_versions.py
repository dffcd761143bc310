from pathlib import Path

import onnx
import pytest
from onnx import ModelProto, NodeProto, helper, parser, version_converter

from pipeline.core.errors import PipelineError
from pipeline.graph.operator_versions import check_operators, find_misfits

WHERE = "build/simplified/model.onnx"


def model(opset: int, body: str, inputs: str = "float[b,4] x", more: str = "") -> ModelProto:
    return parser.parse_model(f'<ir_version: 10, opset_import: ["" : {opset}{more}]> g ({inputs}) => (y) {{ {body} }}')


def nowhere(node: NodeProto) -> str:
    return ""


def refusal(graph: ModelProto, locate=nowhere) -> str:
    with pytest.raises(PipelineError) as caught:
        check_operators(graph, WHERE, locate)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("opset", "body", "says"),
    [
        (
            18,
            "y = Gelu(x)",
            "operator Gelu of node 'y' does not fit opset 18: the operator came with opset 20; set export.opset=20 or later, which "
            "onnxruntime 1.17 and later load",
        ),
        (
            17,
            "a = Constant<value_ints=[1]>() y = ReduceMax(x, a)",
            "there it has 1 inputs, and not 2; set export.opset=18 or later",
        ),
        (17, "y = Cast<to=1, saturate=1>(x)", "there it has no attribute 'saturate'; set export.opset=19 or later"),
        (18, "y = ReduceMax<axes=[1]>(x)", "there it has no attribute 'axes'; set export.opset=17 or lower"),
        (
            18,
            "y = Cast(x)",
            "there it needs attribute 'to'; no opset from 16 on has it: set export.exporter to the other of",
        ),
        (18, "y = Cast<to=1.5>(x)", "there attribute 'to' is of type INT and not FLOAT"),
        (18, "y = Upsample<scales=[1.0]>(x)", "the operator was withdrawn with opset 10; no opset from 16 on has it"),
        (
            18,
            "y = NoSuch(x)",
            "ONNX has no such operator; no opset from 16 on has it: set export.exporter to the other",
        ),
        (18, "y, z = Relu(x)", "there it has 1 outputs, and not 2"),
        (18, "y = Concat<axis=0>()", "there it has 1 or more inputs, and not 0"),
        (
            18,
            'p = Constant<value_ints=[0,1,0,1]>() y = Pad<mode="wrap">(x, p)',
            "has no value 'wrap'; set export.opset=19 or later",
        ),
        (17, 'y = ScatterElements<reduction="max">(x, x, x)', "has no value 'max'; set export.opset=18 or later"),
        (20, 'y = GridSample<mode="bilinear">(x, x)', "has no value 'bilinear'; set export.opset=19 or lower"),
    ],
)
def test_a_node_of_another_opset_is_refused_with_the_opset_that_has_it(opset, body, says):
    assert says in refusal(model(opset, body))


@pytest.mark.parametrize(
    ("opset", "body", "inputs", "says"),
    [
        (
            16,
            "y = LpNormalization(x)",
            "bfloat16[b,4] x",
            "there input 'input' is of no type bfloat16; set export.opset=22 or later",
        ),
        (
            13,
            "y = Cast<to=17>(x)",
            "float[b,4] x",
            "there output 'output' is of no type float8e4m3fn; set export.opset=19 or later",
        ),
        (
            18,
            "a = Abs(x) y = Gather(x, a)",
            "float[b,4] x",
            "of node 'y' does not fit opset 18: there input 'indices' is of no type float",
        ),
    ],
)
def test_a_type_that_the_opset_s_operator_does_not_take(opset, body, inputs, says):
    assert says in refusal(model(opset, body, inputs))


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ("y = Clip(x)", ""),
        ('i = Cast<to=7>(x) y = ScatterElements<reduction="max">(x, i, x)', ""),
        ("y = com.microsoft.Gelu(x)", ', "com.microsoft" : 1'),
        ("y = Sum(x, x, x)", ""),
        ("y, _ = Dropout(x)", ""),
    ],
)
def test_what_fits_passes(body, more):
    check_operators(model(20, body, more=more), WHERE, nowhere)


def test_functions_of_the_model_itself_are_no_operators_of_onnx():
    text = """<ir_version: 10, opset_import: ["" : 18, "own" : 1]> g (float[b] x) => (float[b] y) { y = own.Gelu(x) }
        <domain: "own", opset_import: ["" : 17]> Gelu (x) => (y) { y = Mish(x) }"""
    assert [(misfit.node.op_type, misfit.opset) for misfit in find_misfits(parser.parse_model(text))] == [("Mish", 17)]


def test_nested_graphs_are_looked_into():
    body = "y = If(x) <then_branch = t () => (float[b] u) { u = Gelu(x) }, else_branch = e () => (float[b] v) { v = Relu(x) }>"
    assert "operator Gelu of node 'u'" in refusal(model(18, body))


def test_onnx_s_own_domain_has_two_names():
    graph = model(18, "y = ai.onnx.Gelu(x)")
    graph.opset_import[0].domain = "ai.onnx"
    assert "operator Gelu" in refusal(graph)


def test_another_domain_has_opsets_of_its_own():
    graph = model(18, "y = ai.onnx.ml.LabelEncoder(x)", more=', "ai.onnx.ml" : 3')
    keys = helper.make_tensor("keys", onnx.TensorProto.FLOAT, [1], [1.0])
    graph.graph.node[0].attribute.append(helper.make_attribute("keys_tensor", keys))
    said = refusal(graph)
    assert (
        "does not fit opset 3 of ai.onnx.ml: there it has no attribute 'keys_tensor'; opset 4 of ai.onnx.ml has it"
        in said
    )
    assert "export.opset" not in said


def test_the_sentence_says_where_the_node_comes_from_and_how_many_more_there_are():
    said = refusal(model(18, "a = Gelu(x) y = Gelu(a)"), lambda node: "encoder.0 (models/encoder.py:31)")
    assert said.startswith(
        f"{WHERE}: operator Gelu of node 'a', encoder.0 (models/encoder.py:31), does not fit opset 18: "
    )
    assert "came with opset 20 (and 1 more); set" in said


@pytest.mark.parametrize(
    ("opset", "body", "to", "says"),
    [
        (
            19,
            "y = Cast<to=1, saturate=1>(x)",
            18,
            "operator Cast of node 'y' does not fit opset 18: there it has no attribute 'saturate'",
        ),
        (
            18,
            "a = Constant<value_ints=[1]>() y = ReduceMean<noop_with_empty_axes=0>(x, a)",
            17,
            "there it has no attribute 'noop_with_empty_axes'",
        ),
        (
            19,
            'p = Constant<value_ints=[0,1,0,1]>() y = Pad<mode="wrap">(x, p)',
            18,
            "attribute 'mode' has no value 'wrap'",
        ),
    ],
)
def test_onnx_s_converter_leaves_half_converted_graphs(opset, body, to, says):
    graph = model(opset, body)
    for node in graph.graph.node:
        if node.op_type == "Constant":  # which the converter wants as a tensor
            values = list(node.attribute[0].ints)
            tensor = helper.make_tensor("ints", onnx.TensorProto.INT64, [len(values)], values)
            node.attribute[0].CopyFrom(helper.make_attribute("value", tensor))
    check_operators(graph, WHERE, nowhere)
    converted = version_converter.convert_version(graph, to)
    assert converted.opset_import[0].version == to
    assert says in refusal(converted)


def test_weights_beside_the_graph_are_not_needed(tmp_path: Path):
    graph = model(18, "y = Add(x, w)", more="")
    weights = onnx.TensorProto(name="w", data_type=1, dims=[4], data_location=onnx.TensorProto.EXTERNAL)
    weights.external_data.add(key="location", value="gone.data")
    graph.graph.initializer.append(weights)
    check_operators(graph, WHERE, nowhere)
