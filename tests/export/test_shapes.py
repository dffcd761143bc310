import numpy as np
import pytest

from pipeline.core.arrays import Arrays
from pipeline.core.contract import load_contract
from pipeline.core.errors import PipelineError
from pipeline.core.golden import GoldenCall
from pipeline.core.rows import Rows
from pipeline.export.golden_calls import axis_sizes
from pipeline.export.shapes import choose_probes, infer_output_shapes, infer_shape
from pipeline_runs import net

TIME = "{x: {0: batch, 1: time}}"


@pytest.fixture
def model(params):
    return lambda axes: (
        params("model=custom", "model.net._target_=a.B", "data.path=x.npz", f"model.dynamic_axes={axes}").model
    )


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ([(1, 4), (2, 4)], ["batch", 4]),
        ([(1, 5), (2, 9)], ["batch", "y_1"]),
        ([(3, 4), (3, 4)], [3, 4]),
        ([(2, 1), (4, 2)], ["y_0", "batch"]),
    ],
)
def test_a_shape_is_inferred_from_calls_of_different_sizes(shapes, expected):
    assert infer_shape("y", [{"batch": 1}, {"batch": 2}], shapes) == expected


def test_an_axis_has_the_name_of_the_one_that_it_always_follows():
    sizes = [{"batch": 2, "time": 2}, {"batch": 3, "time": 2}, {"batch": 2, "time": 4}]
    assert infer_shape("y", sizes, [(2, 2), (2, 3), (4, 2)]) == ["time", "batch"]


def test_an_output_whose_axes_come_and_go_is_refused():
    with pytest.raises(
        PipelineError, match=r"output 'y': expected one number of axes, got shapes \[\(1,\), \(2, 3\)\]"
    ):
        infer_shape("y", [{"batch": 1}, {"batch": 2}], [(1,), (2, 3)])


def golden(model, answer, *calls: Arrays) -> list[GoldenCall]:
    return [
        GoldenCall(str(number), "rows", None, axis_sizes(inputs, model), inputs, answer(inputs))
        for number, inputs in enumerate(calls)
    ]


def infer(model, answer, rows: np.ndarray, *calls: np.ndarray, batched: bool = True) -> dict[str, list[int | str]]:
    """The shapes that golden calls, and rows for probes, show."""
    known = golden(model, answer, *({"x": call} for call in calls))
    return infer_output_shapes(answer, Rows({"x": rows}, batched), model, known)


def double(inputs: Arrays) -> Arrays:
    return {"y": inputs["x"] * 2}


def test_one_batch_size_is_enough_to_know_the_batch(model):
    assert infer(model("{x: {0: batch}}"), double, np.ones((9, 5)), np.ones((8, 5))) == {"y": ["batch", 5]}


def test_one_size_of_another_axis_is_enough_to_know_that_axis(model):
    shapes = infer(model(TIME), double, np.ones((9, 1, 4)), np.ones((1, 1, 4)), np.ones((2, 1, 4)))
    assert shapes == {"y": ["batch", "time", 4]}


def test_one_row_is_enough(model):
    assert infer(model("{x: {0: batch}}"), double, np.ones((1, 5)), np.ones((1, 5))) == {"y": ["batch", 5]}


def test_without_a_batch_too(model):
    shapes = infer(model("{x: {0: time}}"), double, np.ones((9, 6, 3)), np.ones((6, 3)), batched=False)
    assert shapes == {"y": ["time", 3]}


def test_an_axis_of_which_the_network_takes_one_size_only_is_a_number(model):
    def fixed(inputs):
        if inputs["x"].shape[1] != 6:
            raise PipelineError("6 only")
        return double(inputs)

    assert infer(model(TIME), fixed, np.ones((9, 6)), np.ones((1, 6)), np.ones((2, 6))) == {"y": ["batch", 6]}


def test_outputs_that_come_and_go_are_refused(model):
    def answer(inputs):
        return double(inputs) if len(inputs["x"]) == 8 else {**double(inputs), "z": inputs["x"]}

    with pytest.raises(PipelineError, match=r"expected the outputs \['y'\] in every call, got \['y', 'z'\] in one"):
        infer(model("{x: {0: batch}}"), answer, np.ones((9, 5)), np.ones((8, 5)))


def test_what_golden_calls_have_shown_is_not_asked_again(model):
    sizes = [{"batch": 1, "time": 6}, {"batch": 2, "time": 3}]
    assert choose_probes(Rows({"x": np.ones((9, 6))}, batched=True), model(TIME), sizes) == []


def test_probes_show_each_axis_that_they_must(model):
    sizes = [{"batch": 8, "time": 6}]
    probes = choose_probes(Rows({"x": np.ones((9, 6))}, batched=True), model(TIME), sizes)
    assert [probe["x"].shape for probe in probes] == [(2, 6), (3, 6), (2, 12)]


def test_an_axis_is_as_long_in_every_input(model):
    axes = model("{x: {0: batch, 1: time}, m: {0: batch, 2: time}}")
    rows = Rows({"x": np.ones((9, 6)), "m": np.ones((9, 4, 6))}, batched=True)
    (probe,) = choose_probes(rows, axes, [{"batch": 1, "time": 6}, {"batch": 2, "time": 6}])
    assert {name: array.shape for name, array in probe.items()} == {"x": (2, 12), "m": (2, 4, 12)}


# Golden calls of 8 rows, and an axis that real rows have at 1: today's graph says batch and time, and so must the contract.
@pytest.mark.parametrize("exporter", ["dynamo", "tracer"])
def test_one_golden_batch_size_leaves_the_batch_dynamic(exporter, bring):
    settings = ("export.golden_batches=[8]", f"export.exporter={exporter}")
    rows = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32)
    bring(net("x): return self.f(x)", "self.f = nn.Linear(3, 5)"), "{x: {0: batch}}", *settings, x=rows)
    assert load_contract().outputs[0].shape == ["batch", 5]
