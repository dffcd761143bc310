import json
from pathlib import Path

import numpy as np
import onnxsim
import pytest
from onnx import helper, numpy_helper

from pipeline.core.paths import CONTRACT, EXPORTED, SIMPLIFIED
from pipeline.graph import onnx_model
from pipeline.graph.session import answer, open_session
from pipeline.graph.signature import signature
from pipeline_runs import golden_inputs, net, reseal

REPORT = Path("reports/simplify.json")


def test_the_same_answers(digits):
    inputs = golden_inputs()["rows-7"]
    exported, simplified = (answer(open_session(path), inputs) for path in (EXPORTED, SIMPLIFIED))
    for name, array in exported.items():
        np.testing.assert_allclose(simplified[name], array, atol=1e-6)


def test_it_folds_what_is_constant(linear, passes):
    model = onnx_model.load(EXPORTED, "export")
    output = model.graph.output[0].name
    model.graph.node[-1].output[0] = "before"
    model.graph.initializer.append(numpy_helper.from_array(np.zeros(5, np.float32), "zero"))
    model.graph.node.append(helper.make_node("Neg", ["zero"], ["negative"]))
    model.graph.node.append(helper.make_node("Add", ["before", "negative"], [output]))
    onnx_model.save(model, EXPORTED)
    reseal(EXPORTED)
    passes("simplify")
    report = json.loads(REPORT.read_text())
    assert report["folded_constants"] == 1
    assert "Neg" not in report["after"]["ops"]
    assert report["before"]["ops"]["Neg"] == 1
    assert report["nodes"] == report["after"]["nodes"] < report["before"]["nodes"]


def test_what_the_file_says_of_itself_stays(linear):
    exported, simplified = (onnx_model.load(path, "export") for path in (EXPORTED, SIMPLIFIED))
    assert onnx_model.metadata(simplified) == onnx_model.metadata(exported)
    for field in ("producer_name", "doc_string", "ir_version"):
        assert getattr(simplified, field) == getattr(exported, field)
    assert simplified.graph.name == exported.graph.name == "linear"


@pytest.mark.parametrize(("path", "stage"), [(EXPORTED, "export"), (CONTRACT, "export")])
def test_what_it_reads_must_be_there(path, stage, linear, fails):
    path.unlink()
    assert f"{path} is missing: it is written by `python -m pipeline {stage}`" in fails("simplify")


@pytest.mark.parametrize("share", [0, 0.2, 0.95])
def test_a_truncated_graph(share, linear, fails):
    content = EXPORTED.read_bytes()
    EXPORTED.write_bytes(content[: int(len(content) * share)])
    reseal(EXPORTED)
    assert "build/exported/model.onnx: expected an ONNX model, got a damaged or truncated file" in fails("simplify")


def test_a_refusal_loses_nothing(linear, fails, monkeypatch):
    def refuse(*_, **__):
        raise RuntimeError("no way")

    monkeypatch.setattr(onnxsim, "simplify", refuse)
    assert "build/exported/model.onnx: onnxsim cannot simplify the graph: no way" in fails("simplify")


def test_axes_that_onnxsim_renames_pass_the_gate(bring):
    """The tracer's Reshape to the input's own shape is dropped, and the input takes over axes without a name."""
    bring(
        net("x): return self.f(x.view(x.shape[0], x.shape[1], 4))", "self.f = nn.Linear(4, 3)"),
        "{x: {0: batch}}",
        "export.exporter=tracer",
        x=np.random.default_rng(0).normal(size=(8, 6, 4)).astype(np.float32),
    )
    assert signature(list(onnx_model.load(SIMPLIFIED, "simplify").graph.input)) == [("x", "float32", ["batch", 6, 4])]


def test_one_line_says_what_became_smaller(linear, passes):
    before, after = (json.loads(REPORT.read_text())[part] for part in ("before", "after"))
    sizes = ", ".join(f"{name} {before[name]:,} -> {after[name]:,}" for name in ("nodes", "initializers", "bytes"))
    assert passes("simplify") == f"simplify: build/simplified/model.onnx: {sizes}\n"
