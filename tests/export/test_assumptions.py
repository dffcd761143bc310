import pytest

from pipeline.core.golden import GoldenCall
from pipeline.export.assumptions import Assumption, ask_boundaries, find_boundaries
from pipeline.export.limits import find_limit
from size_conditions import AREA, EVEN, FAR, FULL, PICTURE, SHORT, VALUES


@pytest.mark.parametrize(
    ("assumption", "sizes"), [(SHORT, [16, 17]), (FAR, [5000, 5001]), (EVEN, [11, 13]), (VALUES, [])]
)
def test_both_sides_of_a_condition(assumption, sizes, model):
    assert find_boundaries(assumption, FULL, model()) == [{"time": size} for size in sizes]


def test_the_nearest_side_below_and_above(model):
    window = Assumption("", "", ("time",), lambda s: 5 <= s["time"] <= 20)
    assert [sizes["time"] for sizes in find_boundaries(window, FULL, model())] == [4, 5, 20, 21]


def test_a_product_is_turned_by_each_axis_and_by_both(model):
    boundaries = find_boundaries(AREA, PICTURE, model(axes="{x: {0: batch, 2: height, 3: width}}"))
    assert boundaries == [
        {"height": 16},
        {"height": 17},
        {"width": 21},
        {"width": 22},
        {"height": 17, "width": 17},
    ]


def test_the_batch_is_an_axis_too(model):
    small = Assumption("batch <= 32", "", ("batch",), lambda s: s["batch"] <= 32)
    assert find_boundaries(small, FULL, model()) == [{"batch": 32}, {"batch": 33}]


@pytest.mark.parametrize("bound", ["+model.axes.time.maximum=16", "+model.axes.time.multiple_of=12"])
def test_nothing_is_asked_beyond_the_bounds(bound, model):
    sizes = [sizes["time"] for sizes in find_boundaries(FAR, FULL, model(bound))]
    assert all(model(bound).axes["time"].allows(size) for size in sizes)
    assert find_boundaries(SHORT, FULL, model("+model.axes.time.maximum=16")) == []


def test_the_network_is_asked_on_both_sides(trial):
    asked = trial()
    assert ask_boundaries([SHORT], asked, []) == {str(SHORT): ["time=16", "time=17"]}
    assert [(call.name, call.purpose) for call in asked.calls] == [("time=16", "guard"), ("time=17", "guard")]


def test_what_a_call_has_shown_is_not_asked_again(trial):
    asked = trial()
    asked.run()
    calls = list(asked.calls)
    assert ask_boundaries([SHORT], asked, calls) == {str(SHORT): ["time=16", "time=17"]}
    assert [call.name for call in asked.calls if call.purpose == "guard"] == ["time=16"]


def test_a_condition_of_values_is_kept_without_calls(trial):
    assert ask_boundaries([VALUES], trial(), []) == {"u0 >= 2": []}


def test_of_conditions_that_turn_at_the_same_sizes_one_stands_for_all(trial):
    again = Assumption("time < 17", "", ("time",), lambda s: s["time"] < 17)
    assert list(ask_boundaries([SHORT, again], trial(), [])) == [str(SHORT)]


def test_a_condition_that_never_turns_is_none(trial):
    assert ask_boundaries([Assumption("time >= 1", "", ("time",), lambda s: s["time"] >= 1)], trial(), []) == {}


def test_a_condition_on_the_words_of_a_text_is_told_by_texts(trial):
    words = Assumption("text_words >= 2", "", ("text_words",), lambda s: s["text_words"] >= 2)
    asked = trial()
    assert find_boundaries(words, FULL, asked.model) == []
    calls = [GoldenCall("1-words", "size", 1, {"batch": 1}, {}), GoldenCall("rows-1", "rows", 1, {"batch": 1}, {})]
    assert ask_boundaries([words], asked, calls) == {"text_words >= 2": ["1-words"]}
    assert find_limit([words], {"time": 3}, asked) is None
