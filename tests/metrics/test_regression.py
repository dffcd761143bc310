import numpy as np
import pytest
import sklearn.metrics

from pipeline.core.errors import PipelineError
from pipeline.metrics.regression import absolute_errors, mae, r2, rmse, squared_errors

RNG = np.random.default_rng(0)
TARGET = RNG.normal(size=(50, 3))
ANSWERS = (TARGET + RNG.normal(size=(50, 3))).astype(np.float32)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (mae, sklearn.metrics.mean_absolute_error),
        (rmse, sklearn.metrics.root_mean_squared_error),
        (r2, sklearn.metrics.r2_score),
    ],
)
def test_as_scikit_learn_has_it(ours, theirs):
    assert ours(ANSWERS[:, 0], TARGET[:, 0]) == pytest.approx(theirs(TARGET[:, 0], ANSWERS[:, 0]), rel=1e-12)


@pytest.mark.parametrize(
    ("ours", "theirs"), [(mae, sklearn.metrics.mean_absolute_error), (r2, sklearn.metrics.r2_score)]
)
def test_several_columns(ours, theirs):
    assert ours(ANSWERS, TARGET) == pytest.approx(theirs(TARGET, ANSWERS), rel=1e-12)


def test_rmse_is_of_all_values():
    assert rmse(ANSWERS, TARGET) == pytest.approx(np.sqrt(((ANSWERS - TARGET) ** 2).mean()))


def test_integers_do_not_overflow():
    assert mae(np.array([0], np.uint8), np.array([255], np.uint8)) == 255


def test_errors_of_rows_make_the_metric():
    assert absolute_errors(ANSWERS, TARGET).shape == (50,)
    assert absolute_errors(ANSWERS, TARGET).mean() == pytest.approx(mae(ANSWERS, TARGET))
    assert np.sqrt(squared_errors(ANSWERS, TARGET).mean()) == pytest.approx(rmse(ANSWERS, TARGET))


@pytest.mark.parametrize("metric", [mae, rmse, r2])
@pytest.mark.parametrize(
    ("answers", "target", "says"),
    [
        (ANSWERS, TARGET[:, 0], "of one shape, got float32[50, 3] and float64[50]"),
        (np.array(["a"], dtype=object), np.array([1.0]), "expected numbers, got answers of object[1]"),
        (np.array([1.0]), np.array(["a"], dtype=object), "expected numbers, got `target` of object[1]"),
    ],
    ids=["shapes", "text answers", "text target"],
)
def test_what_it_needs_is_said(metric, answers, target, says):
    with pytest.raises(PipelineError) as caught:
        metric(answers, target)
    assert says in str(caught.value)


def test_a_constant_target_explains_nothing():
    with pytest.raises(PipelineError, match="r2: expected a `target` that varies, got the same value in all 3 rows"):
        r2(np.array([1.0, 2.0, 3.0]), np.ones(3))
