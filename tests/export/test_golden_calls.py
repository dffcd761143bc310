import numpy as np
import pytest

from pipeline.core.rows import Rows
from pipeline.export.golden_calls import choose_calls


def test_golden_rows(params):
    model = params("model=linear").model
    rows = np.arange(200, dtype=np.float32).reshape(20, 10)
    calls = choose_calls(Rows({"input": rows}, batched=True), model, [1, 2, 3, 7], seed=0)
    assert [(call.purpose, call.rows, call.sizes) for call in calls[3:7]] == [
        ("rows", 7, {"batch": 7}),
        ("rows", 8, {"batch": 8}),
        ("rows", 64, {"batch": 64}),
        ("edge", 2, {"batch": 2}),
    ]
    cases = {call.name: call.inputs for call in calls}
    assert {case: len(arrays["input"]) for case, arrays in cases.items()} == {
        "rows-1": 1,
        "rows-2": 2,
        "rows-3": 3,
        "rows-7": 7,
        "rows-8": 8,
        "rows-64": 64,
        "zeros": 2,
        "minimum": 2,
        "maximum": 2,
    }
    drawn = np.concatenate([arrays["input"][:, 0] for case, arrays in list(cases.items())[:4]])
    assert len(set(drawn)) == 13
    assert set(drawn) <= set(rows[:, 0])
    assert [float(cases[case]["input"].max()) for case in ("zeros", "minimum", "maximum")] == [0, -1, 1]


def test_golden_rows_repeat_when_there_are_too_few(params):
    rows = np.arange(30, dtype=np.float32).reshape(3, 10)
    call, *_ = choose_calls(Rows({"input": rows}, batched=True), params("model=linear").model, [7], seed=0)
    assert set(call.inputs["input"][:, 0]) == {0, 10, 20}


def test_an_input_without_bounds_has_no_extreme_cases(params):
    model = params("model=linear", "model.inputs.input.minimum=null", "model.inputs.input.maximum=null").model
    calls = choose_calls(Rows({"input": np.zeros((5, 10))}, batched=True), model, [1], seed=0)
    assert [call.name for call in calls] == ["rows-1", "rows-2", "rows-64"]


@pytest.mark.parametrize(("width", "work"), [(10**5, 0), (10, 10**9)])
def test_many_rows_of_a_large_input_or_network_are_not_asked_for(width, work, params):
    rows = Rows({"input": np.zeros((5, width), np.float32)}, batched=True)
    calls = choose_calls(rows, params("model=linear", "~model.inputs.input").model, [1, 2], seed=0, work=work)
    assert [call.name for call in calls] == ["rows-1", "rows-2", "rows-3"]


def masks(params, *overrides, batched=True, **arrays):
    names = ", ".join(f"{name}: {{0: batch}}" for name in arrays)
    model = params(
        "model=custom", "model.net._target_=a.B", "data.path=x.npz", f"model.dynamic_axes={{{names}}}", *overrides
    ).model
    calls = choose_calls(Rows(arrays, batched), model, [1], seed=0)
    return {call.name: call.inputs for call in calls if call.purpose == "mask"}


def test_a_mask_is_all_true_and_all_false_the_others_are_real(params):
    x = np.arange(10.0).reshape(5, 2)
    calls = masks(params, x=x, keep=x > 2)
    assert list(calls) == ["keep all false", "keep all true"]
    assert not calls["keep all false"]["keep"].any()
    assert calls["keep all true"]["keep"].all()
    assert all(set(inputs["x"][:, 0]) <= set(x[:, 0]) for inputs in calls.values())


def test_integers_of_zeros_and_ones_are_masks_each_and_together(params):
    calls = masks(params, ids=np.arange(5), mask=np.array([0, 1, 1, 0, 1]), side=np.ones(5, np.int32))
    assert list(calls) == [
        f"{name} all {value}" for name in ("mask", "side", "all masks") for value in ("false", "true")
    ]
    together = calls["all masks all true"]
    assert (together["mask"].tolist(), together["side"].dtype) == ([1, 1], np.int32)


def test_an_input_whose_range_leaves_one_out_is_no_mask(params):
    assert masks(params, "+model.inputs={k: {minimum: 1}}", k=np.ones(5, np.int64)) == {}


def test_at_the_ends_of_the_ranges_masks_are_as_in_the_real_rows(params):
    bounds = "+model.inputs={x: {minimum: -9, maximum: 9}, keep: {minimum: 0, maximum: 1}}"
    model = params(
        "model=custom",
        "model.net._target_=a.B",
        "data.path=x.npz",
        "model.dynamic_axes={x: {0: batch}, keep: {0: batch}}",
        bounds,
    ).model
    rows = Rows({"x": np.arange(10.0).reshape(5, 2), "keep": np.tile([True, False], (5, 1))}, batched=True)
    edges = {call.name: call.inputs for call in choose_calls(rows, model, [1], seed=0) if call.purpose == "edge"}
    assert {name: (inputs["x"].max(), inputs["keep"].tolist()) for name, inputs in edges.items()} == {
        "zeros": (0, [[True, False]] * 2),
        "minimum": (-9, [[True, False]] * 2),
        "maximum": (9, [[True, False]] * 2),
    }
