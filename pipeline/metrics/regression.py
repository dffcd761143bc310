"""Metrics of values: how far the answer is from the target. Pure numpy, in float64."""

import numpy as np

from pipeline.core.arrays import Array
from pipeline.core.errors import PipelineError


def mae(answers: Array, target: Array) -> float:
    """Mean absolute error, mean |answers - target|.

    Args:
        answers: Numbers [rows, ...].
        target: Numbers of the same shape.

    Returns:
        0 or more, in the target's unit; lower is better. scikit-learn's `mean_absolute_error` where the shape is [rows].

    Raises:
        PipelineError: Not numbers, or of other shapes.
    """
    return float(absolute_errors(answers, target).mean())


def rmse(answers: Array, target: Array) -> float:
    """Root of the mean squared error, sqrt(mean (answers - target)²), of all values.

    Args:
        answers: Numbers [rows, ...].
        target: Numbers of the same shape.

    Returns:
        0 or more, in the target's unit; lower is better. scikit-learn's `root_mean_squared_error` where the shape is [rows].

    Raises:
        PipelineError: Not numbers, or of other shapes.
    """
    return float(np.sqrt(squared_errors(answers, target).mean()))


def r2(answers: Array, target: Array) -> float:
    """Coefficient of determination, 1 - sum (answers - target)² / sum (target - mean)², its mean over columns.

    Args:
        answers: Numbers [rows, ...].
        target: Numbers of the same shape, each column with two different values or more.

    Returns:
        1 at best, 0 for the mean of the target; higher is better. scikit-learn's `r2_score`.

    Raises:
        PipelineError: Not numbers, of other shapes, or a column of the target is constant.
    """
    residuals = (_difference("r2", answers, target) ** 2).reshape(len(target), -1).sum(axis=0)
    columns = target.astype(np.float64).reshape(len(target), -1)
    variation = ((columns - columns.mean(axis=0)) ** 2).sum(axis=0)
    if not variation.all():
        raise PipelineError(
            f"r2: expected a `target` that varies, got the same value in all {len(target)} rows: there is nothing to explain (mae and "
            "rmse can tell)"
        )
    return float((1 - residuals / variation).mean())


def absolute_errors(answers: Array, target: Array) -> Array:
    """Mean absolute error of each row: float64 [rows]."""
    errors: Array = np.abs(_difference("mae", answers, target)).reshape(len(target), -1).mean(axis=1)
    return errors


def squared_errors(answers: Array, target: Array) -> Array:
    """Mean squared error of each row: float64 [rows]."""
    errors: Array = (_difference("rmse", answers, target) ** 2).reshape(len(target), -1).mean(axis=1)
    return errors


def _difference(metric: str, answers: Array, target: Array) -> Array:
    for role, array in (("answers", answers), ("`target`", target)):
        if array.dtype.kind not in "fiub":
            raise PipelineError(f"{metric} subtracts: expected numbers, got {role} of {array.dtype}{list(array.shape)}")
    if answers.shape != target.shape:
        raise PipelineError(
            f"{metric} subtracts place by place: expected answers and `target` of one shape, got {answers.dtype}{list(answers.shape)} and "
            f"{target.dtype}{list(target.shape)}"
        )
    difference: Array = answers.astype(np.float64) - target.astype(np.float64)
    return difference
