import onnx
import pytest
from onnx import TensorProto, helper

from pipeline.core.errors import PipelineError
from pipeline.graph.session import open_session
from pipeline.settings import compat


@pytest.mark.parametrize(
    ("version", "opset", "ir"),
    [
        ("1.8.0", 14, 7),
        ("1.10.0", 15, 8),
        ("1.16.3", 19, 9),
        ("1.17.0", 20, 9),
        ("1.18.1", 21, 10),
        ("1.22.0", 22, 10),
        ("1.23.2", 23, 11),
        ("1.31.1", 26, 13),
        ("1.32.0", 28, 14),
        ("1.99.0", 28, 14),
        ("1.24.0.dev1", 25, 13),
    ],
)
def test_limits(version, opset, ir):
    assert compat.find_limits(version) == (opset, ir)


@pytest.mark.parametrize("version", ["1.7.2", "0.5.0", "2.0.0"])
def test_versions_that_are_not_known(version):
    with pytest.raises(PipelineError, match=f"onnxruntime {version} is not known: expected 1.8 or later"):
        compat.find_limits(version)


@pytest.mark.parametrize("version", ["", "1", "one.two", "1.x"])
def test_what_is_no_version(version):
    with pytest.raises(PipelineError, match=r"expected an onnxruntime version such as 1\.31\.1, got"):
        compat.find_limits(version)


def identity(opset: int, ir: int) -> bytes:
    port = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", port[:1], port[1:])
    opsets = [helper.make_opsetid("", opset)]
    return onnx.helper.make_model(graph, opset_imports=opsets, ir_version=ir).SerializeToString()


def test_the_installed_runtime_keeps_what_the_table_says():
    limits = compat.read_installed()[1]
    assert open_session(identity(limits.opset, limits.ir)).get_outputs()


@pytest.mark.parametrize(("opset", "ir"), [(1, 0), (0, 1)])
def test_the_table_does_not_stay_below_the_installed_runtime(opset, ir):
    limits = compat.read_installed()[1]
    with pytest.raises(PipelineError, match="refuses the model"):
        open_session(identity(limits.opset + opset, limits.ir + ir))


@pytest.mark.parametrize(
    ("opset", "ir", "expected"), [(20, 10, "1.18"), (21, 8, "1.18"), (17, 8, "1.16"), (26, 13, "1.25")]
)
def test_the_oldest_runtime_that_loads_the_model(opset, ir, expected):
    assert compat.minimum_onnxruntime(opset, ir) == expected


def test_no_runtime_loads_a_newer_opset():
    with pytest.raises(PipelineError, match="got opset 99"):
        compat.minimum_onnxruntime(99, 8)


@pytest.mark.parametrize("opset", range(compat.LOWEST_OPSET, onnx.defs.onnx_opset_version() + 1))
def test_the_ir_version_of_an_opset_is_onnx_s(opset):
    assert compat.least_ir(opset) == helper.find_min_ir_version_for([helper.make_opsetid("", opset)])


@pytest.mark.parametrize("minor", range(compat.CLIENT_MINOR, compat.NEWEST_MINOR + 1))
def test_a_runtime_loads_the_ir_version_of_its_highest_opset(minor):
    limits = compat.find_limits(f"1.{minor}")
    assert compat.least_ir(limits.opset) <= limits.ir


@pytest.mark.parametrize(("ir", "opset"), [(8, 18), (9, 20), (10, 22), (11, 23)])
def test_the_highest_opset_of_an_ir_version(ir, opset):
    assert compat.highest_opset(ir) == opset
