"""benchmarks/serving: what the endpoint is held to."""

import pytest


@pytest.fixture
def turn(serving):
    """Makes a turn in which the floor answers 1,000 requests a second."""

    def make(rows: float, seconds_a_row: float = 0.0, failed: int = 0):
        loads = {"rows": serving.load.Load(rows, 1, 2, failed), "floor": serving.load.Load(1000, 1, 2, 0)}
        return serving.goals.Turn(loads, seconds_a_row)

    return make


def test_without_a_model_the_ideal_is_the_floor(serving):
    assert serving.goals.ideal(1000, 0, 2) == 1000


def test_the_ideal_adds_the_model_s_time_on_all_processors(serving):
    assert serving.goals.ideal(1000, 0.002, 2) == pytest.approx(500)


def test_each_turn_has_its_own_ideal(serving, turn):
    turns = [turn(400, 0.002), turn(250, 0.002), turn(450, 0.002)]
    assert serving.goals.share_of_ideal(turns, "rows", 2) == pytest.approx(0.8)


def test_a_goal_that_is_reached_is_no_sentence(serving, turn):
    assert serving.goals.missed_rates("linear", [turn(880)], 2) == []


def test_linear_is_held_to_the_floor(serving, turn):
    assert serving.goals.missed_rates("linear", [turn(870)], 2) == [
        "linear: expected at least 0.88 of the floor, got 0.87"
    ]


def test_digits_is_held_to_the_ideal(serving, turn):
    assert serving.goals.missed_rates("digits", [turn(400, 0.002)], 2) == [
        "digits: expected at least 0.85 of the ideal, got 0.80"
    ]


def test_requests_without_an_answer_are_a_sentence(serving, turn):
    assert serving.goals.missed_rates("linear", [turn(1000, failed=3)], 2) == [
        "linear: rows: expected an answer to every request, got 3 without one"
    ]


def test_a_latency_above_fastapi_s_is_a_sentence(serving):
    ours, theirs = [serving.load.Load(1, 1.0, 9.0, 0)], [serving.load.Load(1, 2.0, 8.0, 0)]
    assert serving.goals.missed_latencies("digits", "full load", ours, theirs) == [
        "digits, full load: p99 of 9.00 ms, and FastAPI's is 8.00"
    ]
