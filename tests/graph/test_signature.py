import onnx
import pytest
from onnx import ModelProto, TensorProto, helper

from pipeline.core.contract import Contract, TensorSpec, load_contract
from pipeline.core.paths import EXPORTED
from pipeline.graph import onnx_model
from pipeline.graph.signature import fix_axes, mismatches, name_axes, signature


def value(name, kind=TensorProto.FLOAT, shape=("batch", 2)):
    return helper.make_tensor_value_info(name, kind, list(shape))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (TensorProto.FLOAT, "float32"),
        (TensorProto.FLOAT16, "float16"),
        (TensorProto.DOUBLE, "float64"),
        (TensorProto.INT64, "int64"),
        (TensorProto.UINT8, "uint8"),
        (TensorProto.BOOL, "bool"),
        (TensorProto.STRING, "string"),
    ],
)
def test_signature(kind, name):
    assert signature([value("x", kind, ("batch", 3))]) == [("x", name, ["batch", 3])]


def test_an_initializer_is_no_input(linear):
    model = onnx_model.load(EXPORTED, "export")
    model.graph.input.append(value(model.graph.initializer[0].name))
    assert mismatches(model, load_contract()) == []


def retype(which, kind):
    which.type.tensor_type.elem_type = kind


def resize(which, axis, size):
    which.type.tensor_type.shape.dim[axis].dim_value = size


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (lambda g: setattr(g.output[0], "name", "other"), "outputs: expected ['output'], got ['other']"),
        (lambda g: setattr(g.input[0], "name", "other"), "inputs: expected ['input'], got ['other']"),
        (lambda g: g.output.append(value("more")), "outputs: expected ['output'], got ['output', 'more']"),
        (lambda g: g.ClearField("output"), "outputs: expected ['output'], got []"),
        (lambda g: retype(g.output[0], TensorProto.DOUBLE), "output 'output': expected dtype float32, got float64"),
        (lambda g: resize(g.input[0], 0, 1), "input 'input': expected shape ['batch', 10], got [1, 10]"),
        (lambda g: resize(g.output[0], 1, 6), "output 'output': expected shape ['batch', 5], got ['batch', 6]"),
    ],
)
def test_mismatches(edit, problem, linear):
    model = onnx_model.load(EXPORTED, "export")
    edit(model.graph)
    assert mismatches(model, load_contract()) == [problem]


def test_every_mismatch_is_listed(linear):
    model = onnx_model.load(EXPORTED, "export")
    resize(model.graph.input[0], 0, 1)
    retype(model.graph.output[0], TensorProto.INT64)
    assert len(mismatches(model, load_contract())) == 2


def contract(**shapes: list[int | str]) -> Contract:
    """Of a model with the inputs `x` and `m`, as far as `shapes` has them, and the output `y`."""
    tensors = {
        name: TensorSpec(
            name=name, dtype="float32", shape=shape, description="", unit="", minimum=None, maximum=None, labels=[]
        )
        for name, shape in shapes.items()
    }
    inputs = [tensors[name] for name in ("x", "m") if name in tensors]
    return Contract.model_construct(inputs=inputs, outputs=[tensors["y"]])


def graph(**shapes: list[int | str | None]) -> ModelProto:
    values = {name: value(name, shape=shape) for name, shape in shapes.items()}
    inputs = [values[name] for name in ("x", "m") if name in values]
    return helper.make_model(helper.make_graph([], "g", inputs, [values["y"]]))


X = ["batch", "time", 4]


def named(size: int | str | None, expected: int | str) -> tuple[int | str, list[str]]:
    """An output's axis that the graph has as `size` and the contract as `expected`: named, and the mismatches."""
    model, agreed = graph(x=X, y=[size]), contract(x=X, y=[expected])
    name_axes(model, agreed)
    return signature(list(model.graph.output))[0][2][0], mismatches(model, agreed)


@pytest.mark.parametrize("size", [None, "s77", "u0 + 3", "unk__0", "Addy_dim_1"])
@pytest.mark.parametrize("expected", ["batch", "y_0"])
def test_an_axis_of_the_exporter_s_own_is_named(size, expected):
    assert named(size, expected) == (expected, [])


@pytest.mark.parametrize(
    ("size", "expected"), [("2*time", "y_0"), ("batch*time", "y_0"), ("Max(1, time)", "time"), ("time", "time")]
)
def test_an_expression_of_the_inputs_axes_is_named(size, expected):
    assert named(size, expected) == (expected, [])


@pytest.mark.parametrize(
    ("size", "expected"),
    [("batch", "time"), ("time", "y_0"), ("2*batch", "time"), ("batch", 8), ("2*time", 8), (8, "batch"), (8, 9)],
)
def test_an_axis_that_contradicts_the_contract_stays(size, expected):
    assert named(size, expected) == (size, [f"output 'y': expected shape [{expected!r}], got [{size!r}]"])


def test_an_axis_whose_name_is_part_of_another_s_is_not_that_one():
    assert named("timestamps", "y_0") == ("y_0", [])


def test_an_axis_of_an_input_is_named_again():
    model, agreed = graph(x=["unk__0", "unk__1", 4], m=X[:2], y=X), contract(x=X, m=X[:2], y=X)
    name_axes(model, agreed)
    assert mismatches(model, agreed) == []


@pytest.mark.parametrize("size", [None, "s77"])
def test_an_open_axis_is_a_mismatch_with_a_number_until_a_run_has_shown_it(size):
    model, agreed = graph(x=X, y=["batch", size]), contract(x=X, y=["batch", 5])
    assert mismatches(model, agreed, allow_open=True) == []
    assert mismatches(model, agreed) == [f"output 'y': expected shape ['batch', 5], got ['batch', {size or ''!r}]"]
    fix_axes(model, agreed)
    assert mismatches(model, agreed) == []


def test_a_dynamic_axis_is_no_open_one():
    model, agreed = graph(x=X, y=["time", 5]), contract(x=X, y=[8, 5])
    fix_axes(model, agreed)
    assert mismatches(model, agreed, allow_open=True) == ["output 'y': expected shape [8, 5], got ['time', 5]"]


def test_another_number_is_no_open_axis():
    assert mismatches(graph(x=X, y=[7]), contract(x=X, y=[5]), allow_open=True) == [
        "output 'y': expected shape [5], got [7]"
    ]


def test_an_open_axis_of_an_input_is_never_allowed():
    assert mismatches(graph(x=[None], y=[5]), contract(x=[4], y=[5]), allow_open=True) == [
        "input 'x': expected shape [4], got ['']"
    ]


def test_another_number_of_axes_is_a_mismatch():
    assert mismatches(graph(x=X, y=[5]), contract(x=X, y=[5, 1])) == ["output 'y': expected shape [5, 1], got [5]"]


def test_what_is_no_tensor_has_no_dtype_to_agree_with():
    ports = [helper.make_tensor_sequence_value_info("s", TensorProto.FLOAT, None), onnx.ValueInfoProto(name="n")]
    assert [dtype for _, dtype, _ in signature(ports)] == ["none: it is no tensor"] * 2
