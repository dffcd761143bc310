from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from pipeline.core.node_sources import NodeSource, write_sources
from pipeline.core.paths import SIMPLIFIED
from pipeline.graph import onnx_model
from pipeline.graph.operators import read_requirements
from pipeline.runtimes import compatibility
from pipeline.runtimes.compatibility import expect, judge
from pipeline.runtimes.wheels import list_wheels, minor_of

OWN = onnxruntime.__version__
OWN_MINOR = ".".join(OWN.split(".")[:2])


@pytest.fixture
def model(empty):
    """Write a model of one node."""

    def write(operator: str, opset: int = 20, ir: int = 8) -> str:
        ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "xy"]
        graph = helper.make_graph([helper.make_node(operator, ["x"], ["y"], name="one")], "g", ports[:1], ports[1:])
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir), "a.onnx")
        return "a.onnx"

    return write


def lines(printed: str) -> dict[str, str]:
    """What stands beside each version."""
    return {line[:14].strip(): line[14:].strip() for line in printed.splitlines()[1:]}


def test_the_table_has_a_line_a_version(store, empty, passes):
    printed = passes("compat").splitlines()
    assert printed[0].split() == ["onnxruntime", "opset", "IR", "wheel", "here"]
    assert printed[1] == "1.16         19     9   python -m pipeline compat --install 1.16"
    assert printed[-1].startswith("1.32 ")


def test_the_table_marks_this_environment_s_own_which_is_the_target_by_default(store, empty, passes):
    marked = [line for line in passes("compat").splitlines() if line.endswith(")")]
    assert len(marked) == 1
    assert marked[0].startswith(OWN_MINOR)
    assert marked[0].endswith(f"{OWN} (this environment's, the target)")


def test_the_table_is_printed_beside_settings_that_are_refused(store, empty, passes):
    Path("params.yaml").write_text("target: 1.18\n")
    assert "1.18 " in passes("compat")


def test_the_table_marks_the_target_of_the_settings(store, empty, passes, monkeypatch):
    Path("params.yaml").touch()
    monkeypatch.setattr(compatibility, "load", lambda: SimpleNamespace(target="onnxruntime-1.20"))
    marked = [line[:4] for line in passes("compat").splitlines() if "the target" in line]
    assert marked == ["1.20"]


def test_the_table_has_the_wheels_that_are_here(wheel, empty, passes):
    wheel("1.18.9")
    assert "1.18         21     10  1.18.9\n" in passes("compat")


def test_a_file_is_opened_in_the_wheels_that_are_here_and_only_there(wheel, model, passes):
    wheel("1.20.9")
    printed = passes("compat", model("Gelu"))
    assert printed.startswith("a.onnx: opset 20, IR 8, 1 nodes\n")
    said = lines(printed)
    assert said["1.16"] == "refused: it takes opset 19 at most, the graph has 20: 1.17 is the first that takes it"
    assert said["1.17 to 1.19"].startswith("untried: format and operators fit, but no wheel of it is here: ")
    assert said["1.20"].startswith("loads here: 1.20.9, with numpy ")
    assert said[OWN_MINOR].startswith(f"loads here: {OWN}, with numpy ")


def test_versions_with_one_reason_share_a_line(store, model, passes):
    said = lines(passes("compat", model("Acos", opset=22)))
    assert (
        said["1.18 to 1.20"] == "refused: it takes opset 21 at most, the graph has 22: 1.21 is the first that takes it"
    )


def test_an_operator_that_came_later_is_refused_by_the_table(store, empty, passes):
    ports = [helper.make_tensor_value_info(name, TensorProto.UINT8, [2]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"], name="one")], "g", ports[:1], ports[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), "a.onnx")
    assert lines(passes("compat", "a.onnx"))["1.16 to 1.20"] == (
        "refused: it has no Add-14 of node 'one'; 1.21 is the first that has it: set target=onnxruntime-1.21, or write it with older operators"
    )


def test_an_operator_that_none_has_is_refused_by_all(store, model, passes):
    said = passes("compat", model("ImageDecoder"))
    assert "untried" not in said
    assert "refused: it has no ImageDecoder-20 of node 'one'; no onnxruntime up to 1.32 has it" in said


def test_a_wheel_that_is_here_has_the_last_word(wheel, model, passes):
    wheel("1.20.9", "def InferenceSession(*_, **__): raise capi.onnxruntime_pybind11_state.Fail('The moon is full')")
    assert "refused: it refuses the model: The moon is full" in lines(passes("compat", model("Gelu")))["1.20"]


def test_a_wheel_that_is_broken_is_named(wheel, model, passes):
    wheel("1.20.9", package="import nothing_of_the_kind")
    assert (
        "untried: the wheel of onnxruntime 1.20.9 cannot be imported" in lines(passes("compat", model("Gelu")))["1.20"]
    )


@pytest.mark.parametrize(("folder", "says"), [("build", ", made by layers.0 (models/net.py:7); "), (".", "; ")])
def test_a_node_of_this_build_has_its_place_in_the_network(folder, says, store, model, passes):
    write_sources({"y": NodeSource(module="layers.0", module_class="", operator="", file="models/net.py", line=7)})
    path = Path(model("ImageDecoder")).rename(f"{folder}/other.onnx")
    assert f"has no ImageDecoder-20 of node 'one'{says}no onnxruntime up to 1.32 has it" in passes("compat", str(path))


def test_no_such_file(store, empty, fails):
    assert fails("compat", "a.onnx") == "error: compat: a.onnx: expected an .onnx file, there is none\n"


def test_a_folder(store, empty, fails):
    Path("a").mkdir()
    assert fails("compat", "a") == "error: compat: a: expected an .onnx file, got a folder\n"


def test_a_file_without_its_weights(store, empty, fails):
    weight = numpy_helper.from_array(np.ones(3, np.float32), "weight")
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [3])
    graph = helper.make_graph([helper.make_node("Identity", ["weight"], ["y"])], "g", [], [y], [weight])
    onnx.save(helper.make_model(graph), "a.onnx", save_as_external_data=True, location="a.data", size_threshold=0)
    Path("a.data").unlink()
    assert fails("compat", "a.onnx") == (
        "error: compat: a.onnx: expected 12 bytes of weights in a.data, got no such file\n"
    )


def test_a_file_that_is_no_model(store, empty, fails):
    Path("a.onnx").write_bytes(b"not a model")
    assert fails("compat", "a.onnx") == (
        "error: compat: a.onnx: expected an ONNX model, got a damaged or truncated file\n"
    )


def test_what_is_here_is_said(wheel, empty, passes):
    made = [wheel("1.18.9"), wheel("1.20.1")]
    printed = passes("compat", "--install", "1.18", "1.20.1").splitlines()
    assert [line.split(", with numpy")[0] for line in printed] == [
        f"compat: onnxruntime {other.version} is here already: {other.folder}" for other in made
    ]


def test_a_version_that_cannot_be_installed(store, empty, fails):
    assert "onnxruntime 1.15 is too old: expected 1.16 or later" in fails("compat", "--install", "1.15")


def test_tables_expect_of_the_wheels_that_are_here_what_they_do(digits_run):
    path = digits_run / SIMPLIFIED
    graph = read_requirements(onnx_model.load_graph(path, made_by="simplify"))
    verdicts = {verdict.onnxruntime: verdict.verdict for verdict in judge(path, graph, {})}
    expected = {
        f"1.{minor_of(wheel.version)}": not next(expect(wheel.version, graph, {}), "") for wheel in list_wheels()
    }
    assert {version: verdicts[version] == "loads here" for version in expected} == expected
