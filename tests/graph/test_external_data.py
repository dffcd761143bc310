"""Models that protobuf cannot hold: here its limit is 40,000 bytes, and the network has 66,000."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnx_ir
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnx.external_data_helper import set_external_data

from pipeline.__main__ import main
from pipeline.core.arrays import load, save
from pipeline.core.errors import PipelineError
from pipeline.core.files import read_json, sha256
from pipeline.core.paths import EXPORTED, GOLDEN_ARRAYS, NODE_SOURCES, SIMPLIFIED
from pipeline.graph import external_data, onnx_model, signature
from pipeline.graph.session import answer, open_session
from pipeline.network import factory
from pipeline.stages.package import check_size
from pipeline_runs import bring_conf

STAGES = ("fingerprint", "prepare", "train", "export", "simplify", "validate")
LIMIT = 40_000
WEIGHTS = [external_data.weights(path) for path in (EXPORTED, SIMPLIFIED)]
SETTINGS = (
    "model=custom",
    "model.net._target_=torch.nn.Linear",
    "model.net.kwargs={in_features: 128, out_features: 128}",
    "model.dynamic_axes={input: {0: batch}}",
    "data.path=rows.npz",
)
SIZE = 128 * 128 * 4


def run_stages(folder: Path, *overrides: str) -> Path:
    folder.mkdir()
    with contextlib.chdir(folder):
        bring_conf()
        save(Path("rows.npz"), {"input": np.random.default_rng(0).normal(size=(9, 128)).astype(np.float32)})
        for command in (["params", *SETTINGS, *overrides], *([stage] for stage in STAGES)):
            assert main(command) == 0
    return folder


@pytest.fixture(scope="module")
def pipeline_runs(tmp_path_factory) -> dict[str, Path]:
    """Project folders that went the whole road: with the limit, by the tracer too, and without it."""
    folder = tmp_path_factory.mktemp("pipeline_runs")
    runs = {"small": run_stages(folder / "small")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(external_data, "LIMIT", LIMIT)
        patch.setattr(factory, "LARGE", LIMIT)
        runs["large"] = run_stages(folder / "large")
        runs["tracer"] = run_stages(folder / "tracer", "export.exporter=tracer")
    return runs


@pytest.fixture
def small_limit(monkeypatch):
    monkeypatch.setattr(external_data, "LIMIT", LIMIT)
    monkeypatch.setattr(factory, "LARGE", LIMIT)


@pytest.fixture
def travelled(pipeline_runs, small_limit, enter) -> Path:
    return enter(pipeline_runs["large"])


def files() -> dict[str, bytes]:
    """What the stages wrote, but for params.yaml."""
    paths = [path for folder in ("build", "reports") for path in Path(folder).rglob("*") if path.is_file()]
    return {path.as_posix(): path.read_bytes() for path in paths}


def external(name: str, array: np.ndarray, file: Path) -> TensorProto:
    """An initializer whose bytes are in a file of their own."""
    tensor = numpy_helper.from_array(array, name)
    file.write_bytes(tensor.raw_data)
    set_external_data(tensor, file.name, 0, len(tensor.raw_data))
    tensor.ClearField("raw_data")
    return tensor


def two_weights(folder: Path) -> ModelProto:
    """y = a + b, each in a file of its own: 40,000 bytes together, and the graph."""
    tensors = [external(name, np.full(5_000, number, np.float32), folder / name) for number, name in enumerate("ab")]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [5_000])
    return helper.make_model(
        helper.make_graph([helper.make_node("Add", ["a", "b"], ["y"])], "g", [], [output], tensors)
    )


def test_the_whole_road(travelled):
    report = read_json(Path("reports/parity.json"), "validate")
    assert report["passed"]
    assert {entry["stage"] for entry in report["comparisons"]} == {"export", "simplify"}


def test_the_weights_are_beside_the_graph(travelled):
    assert [Path("build/exported/model.onnx.data"), Path("build/simplified/model.onnx.data")] == WEIGHTS
    for path, weights in zip((EXPORTED, SIMPLIFIED), WEIGHTS, strict=True):
        assert path.stat().st_size < 8_000
        assert weights.stat().st_size == SIZE


def test_small_tensors_stay_in_the_graph(travelled):
    model = onnx_model.load(EXPORTED, "export")
    assert [tensor.name for tensor in model.graph.initializer if tensor.raw_data] == ["network.bias"]
    assert [info.location for info in external_data.outside(model)] == ["model.onnx.data"]


def test_onnx_itself_reads_it(travelled):
    onnx.checker.check_model(SIMPLIFIED, full_check=True)
    whole = onnx.load(SIMPLIFIED)
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in whole.graph.initializer}
    assert max(array.size for array in values.values()) == 128 * 128


def test_the_same_answers_as_in_one_file(pipeline_runs):
    rows = {"input": load(pipeline_runs["large"] / "rows.npz", "x")["input"]}
    small, large = (answer(open_session(pipeline_runs[which] / EXPORTED), rows) for which in ("small", "large"))
    np.testing.assert_array_equal(small["output"], large["output"])


def test_the_same_golden_answers_as_in_one_file(pipeline_runs):
    golden = [(pipeline_runs[which] / GOLDEN_ARRAYS).read_bytes() for which in ("small", "large")]
    assert golden[0] == golden[1]


def test_the_same_bytes_again(travelled, passes):
    before = files()
    for stage in STAGES[2:]:
        passes(stage)
    assert files() == before


def test_reports_count_the_weights(travelled):
    for report in ("export", "simplify"):
        content = read_json(Path(f"reports/{report}.json"), report)
        size = content["graph"]["bytes"] if report == "export" else content["bytes"]
        assert SIZE < size < SIZE + 4_000


def test_the_tracer_writes_it_too(pipeline_runs):
    assert read_json(pipeline_runs["tracer"] / "reports/export.json", "export")["exporter"] == "tracer"
    assert [(pipeline_runs["tracer"] / path).stat().st_size for path in WEIGHTS] == [SIZE, SIZE]


def test_a_file_for_each_weight_becomes_one(small_limit, tmp_path):
    path = tmp_path / "whole" / "m.onnx"
    onnx_model.save(two_weights(tmp_path), path, tmp_path)
    places = [(info.location, info.offset, info.length) for info in external_data.outside(onnx_model.load(path, "x"))]
    assert places == [("m.onnx.data", 0, 20_000), ("m.onnx.data", 20_000, 20_000)]
    tensors = onnx.load(path).graph.initializer
    assert [set(numpy_helper.to_array(tensor).tolist()) for tensor in tensors] == [{0.0}, {1.0}]


def test_weights_that_protobuf_holds_come_into_the_graph(tmp_path):
    path = tmp_path / "whole" / "m.onnx"
    onnx_model.save(two_weights(tmp_path), path, tmp_path)
    assert [file.name for file in path.parent.iterdir()] == ["m.onnx"]
    assert [len(tensor.raw_data) for tensor in onnx_model.load(path, "x").graph.initializer] == [20_000, 20_000]


def test_a_small_tensor_outside_comes_back_in(small_limit, tmp_path):
    model = two_weights(tmp_path)
    model.graph.initializer.append(external("shape", np.arange(3), tmp_path / "shape"))
    onnx_model.save(model, tmp_path / "m.onnx")
    assert onnx_model.load(tmp_path / "m.onnx", "x").graph.initializer[2].raw_data == np.arange(3).tobytes()


def test_what_is_saved_stays_as_it_is(small_limit, tmp_path):
    model = two_weights(tmp_path)
    before = model.SerializeToString()
    onnx_model.save(model, tmp_path / "m.onnx")
    assert model.SerializeToString() == before


def test_weights_that_are_hard_links_are_refused_in_one_sentence(small_limit, tmp_path):
    model = two_weights(tmp_path)
    os.link(tmp_path / "a", tmp_path / "another")
    with pytest.raises(PipelineError, match=r"m\.onnx: expected weights in files of their own.*reflink,copy") as caught:
        onnx_model.save(model, tmp_path / "m.onnx")
    assert "\n" not in str(caught.value)


def test_weights_that_nothing_uses_are_left_out():
    tensors = {
        name: onnx_ir.ExternalTensor("all", 0, 1200, onnx_ir.DataType.FLOAT, shape=onnx_ir.Shape([300]), name=name)
        for name in ("used", "inner", "unused")
    }
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [300])
    then, other = (
        helper.make_graph([helper.make_node("Neg", [name], ["t"])], name, [], [output]) for name in ("used", "inner")
    )
    nodes = [helper.make_node("If", ["x"], ["y"], then_branch=then, else_branch=other)]
    condition = helper.make_tensor_value_info("x", TensorProto.BOOL, [])
    initializers = [onnx_ir.to_proto(tensor) for tensor in tensors.values()]
    model = onnx_ir.from_proto(helper.make_model(helper.make_graph(nodes, "g", [condition], [output], initializers)))
    detached = external_data.detach(model)
    assert [value.name for value in model.graph.inputs] == ["x", "used", "inner", "unused"]
    assert list(model.graph.initializers) == []
    external_data.attach(model, detached)
    assert [value.name for value in model.graph.inputs] == ["x"]
    assert list(model.graph.initializers) == ["used", "inner"]


def test_reading_a_small_model_does_without_onnx_ir(pipeline_runs):
    code = "import sys; from pathlib import Path; from pipeline.graph import onnx_model, signature; "
    code += "onnx_model.count(onnx_model.load(Path(sys.argv[1]), 'x')); print('onnx_ir' in sys.modules)"
    command = [sys.executable, "-c", code, pipeline_runs["small"] / SIMPLIFIED]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"


def test_a_model_that_is_small_again_leaves_no_weights(travelled, monkeypatch, passes):
    monkeypatch.setattr(external_data, "LIMIT", 2**31 - 1)
    for stage in STAGES[2:]:
        passes(stage)
    assert [path.exists() for path in WEIGHTS] == [False, False]
    assert EXPORTED.stat().st_size > 65_536


def test_a_small_model_is_one_file(pipeline_runs):
    exported, simplified = ((pipeline_runs["small"] / path).parent for path in (EXPORTED, SIMPLIFIED))
    assert sorted(file.name for file in exported.iterdir()) == ["SHA256SUMS", "model.onnx", NODE_SOURCES.name]
    assert sorted(file.name for file in simplified.iterdir()) == ["SHA256SUMS", "model.onnx"]


@pytest.mark.parametrize("stage", ["simplify", "validate"])
@pytest.mark.parametrize(("size", "got"), [(None, "no such file"), (65_000, "65,000"), (65_540, "65,540")])
def test_weights_that_are_not_complete(stage, size, got, travelled, fails):
    if size is None:
        WEIGHTS[0].unlink()
    else:
        WEIGHTS[0].write_bytes((WEIGHTS[0].read_bytes() + bytes(9))[:size])
    assert (
        f"build/exported/model.onnx: expected 65,536 bytes of weights in build/exported/model.onnx.data, got {got}; make both again "
        "with `python -m pipeline export`"
    ) in fails(stage)


def test_other_weights_fail_the_gate(travelled, fails):
    WEIGHTS[1].write_bytes((np.fromfile(WEIGHTS[1], np.float32) * 2).tobytes())
    reports = ("reports/parity.json", "reports/parity.html", "reports/plots/parity.csv", "reports/metrics.json")
    assert "build/simplified/model.onnx: output 'output'" in fails("validate", changes=reports)


def test_the_fingerprint_covers_the_weights(travelled):
    before = onnx_model.fingerprint(EXPORTED)
    assert read_json(Path("reports/parity.json"), "validate")["models"]["export"] == before
    WEIGHTS[0].write_bytes(WEIGHTS[0].read_bytes()[:-1] + b"\1")
    assert onnx_model.fingerprint(EXPORTED) != before


def test_the_fingerprint_of_one_file_is_its_own(linear):
    assert onnx_model.fingerprint(EXPORTED) == sha256(EXPORTED)


@pytest.mark.parametrize("allowed", [250, 100_000])
def test_it_is_not_packed(allowed, travelled, passes, fails):
    passes("params", *SETTINGS, f"package.largest_mb={allowed}")
    error = fails("package")
    assert (
        f"build/simplified/model.onnx has 0.1 MB with its weights in {WEIGHTS[1]}: expected at most {allowed:,} MB"
        in error
    )
    assert "package.largest_mb" in error
    assert "ship both files beside the program" in error


def test_the_refusal_reads_nothing(travelled, params, monkeypatch):
    settings = params().package
    monkeypatch.setattr(Path, "open", lambda path, *_, **__: pytest.fail(f"{path} was read"))
    with pytest.raises(PipelineError, match=r"package\.largest_mb"):
        check_size(settings)


def test_constants_that_are_no_weights(small_limit, tmp_path):
    value = numpy_helper.from_array(np.zeros(20_000, np.float32), "v")
    nodes = [helper.make_node("Constant", [], ["y"], value=value)]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [20_000])
    model = helper.make_model(helper.make_graph(nodes, "g", [], [output]))
    with pytest.raises(
        PipelineError, match=r"expected at most 40,000 bytes beside the weights, got 80,\d+: register .* as buffers"
    ):
        onnx_model.save(model, tmp_path / "m.onnx")


def test_a_failed_export_keeps_the_last_model(travelled, monkeypatch, fails):
    monkeypatch.setattr(signature, "mismatches", lambda *_, **__: ["an axis is fixed"])
    assert "an axis is fixed" in fails("export")


def test_publish_judges_the_weights_too(travelled, fails):
    WEIGHTS[1].write_bytes(WEIGHTS[1].read_bytes()[:-1] + b"\1")
    assert "build/simplified/model.onnx is not the file that reports/parity.json compared" in fails("publish")


def test_a_copy_of_both_opens(travelled, tmp_path):
    shutil.copytree("build", tmp_path / "elsewhere")
    assert open_session(tmp_path / "elsewhere" / "simplified" / "model.onnx").get_outputs()[0].name == "output"
