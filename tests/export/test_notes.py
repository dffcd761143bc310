"""What exporters note of a node: module, class, operator, and the line that a person means."""

import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto
from torch import nn

from pipeline.core.node_sources import NodeSource
from pipeline.export import notes
from pipeline.export.adapter import Adapter
from pipeline.export.exporters import Exported, ExportRequest, export
from pipeline.export.unsupported import find_line
from pipeline.graph import onnx_model

PACKAGES = Path(sys.prefix) / "lib" / "site-packages"


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 3), nn.ReLU())

    def forward(self, x):
        return self.layers(x) * 2


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block = Block()

    def forward(self, x):
        return self.block(x).sigmoid()


@pytest.fixture(params=["dynamo", "tracer"])
def exported(request, tmp_path) -> Exported:
    asked = ExportRequest({"x": np.ones((2, 3), np.float32)}, {"y": ["batch", 3]}, {"x": {0: "batch"}}, 20, tmp_path)
    return export(request.param, Adapter(Net(), ["x"], {"x": 0}, []).eval(), asked)


@pytest.fixture
def model(exported) -> ModelProto:
    return exported.model


@pytest.fixture
def sources(model) -> dict[str, NodeSource]:
    """By the operator of the node."""
    by_value = notes.read_sources(model)
    return {node.op_type: by_value[node.output[0]] for node in model.graph.node if node.op_type != "Constant"}


def test_modules_are_below_the_users_network(sources):
    assert {operator: source.module for operator, source in sources.items()} == {
        "Gemm": "block.layers.0",
        "Relu": "block.layers.1",
        "Mul": "block",
        "Sigmoid": "",
    }


def test_classes_are_those_of_the_modules(sources):
    assert sources["Relu"].module_class == "torch.nn.modules.activation.ReLU"


def test_the_line_is_the_innermost_of_the_project(sources):
    lines = Path(__file__).read_text().splitlines()
    assert lines[sources["Gemm"].line - 1].strip() == "return self.layers(x) * 2"


def test_the_line_is_given_with_its_text(model):
    node = next(node for node in model.graph.node if node.op_type == "Mul")
    assert find_line(node).endswith("(`return self.layers(x) * 2`)")


def test_what_called_the_pipeline_is_in_no_note_of_the_tracer(empty):
    called = "\n".join(f"{file}(1): f" for file in (empty / "net.py", notes.__file__, empty / "caller.py"))
    model = ModelProto()
    model.graph.node.add(name="/network/Mul", op_type="Mul", output=["y"], doc_string=called)
    notes.note_modules(model, Adapter(Net(), ["x"], {"x": 0}, []))
    stack = next(entry.value for entry in model.graph.node[0].metadata_props if entry.key == notes.STACK)
    assert "net.py" in stack
    assert "caller.py" not in stack


def test_a_value_without_a_note_has_no_source(model):
    for node in model.graph.node:
        node.ClearField("metadata_props")
    assert notes.read_sources(model) == {}


def test_nothing_is_left_in_the_graph(model):
    notes.strip(model)
    assert b".py" not in model.SerializeToString()


def test_a_size_is_that_of_the_graph_without_notes(model):
    size = notes.count_without_notes(model)
    notes.strip(model)
    assert size == onnx_model.count(model)


def test_counting_leaves_the_notes(model):
    before = [(node.doc_string, list(node.metadata_props)) for node in onnx_model.nodes(model.graph)]
    notes.count_without_notes(model)
    assert [(node.doc_string, list(node.metadata_props)) for node in onnx_model.nodes(model.graph)] == before


def test_the_size_that_is_reported_does_not_depend_on_where_the_project_lies(exported):
    assert exported.before_folding["bytes"] < 2_000 < exported.model.ByteSize()


def test_dynamo_names_the_operator(model, sources):
    operator = sources["Sigmoid"].operator
    assert operator == ("aten.sigmoid.default" if model.graph.node[0].output[0] == "linear" else "")


@pytest.mark.parametrize(
    ("module_class", "chosen"),
    [
        # Innermost first: torch, a library, the project.
        ("torch.nn.modules.linear.Linear", ("models/net.py", 7)),
        ("transformers.models.bert.BertLayer", ("transformers/models/bert.py", 5)),
        ("models.net.Net", ("models/net.py", 7)),
    ],
)
def test_the_line_is_in_the_code_of_the_modules_own_library(module_class, chosen, empty):
    frames = [
        (str(PACKAGES / "torch/nn/modules/linear.py"), 3),
        (str(PACKAGES / "transformers/models/bert.py"), 5),
        (str(empty / "models/net.py"), 7),
        (notes.__file__, 9),
    ]
    assert notes.choose_frame(frames, module_class) == chosen


def test_a_library_is_named_where_there_is_no_line_of_the_project():
    frames = [(str(PACKAGES / "torch/nn/functional.py"), 3), (str(PACKAGES / "timm/layers.py"), 5)]
    assert notes.choose_frame(frames, "torch.nn.modules.linear.Linear") == ("timm/layers.py", 5)


def test_what_carries_the_network_is_no_line_of_it():
    assert notes.choose_frame([(notes.__file__, 9), (str(PACKAGES / "torch/jit/_trace.py"), 3)], "a.B") is None
