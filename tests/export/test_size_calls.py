import numpy as np
import pytest

from pipeline.core.arrays import Arrays
from pipeline.core.errors import PipelineError
from pipeline.export.size_calls import SizeTrial, choose_sizes, fit_lengths, resize
from pipeline.settings.model import AxisSettings


@pytest.fixture
def model(params):
    return lambda axes, *overrides: (
        params(
            "model=custom", "model.net._target_=a.B", "data.path=x.npz", f"model.dynamic_axes={axes}", *overrides
        ).model
    )


@pytest.fixture
def trial(model):
    """Ask a network that takes sizes for which `takes` holds, about series of 12 steps or what else `pair` holds."""

    def run(takes, *overrides: str, axes="{x: {0: batch, 1: time}}", pair: Arrays | None = None, work=0) -> SizeTrial:
        def answer(inputs: Arrays) -> Arrays:
            if not takes(*inputs["x"].shape[1:]):
                raise PipelineError("no")
            return {"y": inputs["x"]}

        pair = pair or {"x": np.arange(24).reshape(2, 12)}
        made = SizeTrial(answer, pair, model(axes, *overrides), True, work)
        made.run()
        return made

    return run


@pytest.mark.parametrize(
    ("full", "bounds", "expected"),
    [
        (12, {}, [1, 2, 3, 6, 12, 13, 17, 24]),
        (1, {}, [1, 2, 3]),
        (16, {"maximum": 20, "minimum": 4}, [4, 8, 16, 17, 19, 20]),
        (8, {"multiple_of": 4}, [4, 8, 12, 16]),
        (8, {"multiple_of": 4, "maximum": 15}, [4, 8, 12]),
    ],
)
def test_sizes_below_at_and_beyond_the_data_within_the_bounds(full, bounds, expected):
    assert choose_sizes(full, AxisSettings(**bounds)) == expected


def test_beyond_the_data_values_are_repeated_alike_in_every_input(model):
    axes = model("{x: {0: batch, 1: time}, m: {0: batch, 2: time}}")
    resized = resize({"x": np.arange(6).reshape(2, 3), "m": np.arange(6).reshape(2, 1, 3)}, axes, {"time": 5})
    assert resized["x"].tolist() == [[0, 1, 2, 0, 1], [3, 4, 5, 3, 4]]
    np.testing.assert_array_equal(resized["m"][:, 0], resized["x"])


def test_each_axis_alone_and_then_all_together(trial):
    made = trial(
        lambda *_: True, axes="{x: {0: batch, 1: height, 2: width}}", pair={"x": np.zeros((2, 4, 6), np.float32)}
    )
    sizes = [(call.sizes["height"], call.sizes["width"]) for call in made.calls]
    assert [height for height, width in sizes if width == 6] == [1, 2, 3, 5, 7, 8]
    assert [width for height, width in sizes if height == 4] == [1, 2, 3, 7, 11, 12]
    assert {(1, 1), (2, 2), (7, 11), (8, 12)} <= set(sizes)
    assert {call.purpose for call in made.calls} == {"size"}


def test_what_the_network_refuses_is_left_out_and_noted(trial):
    made = trial(lambda time: time <= 13)
    assert made.refused == {"time": [17, 24]}
    assert made.left_out == {"time=17": "no", "time=24": "no"}
    assert [call.name for call in made.calls] == ["time=1", "time=2", "time=3", "time=6", "time=13"]


def test_sizes_that_fail_together_alone_narrow_no_axis(trial):
    made = trial(
        lambda height, width: height * width > 1,
        axes="{x: {0: batch, 1: height, 2: width}}",
        pair={"x": np.zeros((2, 4, 6), np.float32)},
    )
    assert made.refused == {}
    assert list(made.left_out) == ["height=1, width=1"]


@pytest.mark.parametrize(("step", "expected"), [(4, 4), (2, 2), (12, 12), (1, 1)])
def test_a_multiple_shows_in_what_is_refused(step, expected, trial):
    assert trial(lambda time: time % step == 0).multiple_of == {"time": expected}


def test_a_network_that_refuses_short_series_needs_no_multiple(trial):
    made = trial(lambda time: time >= 5)
    assert (made.refused, made.multiple_of) == ({"time": [1, 2, 3]}, {"time": 1})


def test_no_multiple_is_claimed_of_sizes_of_which_one_was_refused(trial):
    assert trial(lambda time: time in (12, 24)).multiple_of == {"time": 12}
    assert trial(lambda time: time in (6, 12, 24)).multiple_of == {"time": 1}


def test_the_configured_multiple_is_the_contract_s(trial):
    made = trial(lambda *_: True, "+model.axes.time.multiple_of=4")
    assert made.multiple_of == {"time": 4}
    assert {call.sizes["time"] % 4 for call in made.calls} == {0}


def test_sizes_that_cost_too_much_are_skipped_and_named(trial):
    made = trial(lambda *_: True, work=8 * 10**9)
    assert made.skipped == ["time=17", "time=24"]
    assert [call.name for call in made.calls][-1] == "time=13"


def test_lengths_shrink_with_the_series(model):
    inputs = {"x": np.zeros((2, 3)), "lengths": np.array([6, 2])}
    axes = model("{x: {0: batch, 1: time}, lengths: {0: batch}}")
    assert [each["lengths"].tolist() for each in fit_lengths(inputs, axes, {"time": 3})] == [[6, 2], [3, 2], [2, 2]]


def test_the_network_is_asked_with_the_lengths_that_it_takes(trial):
    made = trial(
        lambda *_: True,
        axes="{x: {0: batch, 1: time}, lengths: {0: batch}}",
        pair={"x": np.zeros((2, 12)), "lengths": np.array([12, 5])},
    )

    def answer(inputs):
        if inputs["lengths"].max() > inputs["x"].shape[1]:
            raise PipelineError("a length beyond the series")
        return {"y": inputs["x"]}

    asked = SizeTrial(answer, made.pair, made.model, True)
    asked.run()
    assert asked.refused == {}
    assert {call.sizes["time"]: call.inputs["lengths"].max() for call in asked.calls}[3] == 3


def test_a_batch_that_fails_bounds_no_axis(trial):
    made = trial(lambda *_: True)
    made.answer = lambda inputs: (_ for _ in ()).throw(PipelineError("no"))
    assert not made.ask({"batch": 5}, "guard")
    assert "batch" not in made.refused
    assert made.left_out["batch=5"] == "no"
