import pytest

from pipeline.core.node_sources import NodeSource
from pipeline.graph.operators import OperatorUse, Requirements
from pipeline.runtimes.refusal import explain_format, explain_refusal

START = "model.onnx: onnxruntime 1.17.3 (opset up to 20, IR up to 9) refuses the model: [ONNXRuntimeError] : {} : Load model from model.onnx failed:"
NEITHER = "ONNX Runtime only *guarantees* support for models stamped with official released onnx opset versions. Opset 23 is under development"
PLACE = "/onnxruntime_src/onnxruntime/core/graph/model.cc:149 onnxruntime::Model::Model(onnx::ModelProto&&, const Options&) "
SOURCES = {"v": NodeSource(module="layers.0", module_class="Block", operator="", file="models/net.py", line=7)}


def use(
    operator: str, since: int, types: dict[str, str] | None = None, domain: str = "", opset: int = 23
) -> OperatorUse:
    return OperatorUse("node_1", "v", domain, operator, opset, since, types or {"T": "float"})


def graph(*uses: OperatorUse, opset: int = 20, ir: int = 9) -> Requirements:
    return Requirements(ir, {"": opset}, [OperatorUse("other", "w", "", "Abs", 20, 13, {}), *uses])


def missing(operator: str, node: str = "node_1") -> str:
    return f"[ONNXRuntimeError] : 9 : NOT_IMPLEMENTED : Could not find an implementation for {operator}(1) node with name '{node}'"


@pytest.mark.parametrize("node", ["node_1", ""])
def test_an_operator_that_came_later_gets_node_line_and_first_version(node):
    said = explain_refusal("1.17.3", missing("RMSNormalization", node), graph(use("RMSNormalization", 23)), SOURCES)
    assert said == (
        "onnxruntime 1.17.3 has no RMSNormalization-23 of node 'node_1', made by layers.0 (models/net.py:7); 1.23 is the first that has "
        "it: set target=onnxruntime-1.23, or write it with older operators"
    )


@pytest.mark.parametrize(
    "error",
    [
        'failed:This is an invalid model. In Node, ("node_1", Gelu, "", -1) : ("x") , Error No Op registered for Gelu with domain_version of 20',
        "Load model from ms.onnx failed:Fatal error: com.microsoft:Gelu(-1) is not a registered function/op",
        "Failed to find kernel for Gelu(20) (node:'node_1' ep:'CPUExecutionProvider'). Kernel not found",
        "Type Error: Type 'tensor(int8)' of input parameter (x) of operator (Gelu) in node (node_1) is invalid.",
    ],
)
def test_the_ways_in_which_it_names_an_operator(error):
    said = explain_refusal("1.16.3", error, graph(use("Gelu", 20)), {})
    assert said.startswith("onnxruntime 1.16.3 has no Gelu-20 of node 'node_1'; 1.17 is the first")


def test_a_type_without_a_kernel():
    said = explain_refusal("1.31.1", missing("Add"), graph(use("Add", 14, {"T": "bool", "A": "bool"})), {})
    assert said == "onnxruntime 1.31.1 has no Add-14 of node 'node_1'; not for bool: use another type there"


def test_an_operator_that_none_has():
    said = explain_refusal("1.31.1", missing("ImageDecoder"), graph(use("ImageDecoder", 20)), {})
    assert said == (
        "onnxruntime 1.31.1 has no ImageDecoder-20 of node 'node_1'; no onnxruntime up to 1.32 has it: write it with other operators"
    )


def test_an_operator_of_a_domain_of_one_s_own():
    error = "Fatal error: mine:Foo(-1) is not a registered function/op"
    said = explain_refusal("1.31.1", error, graph(use("Foo", 1, domain="mine", opset=1)), {})
    assert said.endswith("has no mine.Foo-1 of node 'node_1'; the domain 'mine' is none of onnxruntime's own")


def test_an_operator_that_came_after_the_graph_s_opset():
    said = explain_refusal("1.31.1", missing("Gelu"), graph(use("Gelu", 20, opset=17)), {})
    assert said.endswith("it came with opset 20, the graph has 17; set export.opset=20 or higher")


def test_what_an_operator_is_spelled_out_in():
    said = explain_refusal("1.31.1", missing("Erf", ""), graph(use("Gelu", 20)), {})
    assert said == "onnxruntime 1.31.1 cannot run what an operator of the graph stands for: it has no Erf for its types"


@pytest.mark.parametrize("error", [NEITHER, "Unsupported model IR version: 11, max supported IR version: 9"])
def test_a_format_that_is_too_new(error):
    said = explain_refusal("1.17.3", START.format("1 : FAIL") + PLACE + error, graph(opset=23, ir=11), {})
    assert said == (
        "onnxruntime 1.17.3 takes IR version 9 at most, the graph has 11: 1.23 is the first that takes it; "
        "onnxruntime 1.17.3 takes opset 20 at most, the graph has 23: 1.23 is the first that takes it"
    )


def test_a_format_that_none_takes():
    assert list(explain_format("1.17", graph(opset=99))) == [
        "onnxruntime 1.17 takes opset 20 at most, the graph has 99: nor does any other up to 1.32"
    ]


def test_opsets_of_other_domains_are_named():
    newer = Requirements(8, {"": 17, "ai.onnx.ml": 5, "mine": 7}, [])
    assert list(explain_format("1.16", newer)) == [
        "onnxruntime 1.16 takes opset 3 of ai.onnx.ml at most, the graph has 5: 1.18 is the first that takes it"
    ]


def test_what_else_it_says_loses_codes_and_places_in_its_source():
    said = explain_refusal("1.17.3", START.format("1 : FAIL") + PLACE + "The moon is full.", graph(), {})
    assert said == "onnxruntime 1.17.3 refuses the model: The moon is full."


def test_a_version_that_the_table_does_not_know_is_quoted():
    assert explain_refusal("1.99.0", NEITHER, graph(), {}) == f"onnxruntime 1.99.0 refuses the model: {NEITHER}"
