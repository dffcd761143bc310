import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxsim
import pytest
from onnx import ModelProto, TensorProto, parser

from pipeline.core.contract import Contract, TensorSpec
from pipeline.core.errors import PipelineError
from pipeline.graph import onnx_model
from pipeline.graph.session import answer, open_session
from pipeline.graph.signature import signature
from pipeline.graph.simplifier import simplify

SOURCE, TARGET = Path("build/from.onnx"), Path("build/to.onnx")
SHAPE = ["batch", "tokens", 4]
# A Reshape to what the input is: onnxsim drops it, and the input takes over the axes of its result.
NODES = "shape = Constant<value_ints=[0,0,4]>() z = Reshape(x, shape) y = Relu(z)"


def tensor(name: str, shape: list[int | str]) -> TensorSpec:
    return TensorSpec(
        name=name, dtype="float32", shape=shape, description="", unit="", minimum=None, maximum=None, labels=[]
    )


@pytest.fixture
def contract() -> Contract:
    return Contract.model_construct(inputs=[tensor("x", SHAPE)], outputs=[tensor("y", SHAPE)])


@pytest.fixture
def model() -> ModelProto:
    return parser.parse_model(
        '<ir_version: 10, opset_import: ["" : 20], producer_name: "torch2dotnet", doc_string: "what it is">'
        f"net (float[batch,tokens,4] x) => (float[batch,tokens,4] y) {{ {NODES} }}"
    )


def axes(model: ModelProto) -> dict[str, list[int | str]]:
    return {name: shape for name, _, shape in signature([*model.graph.input, *model.graph.output])}


def test_onnxsim_itself_renames_axes(model):
    simplified, _ = onnxsim.simplify(model, check_n=0)
    assert axes(simplified)["x"] == ["unk__0", "unk__1", 4]


def test_the_contract_s_axes_are_written_back(model, contract):
    simplified = simplify(model, contract, SOURCE, TARGET)
    assert axes(simplified) == {"x": SHAPE, "y": SHAPE}
    assert [node.op_type for node in simplified.graph.node] == ["Relu"]


def test_a_size_that_onnxsim_loses_is_written_back(model, contract, monkeypatch):
    def lose(model, **_):
        model.graph.output[0].type.tensor_type.shape.dim[2].Clear()
        return model, True

    monkeypatch.setattr(onnxsim, "simplify", lose)
    assert axes(simplify(model, contract, SOURCE, TARGET))["y"] == SHAPE


def test_the_same_answers(model, contract):
    rows = {"x": np.linspace(-1, 1, 24, dtype=np.float32).reshape(2, 3, 4)}
    before = answer(open_session(model.SerializeToString()), rows)
    after = answer(open_session(simplify(model, contract, SOURCE, TARGET).SerializeToString()), rows)
    np.testing.assert_array_equal(after["y"], before["y"])


def test_what_the_file_says_of_itself_stays(model, contract):
    model.metadata_props.add(key="name", value="net")
    simplified = simplify(model, contract, SOURCE, TARGET)
    assert onnx_model.metadata(simplified) == {"name": "net"}
    assert (simplified.producer_name, simplified.doc_string, simplified.graph.name) == (
        "torch2dotnet",
        "what it is",
        "net",
    )


def test_an_axis_that_was_fixed_is_noticed(model, contract):
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 2
    model.graph.output[0].type.tensor_type.shape.dim[0].dim_value = 2
    with pytest.raises(
        PipelineError, match=r"^build/to\.onnx: simplification changed the contract: input 'x': expected"
    ):
        simplify(model, contract, SOURCE, TARGET)


def test_a_graph_that_the_checker_refuses(model, contract):
    model.graph.node[2].op_type = "NoSuchOp"
    with pytest.raises(PipelineError, match=r"^build/from\.onnx: the ONNX checker refuses the graph: .*NoSuchOp"):
        simplify(model, contract, SOURCE, TARGET)


@pytest.mark.parametrize("error", [RuntimeError, ValueError])
def test_a_simplifier_that_fails(error, model, contract, monkeypatch):
    def refuse(*_, **__):
        raise error("no\nway")

    monkeypatch.setattr(onnxsim, "simplify", refuse)
    with pytest.raises(PipelineError, match=r"^build/from\.onnx: onnxsim cannot simplify the graph: no way$"):
        simplify(model, contract, SOURCE, TARGET)


def test_a_simplifier_that_spoils_the_graph(model, contract, monkeypatch):
    def spoil(model, **_):
        model.graph.output[0].type.tensor_type.elem_type = TensorProto.INT64
        return model, True

    monkeypatch.setattr(onnxsim, "simplify", spoil)
    with pytest.raises(PipelineError, match=r"^build/to\.onnx: the ONNX checker refuses the graph"):
        simplify(model, contract, SOURCE, TARGET)


def test_onnxsim_is_imported_without_what_it_does_not_need():
    code = "import sys; from pipeline.graph.simplifier import import_onnxsim; import_onnxsim().simplify; print(*({'torch', 'sympy'} & set(sys.modules)))"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout == "\n"


def test_an_axis_that_is_empty_stays_so():
    model = parser.parse_model(
        '<ir_version: 10, opset_import: ["" : 20]> net (float[batch,tokens,4] x) => (float[batch,some,3] y) '
        "<float[4,3] w = {1,2,3,4,5,6,7,8,9,10,11,12}, float[3] b = {1,2,3}, int64[1] from = {1}, int64[1] to = {9}, int64[1] step = {2}> "
        "{ odd = Slice(x, from, to, from, step) product = MatMul(odd, w) y = Add(product, b) }"
    )
    contract = Contract.model_construct(inputs=[tensor("x", SHAPE)], outputs=[tensor("y", ["batch", "some", 3])])
    session = open_session(simplify(model, contract, SOURCE, TARGET).SerializeToString())
    assert answer(session, {"x": np.ones((2, 1, 4), np.float32)})["y"].shape == (2, 0, 3)


@pytest.mark.parametrize(("opset", "ir"), [(18, 8), (20, 9), (20, 10), (21, 11), (26, 13)])
def test_opset_and_ir_version_stay(opset, ir, model, contract):
    model.opset_import[0].version, model.ir_version = opset, ir
    simplified = simplify(model, contract, SOURCE, TARGET)
    assert (simplified.opset_import[0].version, simplified.ir_version) == (opset, ir)


def test_an_ir_version_that_onnxsim_changes_is_written_back(model, contract, monkeypatch):
    def change(model, **_):
        model.ir_version = 12
        return model, True

    monkeypatch.setattr(onnxsim, "simplify", change)
    assert simplify(model, contract, SOURCE, TARGET).ir_version == 10


def test_an_opset_that_onnxsim_changes_is_noticed(model, contract, monkeypatch):
    def change(model, **_):
        changed = ModelProto.FromString(model.SerializeToString())
        changed.opset_import[0].version = 21
        return changed, True

    monkeypatch.setattr(onnxsim, "simplify", change)
    with pytest.raises(
        PipelineError, match=r"^build/to\.onnx: simplification changed the opsets: expected \{'': 20\}, got \{'': 21\}"
    ):
        simplify(model, contract, SOURCE, TARGET)


def test_an_operator_of_another_opset_is_named_with_where_it_comes_from(model, contract, monkeypatch):
    def change(model, **_):
        changed = ModelProto.FromString(model.SerializeToString())
        changed.graph.node[-1].op_type = "Swish"
        return changed, True

    monkeypatch.setattr(onnxsim, "simplify", change)
    with pytest.raises(
        PipelineError,
        match=r"^build/to\.onnx: operator Swish of node 'y', f \(net.py:3\), does not fit opset 20: .* opset 24",
    ):
        simplify(model, contract, SOURCE, TARGET, lambda node: "f (net.py:3)")
