import numpy as np
import pytest
import scipy.stats

from pipeline.core.contract import Task
from pipeline.metrics.paired import binomial_bound, changed_rows, pair, rounding
from pipeline.metrics.score import Score, score
from pipeline.settings.short_names import METRICS

RNG = np.random.default_rng(0)


def measure(metric: str, answers: np.ndarray, target: np.ndarray) -> Score:
    direction = "lower" if metric in ("mae", "rmse", "cer", "wer") else "higher"
    return score(Task(metric=metric, target=METRICS[metric], direction=direction, output="x"), {"x": answers}, target)


@pytest.mark.parametrize(("events", "trials"), [(0, 1), (0, 359), (1, 359), (7, 100), (99, 100), (400, 10_000)])
def test_the_bound_is_clopper_and_pearson_s(events, trials):
    assert binomial_bound(events, trials) == pytest.approx(scipy.stats.beta.ppf(0.95, events + 1, trials - events))


def test_where_all_rows_are_worse_the_bound_is_all():
    assert binomial_bound(5, 5) == 1.0


def test_rows_that_got_better_and_worse_are_told_apart_though_the_means_are_equal():
    target = np.array([0, 1, 2, 3])
    paired = pair(
        measure("accuracy", np.array([0, 1, 9, 9]), target), measure("accuracy", np.array([0, 9, 2, 8]), target)
    )
    assert (paired.changed, paired.better, paired.worse, paired.loss) == (3, 1, 1, 0.0)
    assert (paired.bound, paired.bound_of) == (binomial_bound(1, 4), "worse rows")


def test_the_loss_of_a_metric_of_which_less_is_better():
    target = np.arange(4.0)
    paired = pair(measure("mae", target, target), measure("mae", target + np.array([0, 0, 0, 2]), target))
    assert (paired.changed, paired.better, paired.worse, paired.loss) == (1, 0, 1, 0.5)


def test_an_improvement_is_a_negative_loss():
    target = np.arange(4.0)
    paired = pair(measure("rmse", target + 1, target), measure("rmse", target, target))
    assert (paired.better, paired.worse, paired.loss) == (4, 0, -1.0)


def test_rounding_changes_no_row():
    target = RNG.normal(size=50)
    answers = target.astype(np.float32)
    paired = pair(measure("rmse", answers, target), measure("rmse", answers * np.float32(1 + 1e-6), target))
    assert (paired.changed, paired.better, paired.worse) == (0, 0, 0)


def test_a_rank_that_rounding_turned_is_a_row_that_changed():
    level = np.full((3, 7), 0.1)
    scores = level.copy()
    scores[0, 6] += 1e-9
    target = np.array([6, 6, 0])
    paired = pair(measure("top5", scores, target), measure("top5", level, target))
    assert (paired.changed, paired.worse) == (1, 1)


def test_without_a_value_for_each_row_the_loss_has_a_bound():
    target = RNG.integers(0, 2, size=200)
    answers = target.copy()
    answers[:10] = 1 - answers[:10]
    paired = pair(measure("macro_f1", target, target), measure("macro_f1", answers, target))
    assert (paired.changed, paired.better, paired.worse, paired.bound_of) == (10, None, None, "loss")
    assert paired.loss < paired.bound < 0.1


def test_the_bootstrap_is_seeded():
    target = RNG.integers(0, 2, size=100)
    pairs = [
        pair(measure("macro_f1", target, target), measure("macro_f1", target[::-1].copy(), target)) for _ in range(2)
    ]
    assert pairs[0] == pairs[1]


def test_a_sample_that_the_metric_cannot_measure_is_left_out():
    """One row of class 1 in three: two of seven samples have none."""
    target = np.array([0, 0, 1])
    paired = pair(
        measure("auroc", np.array([0.1, 0.2, 0.9]), target), measure("auroc", np.array([0.1, 0.9, 0.2]), target)
    )
    assert paired.loss == 0.5
    assert paired.bound == 1.0


def test_no_changed_row_has_nothing_to_lose():
    target = RNG.integers(0, 2, size=20)
    paired = pair(measure("macro_f1", target, target), measure("macro_f1", target, target))
    assert (paired.changed, paired.loss, paired.bound) == (0, 0.0, 0.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_changed_rows_of_floating_answers(dtype):
    answers = np.array([[1, 2], [3, 4], [0, 0]], dtype)
    other = answers * dtype(1 + 1e-6)
    other[1, 0] = 3.1
    assert changed_rows(answers, other).tolist() == [False, True, False]


def test_answers_of_another_shape_have_all_changed():
    assert changed_rows(np.zeros((2, 3)), np.zeros((2, 4))).tolist() == [True, True]


def test_nan_and_infinity_in_the_same_place_are_no_change():
    answers = np.array([np.nan, np.inf, 1.0])
    assert changed_rows(answers, answers + np.array([0, 0, 1])).tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("metric", "answers", "target", "expected"),
    [
        ("accuracy", np.array([1, 2]), np.array([1, 2]), 0.0),
        ("auroc", np.array([0.1, 0.2]), np.array([0, 1]), 1e-4),
        ("rmse", np.array([100.0, 200.0]), np.array([101.0, 201.0]), 1e-4 + 201e-6),
    ],
)
def test_what_rounding_may_move(metric, answers, target, expected):
    assert rounding(measure(metric, answers, target)) == pytest.approx(expected)
