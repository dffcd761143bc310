import numpy as np
import pytest

from pipeline.core.errors import PipelineError
from pipeline.export.size_calls import SizeTrial
from pipeline.export.size_sweep import MOST, answer_sweep, choose_sweep


@pytest.fixture
def trial(params):
    def make(*overrides: str, axes="{x: {0: batch, 1: time}}", shape=(2, 12), work=0) -> SizeTrial:
        model = params(
            "model=custom", "model.net._target_=a.B", "data.path=x.npz", f"model.dynamic_axes={axes}", *overrides
        ).model
        return SizeTrial(lambda inputs: inputs, {"x": np.zeros(shape, np.float32)}, model, True, work)

    return make


def test_every_size_up_to_four_times_the_data_s(trial):
    assert [sizes["time"] for sizes in choose_sweep(trial())] == [*range(1, 12), *range(13, 49)]


def test_all_axes_together_too(trial):
    chosen = choose_sweep(trial(axes="{x: {0: batch, 1: height, 2: width}}", shape=(2, 3, 4)))
    assert [sizes for sizes in chosen if len(sizes) == 2][-1] == {"height": 12, "width": 16}


def test_no_size_beyond_the_bounds(trial):
    chosen = choose_sweep(trial("+model.axes.time.maximum=16", "+model.axes.time.multiple_of=4"))
    assert [sizes["time"] for sizes in chosen] == [4, 8, 16]


def test_a_long_axis_is_asked_at_some(trial):
    assert len(choose_sweep(trial(shape=(2, 2000)))) <= MOST


def test_a_large_network_is_asked_at_none(trial):
    assert choose_sweep(trial(work=10**10)) == []


def test_without_open_axes_there_is_nothing_to_sweep(trial):
    assert choose_sweep(trial(axes="{x: {0: batch}}")) == []


def test_one_row_is_asked_and_what_the_network_refuses_is_left_out(trial):
    def answer(inputs):
        if inputs["x"].shape[1] == 2:
            raise PipelineError("no")
        return {"y": inputs["x"]}

    calls = list(answer_sweep(answer, trial(), [{"time": 1}, {"time": 2}, {"time": 30}]))
    assert [(call.name, call.inputs["x"].shape) for call in calls] == [("time=1", (1, 1)), ("time=30", (1, 30))]
