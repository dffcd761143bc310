import numpy as np

from pipeline.core.rows import Rows
from pipeline.export.golden_calls import choose_calls


def test_golden_rows(params):
    model = params("model=linear").model
    rows = np.arange(200, dtype=np.float32).reshape(20, 10)
    calls = choose_calls(Rows({"input": rows}, batched=True), model, [1, 2, 3, 7], seed=0)
    assert [(call.purpose, call.rows, call.sizes) for call in calls[3:5]] == [
        ("rows", 7, {"batch": 7}),
        ("edge", 2, {"batch": 2}),
    ]
    cases = {call.name: call.inputs for call in calls}
    assert {case: len(arrays["input"]) for case, arrays in cases.items()} == {
        "rows-1": 1,
        "rows-2": 2,
        "rows-3": 3,
        "rows-7": 7,
        "zeros": 2,
        "minimum": 2,
        "maximum": 2,
    }
    drawn = np.concatenate([arrays["input"][:, 0] for case, arrays in cases.items() if case.startswith("rows")])
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
    assert [call.name for call in calls] == ["rows-1"]
