"""Where validate says that a departure begins, and that it starts `locate` there."""

import json
import shutil
import sys

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from pipeline.__main__ import main
from pipeline.core.errors import PipelineError
from pipeline.core.paths import EXPORTED, METRICS_REPORT, PARITY_PAGE, PARITY_REPORT, PARITY_TABLE, SIMPLIFIED
from pipeline.graph import onnx_model
from pipeline.parity import locate_process, origin
from pipeline.stages import validate as stage
from pipeline_runs import reseal

# What a gate that fails writes all the same: why it failed.
VERDICT = tuple(path.as_posix() for path in (PARITY_REPORT, METRICS_REPORT, PARITY_TABLE, PARITY_PAGE))


def report() -> dict:
    return json.loads(PARITY_REPORT.read_text())


def edit(path, change) -> None:
    model = onnx_model.load(path, "export")
    change(model)
    onnx_model.save(model, path)
    reseal(path)


def nudge(model) -> None:
    """Move one weight a little."""
    initializer = next(one for one in model.graph.initializer if one.data_type == TensorProto.FLOAT)
    array = numpy_helper.to_array(initializer).copy()
    array.flat[0] += 1e-3
    initializer.CopyFrom(numpy_helper.from_array(array, initializer.name))


def test_the_optimizer_off_is_asked_the_golden_calls_of_every_graph(linear, passes):
    said = passes("validate")
    unoptimized = report()["unoptimized"]
    assert [(e["stage"], e["case"]) for e in unoptimized] == [
        (e["stage"], e["case"]) for e in report()["comparisons"] if e["case"] != "test"
    ]
    assert {(e["optimizer"], e["passed"]) for e in unoptimized} == {("off", True)}
    assert "optimizer" not in said


def test_a_wrong_exported_graph_is_the_exporters(linear, fails):
    edit(EXPORTED, nudge)
    assert "; it begins in the exporter: build/exported/model.onnx departs " in fails("validate", changes=VERDICT)
    assert report()["attribution"]["cause"] == "exporter"


def test_a_wrong_simplified_graph_is_the_simplifiers(linear, fails):
    edit(SIMPLIFIED, nudge)
    said = fails("validate", changes=VERDICT)
    assert (
        "; it begins in the simplifier: build/exported/model.onnx is right, and build/simplified/model.onnx departs"
        in said
    )
    assert report()["attribution"]["sentence"] in said
    assert "It begins in the simplifier: " in PARITY_PAGE.read_text()


def test_a_tolerance_below_rounding_blames_nobody(linear, configure, fails):
    configure("parity.atol=0", "parity.rtol=0")
    assert "it begins in" not in fails("validate", changes=VERDICT)
    assert report()["attribution"] is None


def test_a_graph_that_departs_without_the_optimizer_alone_passes_with_a_remark(linear, passes, monkeypatch):
    opened = origin.open_session

    def open_wrongly(model, optimizer):
        return opened(SIMPLIFIED.with_name("nudged.onnx") if model == SIMPLIFIED else model, optimizer=optimizer)

    model = onnx_model.load(SIMPLIFIED, "simplify")
    nudge(model)
    SIMPLIFIED.with_name("nudged.onnx").write_bytes(model.SerializeToString())
    reseal(SIMPLIFIED)
    monkeypatch.setattr(origin, "open_session", open_wrongly)
    said = passes("validate")
    assert "without onnxruntime's optimizer: simplify departs in " in said
    assert "Without onnxruntime&#x27;s optimizer: simplify departs in " in PARITY_PAGE.read_text()


def test_a_graph_that_cannot_run_without_the_optimizer_passes_with_a_remark(linear, passes, monkeypatch):
    def refuse(model, optimizer):
        raise PipelineError("no kernel")

    monkeypatch.setattr(origin, "open_session", refuse)
    assert "without onnxruntime's optimizer: export cannot be run (no kernel)" in passes("validate")


def test_a_graph_that_only_the_optimizer_refuses_says_so(linear, fails):
    def lose_a_value(model):
        model.graph.initializer.append(numpy_helper.from_array(np.ones(1, np.float32), "one"))
        made = model.graph.node[-1]
        name, made.output[0] = made.output[0], "raw"
        model.graph.node.append(helper.make_node("Cast", ["raw"], ["same"], to=TensorProto.FLOAT))
        model.graph.node.append(helper.make_node("Div", ["one", "one"], ["by"]))
        model.graph.node.append(helper.make_node("Mul", ["same", "by"], [name]))

    edit(SIMPLIFIED, lose_a_value)
    said = fails("validate", changes=VERDICT)
    assert "; it begins in onnxruntime's optimizer: build/simplified/model.onnx is right with the optimizer of " in said
    assert " off, and refused with it on, as clients have it: it is DivMulFusion, which " in said


def test_a_graph_that_no_session_opens_is_its_makers(linear, fails):
    edit(SIMPLIFIED, lambda model: setattr(model.opset_import[0], "version", 99))
    said = fails("validate", changes=VERDICT)
    assert "; it begins in the simplifier: it opens build/exported/model.onnx, and onnxruntime " in said


def test_where_a_graph_departs_locate_is_started_and_its_lines_come_first(linear, capsys, monkeypatch):
    edit(SIMPLIFIED, nudge)
    shutil.copy("params.yaml", "other.yaml")
    program = "import json, sys; print(json.load(open('reports/parity.json'))['passed'], sys.argv[2])"
    monkeypatch.setattr(locate_process, "COMMAND", (sys.executable, "-c", program))
    assert main(["validate", "--params", "other.yaml"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "False other.yaml"
    assert lines[1].startswith("error: validate: the parity gate failed: ")
    assert len(lines) == 2


def test_a_locate_that_fails_hides_nothing(linear, fails, monkeypatch):
    edit(SIMPLIFIED, nudge)
    monkeypatch.setattr(locate_process, "COMMAND", (sys.executable, "-S", "-c", "raise SystemExit('error: a reason')"))
    said = fails("validate", changes=VERDICT)
    assert "; it begins in the simplifier: " in said
    assert "; the node was not located: a reason (all of it: " in said


@pytest.mark.parametrize("setting", ["parity.atol=1e-6", "parity.atol=1e9"], ids=["passes", "weak power"])
def test_where_no_graph_departs_locate_is_not_started(setting, linear, configure, monkeypatch):
    configure(setting)
    monkeypatch.setattr(stage, "locate", lambda params: pytest.fail("it was started"))
    main(["validate"])
