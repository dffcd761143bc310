"""Metrics of classes: how often, and for which class, the answer is the target. Pure numpy."""

import numpy as np

from pipeline.core.arrays import Array
from pipeline.core.errors import PipelineError


def accuracy(answers: Array, target: Array) -> float:
    """Share of answers that equal the target: mean(answers == target).

    Args:
        answers: Class numbers, integers or booleans [rows, ...].
        target: The same shape.

    Returns:
        0 to 1, higher is better. scikit-learn's `accuracy_score` of all values.

    Raises:
        PipelineError: Not class numbers, or of other shapes.
    """
    return float(accurate_rows(answers, target).mean())


def accurate_rows(answers: Array, target: Array) -> Array:
    """The accuracy of each row: float64 [rows]."""
    _check_classes("accuracy", answers, target)
    right: Array = (answers == target).reshape(len(target), -1).mean(axis=1)
    return right


def top5(answers: Array, target: Array) -> float:
    """`top_k` of the five best classes."""
    return top_k(answers, target, k=5)


def top_k(answers: Array, target: Array, k: int = 5) -> float:
    """Share of rows whose target is among the `k` classes of the highest score.

    Of classes with the same score the lower number comes first, as argmax has it.

    Args:
        answers: Scores of each class, floating [rows, classes]; more than `k` classes.
        target: Class numbers, integers [rows].
        k: How many.

    Returns:
        0 to 1, higher is better. scikit-learn's `top_k_accuracy_score`.

    Raises:
        PipelineError: Not scores and class numbers, or no more than `k` classes.
    """
    return float(top_k_rows(answers, target, k).mean())


def top_k_rows(answers: Array, target: Array, k: int = 5) -> Array:
    """1 for each row that `top_k` counts, else 0: float64 [rows]."""
    _check_scores(f"top_k (k={k})", answers, target)
    if not 1 <= k < answers.shape[1]:
        raise PipelineError(
            f"top_k: expected k from 1 to {answers.shape[1] - 1}, fewer than the {answers.shape[1]} classes, got {k}: with all of them every "
            "answer is right"
        )
    best = np.argsort(-answers, axis=1, kind="stable")[:, :k]
    right: Array = (best == target[:, None]).any(axis=1).astype(np.float64)
    return right


def macro_f1(answers: Array, target: Array) -> float:
    """Mean over the classes of F1 = 2 TP / (2 TP + FP + FN) (van Rijsbergen, Information Retrieval, 1979).

    Args:
        answers: Class numbers, integers or booleans [rows, ...].
        target: The same shape. A class counts that stands in either.

    Returns:
        0 to 1, higher is better. scikit-learn's `f1_score(average="macro")`.

    Raises:
        PipelineError: Not class numbers, or of other shapes.
    """
    _check_classes("macro_f1", answers, target)
    right, answered, wanted = _count_classes(answers, target)
    return float((2 * right / (answered + wanted)).mean())


def mean_iou(answers: Array, target: Array, ignore: int | None = None) -> float:
    """Mean over the classes of intersection over union, TP / (TP + FP + FN), of all places of all rows together.

    As in Everingham et al., The PASCAL visual object classes challenge, 2010.

    Args:
        answers: Class of each place, integers or booleans [rows, ...].
        target: The same shape. A class counts that stands in either.
        ignore: A number in `target` whose places are left out, such as 255.

    Returns:
        0 to 1, higher is better. scikit-learn's `jaccard_score(average="macro")` of all places.

    Raises:
        PipelineError: Not class numbers, of other shapes, or all places are left out.
    """
    _check_classes("mean_iou", answers, target)
    if ignore is not None:
        counted = target != ignore
        if not counted.any():
            raise PipelineError(
                f"mean_iou: expected places to compare, got only {ignore} in `target`, which is ignored"
            )
        answers, target = answers[counted], target[counted]
    right, answered, wanted = _count_classes(answers, target)
    return float((right / (answered + wanted - right)).mean())


def auroc(answers: Array, target: Array) -> float:
    """Area under the receiver operating characteristic: how often a row of the class has a higher score than one that is not.

    Computed from ranks, ties counting half (Hanley and McNeil, The meaning and use of the area under a ROC curve, 1982); with
    more than two classes the mean of one class against the rest (Fawcett, An introduction to ROC analysis, 2006, unweighted).

    Args:
        answers: Floating. Scores of class 1 [rows], or of each class [rows, classes].
        target: Class numbers, integers [rows]: 0 and 1, or from 0 to classes - 1; each class has to be there.

    Returns:
        0 to 1, higher is better, 0.5 by chance. scikit-learn's `roc_auc_score(multi_class="ovr")`.

    Raises:
        PipelineError: Not scores and class numbers, or a class has no row.
    """
    _check_scores("auroc", answers, target, one_column=True)
    scores = answers if answers.ndim == 2 else answers[:, None]
    classes = scores.shape[1] if scores.shape[1] > 2 else 2
    absent = sorted(set(range(classes)) - set(np.unique(target).tolist()))
    if absent:
        raise PipelineError(
            f"auroc: expected rows of each of the {classes} classes in `target`, got none of class {absent[0]} in {len(target)} rows: it ranks "
            "rows of a class above the others"
        )
    columns = [(scores[:, -1], 1)] if classes == 2 else [(scores[:, number], number) for number in range(classes)]
    return float(np.mean([_area(column, target == number) for column, number in columns]))


def _area(scores: Array, positive: Array) -> float:
    """The Mann-Whitney statistic of the positive rows over all pairs of a positive and a negative row."""
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[places]  # the middle of those that tie
    positives = int(positive.sum())
    negatives = len(positive) - positives
    return float((ranks[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def _count_classes(answers: Array, target: Array) -> tuple[Array, Array, Array]:
    """For every class in either: how many are right, answered, and wanted."""
    classes, numbers = np.unique(np.concatenate([answers.ravel(), target.ravel()]), return_inverse=True)
    answered, wanted = np.split(numbers, [answers.size])
    return (
        np.bincount(wanted[answered == wanted], minlength=len(classes)),
        np.bincount(answered, minlength=len(classes)),
        np.bincount(wanted, minlength=len(classes)),
    )


def _check_classes(metric: str, answers: Array, target: Array) -> None:
    if answers.dtype.kind not in "iub":
        raise PipelineError(
            f"{metric} compares class numbers: expected integers, got answers of {_describe(answers)}: name an output of class numbers, or take a "
            "metric of scores (auroc, top5) or of values (mae, rmse, r2)"
        )
    _check_class_target(metric, target)
    if answers.shape != target.shape:
        raise PipelineError(
            f"{metric} compares place by place: expected answers and `target` of one shape, got {_describe(answers)} and {_describe(target)}"
        )


def _check_scores(metric: str, answers: Array, target: Array, *, one_column: bool = False) -> None:
    if answers.dtype.kind != "f":
        raise PipelineError(
            f"{metric} needs a score or probability of each class: expected floating answers, got {_describe(answers)}: name an output of "
            "probabilities, or take a metric of class numbers (accuracy, macro_f1)"
        )
    _check_class_target(metric, target)
    if target.ndim != 1 or not (answers.ndim == 2 or (one_column and answers.ndim == 1)):
        shapes = "[rows] or [rows, classes]" if one_column else "[rows, classes]"
        raise PipelineError(
            f"{metric}: expected answers {shapes} and `target` [rows], got {_describe(answers)} and {_describe(target)}"
        )
    classes = answers.shape[1] if answers.ndim == 2 and answers.shape[1] > 1 else 2
    low, high = int(target.min()), int(target.max())
    if low < 0 or high >= classes:
        raise PipelineError(
            f"{metric}: expected `target` from 0 to {classes - 1}, for answers of {_describe(answers)}, got {low} to {high}"
        )


def _check_class_target(metric: str, target: Array) -> None:
    whole = target.dtype.kind == "f" and (target == np.round(target)).all()
    if target.dtype.kind not in "iub" and not whole:
        kind = "text" if target.dtype.kind == "O" else str(target.dtype)
        advice = (
            "name the classes in the output's `labels`" if kind == "text" else "take a metric of values (mae, rmse, r2)"
        )
        raise PipelineError(f"{metric}: expected class numbers, integers, in `target`, got {kind}: {advice}")


def _describe(array: Array) -> str:
    return f"{array.dtype}{list(array.shape)}"
