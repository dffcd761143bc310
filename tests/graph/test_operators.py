import pytest
from onnx import FunctionProto, ModelProto, TensorProto, helper

from pipeline.graph.operators import OperatorUse, list_operators, read_requirements


def port(name: str, element: int = TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, element, [2])


def model(*nodes, opset: int = 20, output: int = TensorProto.FLOAT, **changes) -> ModelProto:
    graph = helper.make_graph(list(nodes), "g", [port("x")], [port("y", output)])
    opsets = [helper.make_opsetid("ai.onnx", opset), helper.make_opsetid("mine", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9, **changes)


def test_what_a_graph_asks_for():
    graph = read_requirements(model(helper.make_node("Abs", ["x"], ["y"])))
    assert (graph.ir, graph.opsets, [use.operator for use in graph.operators]) == (9, {"": 20, "mine": 3}, ["Abs"])


@pytest.mark.parametrize(
    ("operator", "domain", "opset", "since"),
    [("Abs", "", 20, 13), ("Abs", "", 12, 6), ("Gelu", "", 20, 20), ("Gelu", "", 17, 20), ("Foo", "mine", 20, 3)],
)
def test_the_version_of_an_operator_is_the_one_that_the_opset_means(operator, domain, opset, since):
    (use,) = list_operators(model(helper.make_node(operator, ["x"], ["y"], domain=domain), opset=opset))
    assert (use.opset, use.since) == (3 if domain else opset, since)


def test_types_have_the_names_of_parameters_inputs_and_outputs():
    (use,) = list_operators(
        model(helper.make_node("Cast", ["x"], ["y"], to=TensorProto.INT64), output=TensorProto.INT64)
    )
    assert use.types == {"T1": "float", "input": "float", "T2": "int64", "output": "int64"}


def test_types_of_values_between_are_inferred():
    nodes = helper.make_node("Cast", ["x"], ["h"], to=TensorProto.DOUBLE), helper.make_node("Gelu", ["h"], ["y"])
    assert list_operators(model(*nodes, output=TensorProto.DOUBLE))[1].types["T"] == "double"


def test_a_graph_whose_types_contradict_each_other_is_listed_all_the_same():
    nodes = helper.make_node("Abs", ["x"], ["h"]), helper.make_node("Abs", ["h"], ["y"])
    uses = list_operators(model(*nodes, output=TensorProto.DOUBLE))
    assert [use.value for use in uses] == ["h", "y"]


def test_nodes_of_nested_graphs_are_listed():
    branch = helper.make_graph([helper.make_node("Abs", ["x"], ["b"])], "b", [], [port("b")])
    nodes = [
        helper.make_node("ReduceMax", ["x"], ["m"], keepdims=0),
        helper.make_node("Cast", ["m"], ["c"], to=TensorProto.BOOL),
        helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch),
    ]
    uses = list_operators(model(*nodes))
    assert [use.operator for use in uses] == ["ReduceMax", "Cast", "If", "Abs", "Abs"]
    assert uses[3].types["T"] == "float"


def function(operator: str) -> FunctionProto:
    body = [helper.make_node(operator, ["a"], ["b"])]
    return helper.make_function("mine", "Foo", ["a"], ["b"], body, [helper.make_opsetid("", 18)])


def test_of_a_function_that_the_model_brings_its_body_counts():
    uses = list_operators(model(helper.make_node("Foo", ["x"], ["y"], domain="mine"), functions=[function("Mish")]))
    assert [(use.operator, use.opset) for use in uses] == [("Mish", 18)]


@pytest.mark.parametrize(
    ("use", "text"),
    [
        (OperatorUse("n", "v", "", "Gelu", 20, 20, {}), "Gelu-20 of node 'n'"),
        (OperatorUse("", "v", "com.microsoft", "Gelu", 1, 1, {}), "com.microsoft.Gelu-1 of 'v'"),
    ],
)
def test_as_in_a_sentence(use, text):
    assert str(use) == text
