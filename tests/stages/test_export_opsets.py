"""Opset and IR version of what export and simplify write, and what a target has to do with it."""

import pytest

from pipeline.core.contract import load_contract
from pipeline.core.paths import EXPORTED, SIMPLIFIED
from pipeline.graph import onnx_model


@pytest.mark.parametrize("opset", [16, 18, 22, 26])
def test_every_opset_is_reached(opset, linear, configure, passes):
    configure(f"export.opset={opset}")
    passes("export")
    assert [entry.version for entry in onnx_model.load(EXPORTED, "export").opset_import if entry.domain == ""] == [
        opset
    ]
    assert load_contract().opset == opset


def test_an_opset_that_the_exporter_cannot_reach(exporting, fails):
    exporting("return nn.functional.pad(self.linear(input), (1, 1))", "export.opset=16", "export.exporter=dynamo")
    said = fails("export")
    assert "expected opset 16 (export.opset), got 18: torch's dynamo exporter cannot convert this graph" in said
    assert "use export.opset=18" in said


@pytest.mark.parametrize(
    ("overrides", "versions"),
    [
        (("target=onnxruntime-1.16",), (19, 9)),
        (("target=onnxruntime-1.17",), (20, 9)),
        (("target=onnxruntime-1.18",), (20, 10)),
        (("export.ir_version=9",), (20, 9)),
        (("export.opset=17", "export.ir_version=8"), (17, 8)),
        (("export.ir_version=9", "export.exporter=tracer"), (20, 9)),
    ],
)
def test_the_graph_fits_the_target(overrides, versions, linear, configure, passes):
    configure(*overrides)
    for stage in ("export", "simplify"):
        passes(stage)
    graphs = [onnx_model.load(path, "export") for path in (EXPORTED, SIMPLIFIED)]
    assert [(graph.opset_import[0].version, graph.ir_version) for graph in graphs] == [versions] * 2
    assert (load_contract().opset, load_contract().ir_version) == versions


def test_nothing_later_than_its_ir_version_is_in_the_graph(linear, configure, passes):
    configure("export.ir_version=9")
    passes("export")
    made = onnx_model.load(EXPORTED, "export")
    assert [len(part.metadata_props) for part in (made.graph, *made.graph.node, *made.graph.initializer)] == [
        0,
        0,
        0,
        0,
    ]
    assert onnx_model.metadata(made)["name"] == "linear"


def test_a_half_converted_graph_is_refused_with_the_line(exporting, fails):
    """torch writes `wrap` into a graph of opset 18; it came with 19."""
    exporting(
        "return nn.functional.pad(self.linear(input)[:, None], (1, 1), mode='circular')[:, 0]",
        "export.opset=18",
        "export.exporter=dynamo",
    )
    said = fails("export")
    assert "operator Pad of node 'node_pad', " in said
    assert "does not fit opset 18: there attribute 'mode' has no value 'wrap'; set export.opset=19 or later" in said


def test_an_operator_that_holds_the_graph_back_is_named(exporting, fails):
    exporting("return nn.functional.mish(self.linear(input))", "export.opset=17", "export.exporter=dynamo")
    assert "onnx converts no Mish to opset 17, since the operator came with opset 18); use export.opset=18" in fails(
        "export"
    )


@pytest.mark.parametrize("opset", [16, 17])
def test_a_variance_reaches_the_opsets_that_onnx_s_converter_leaves_half_done(opset, exporting, passes):
    exporting(
        "y = self.linear(input); return y - y.var(-1, keepdim=True)", f"export.opset={opset}", "export.exporter=dynamo"
    )
    passes("export")
    assert load_contract().opset == opset
