import numpy as np
import pytest

import sample_reports as samples
from pipeline.core.golden import GoldenCall
from pipeline.parity.row_views import Answer
from pipeline.parity.worst_rows import ROWS, ROWS_FAILED, RowKeeper

OUTPUTS = [{**samples.TENSOR, "name": name} for name in ("y", "k")]
MODEL = samples.contract(inputs=[{**samples.TENSOR, "shape": ["batch"]}], outputs=OUTPUTS)


def keeper(*judged: str) -> RowKeeper:
    return RowKeeper(MODEL, frozenset(judged or ("y", "k")))


def call(values, name: str = "rows", texts=()) -> GoldenCall:
    return GoldenCall(name, "rows", len(values), {}, {"x": np.asarray(values, np.float32)}, texts=texts)


def shares(*used: float) -> Answer:
    return Answer(np.zeros(len(used)), np.asarray(used), np.asarray(used))


def classes(expected, got) -> Answer:
    return Answer(np.asarray(expected), np.asarray(got), None)


def rows(kept: RowKeeper) -> list[tuple[str, int]]:
    return [(row.case, row.row) for row in kept.rows()]


def test_the_worst_come_first():
    kept = keeper()
    kept.add(call([1, 2, 3]), {"y": shares(0.1, -0.9, 0.5)}, rows=True)
    assert rows(kept) == [("rows", 1), ("rows", 2), ("rows", 0)]


def test_a_class_that_differs_is_worse_than_any_number():
    kept = keeper()
    kept.add(call([1, 2]), {"y": shares(9.0, 0.0), "k": classes([1, 1], [1, 2])}, rows=True)
    assert rows(kept) == [("rows", 1), ("rows", 0)]


def test_the_same_row_in_two_calls_counts_once_where_it_is_worse():
    kept = keeper()
    kept.add(call([1, 2], "first"), {"y": shares(0.1, 0.2)}, rows=True)
    kept.add(call([2, 1], "second"), {"y": shares(0.2, 0.3)}, rows=True)
    assert rows(kept) == [("second", 1), ("first", 1)]


def test_no_more_are_kept_than_are_shown():
    kept = keeper()
    kept.add(call(range(100)), {"y": shares(*np.linspace(0, 1, 100))}, rows=True)
    assert len(kept.rows()) == ROWS


def test_the_worst_row_of_each_output_that_fails_is_there():
    kept = keeper()
    failing = [2.0, *[0.0] * 19]
    kept.add(call(range(20)), {"y": shares(*np.linspace(2, 40, 20)), "k": shares(*failing)}, rows=True)
    assert ("rows", 0) in rows(kept)
    assert len(kept.rows()) == ROWS + 1 <= ROWS_FAILED


def test_an_output_that_is_not_judged_makes_no_row_worse():
    kept = keeper("y")
    kept.add(call([1, 2]), {"y": shares(0.1, 0.2), "k": classes([1, 1], [2, 1])}, rows=True)
    assert rows(kept)[0] == ("rows", 1)


def test_a_call_that_is_one_row():
    kept = keeper()
    kept.add(call([1, 2, 3]), {"y": shares(0.1, 0.9)}, rows=False)
    (row,) = kept.rows()
    assert (row.row, row.inputs[0].shape, row.answers[0].size) == (0, [3], 2)


def test_texts_stand_for_the_tokens_made_of_them():
    kept = keeper()
    kept.add(call([1, 2], texts=("a", "b")), {"y": shares(0.1, 0.9)}, rows=True)
    assert [(view.kind, view.texts) for view in kept.rows()[0].inputs] == [("text", ["b"])]


@pytest.mark.parametrize("texts", [["", "b"], ["a\0b", "b"]])
def test_rows_of_text_are_told_apart(texts):
    kept = keeper()
    inputs = {"x": np.array(texts, object)}
    kept.add(GoldenCall("rows", "rows", 2, {}, inputs), {"y": shares(0.1, 0.2)}, rows=True)
    assert len(kept.rows()) == 2


def test_the_arrays_of_a_call_are_let_go():
    kept, answer = keeper(), shares(0.1, 0.2)
    asked = call([1, 2])
    kept.add(asked, {"y": answer}, rows=True)
    asked.inputs["x"][:] = 9
    assert {row.inputs[0].values[0] for row in kept.rows()} == {1.0, 2.0}
