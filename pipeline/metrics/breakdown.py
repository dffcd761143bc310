"""The task's answers by class, or value by value: what one number for the whole test split does not say. Pure numpy."""

from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.core.arrays import Array, is_text
from pipeline.core.contract import Task
from pipeline.core.task_detail import ClassScores, TaskDetail
from pipeline.metrics.metric import Takes, load_metric
from pipeline.metrics.score import SETTING, align

# Of more classes there is no confusion matrix: nobody reads it, and parity.json would carry the square of them.
MOST_CONFUSED = 50
# Of more classes, those with the most rows.
MOST_CLASSES = 500
MOST_POINTS = 1000
# Digits of a point that are kept: more than any picture shows.
DIGITS = 6


def break_down(task: Task | None, outputs: Mapping[str, Array], target: Array | None) -> TaskDetail | None:
    """Answers to the test split beside the targets, by class or value by value.

    Scores of classes [rows, classes] are read as the class of the highest score.

    Args:
        task: The contract's; None where the model has none.
        outputs: Answers by output, the rows first.
        target: What they should be, as many rows.

    Returns:
        None where a row is neither of one class nor one value: texts, boxes, pictures, scores of one class without a threshold, or
        answers that are not of the target's form.
    """
    if task is None or target is None or task.output not in outputs:
        return None
    answers, metric = outputs[task.output], load_metric(task.target, task.kwargs, task.direction, SETTING)
    if metric.takes == "texts" or is_text(target) or is_text(answers):
        return None
    if answers.ndim == 0 or len(answers) != len(target) or not len(target):
        return None  # its comparison fails, and says so
    answers, target = align(answers, target, metric, task)
    classes = read_classes(answers, target, metric.takes, bool(task.labels))
    if classes is not None:
        return count_classes(classes, target.astype(np.int64), task.labels)
    if _are_values(answers, target, metric.takes):
        return TaskDetail(points=choose_points(answers, target))
    return None


def read_classes(answers: Array, target: Array, takes: Takes, labelled: bool) -> Array | None:
    """The class number that each row was answered with, int64 [rows]; None where answers or target are no classes.

    What a metric of the user's own takes is not known: whole numbers are classes where they have labels.
    """
    if takes == "values" or target.ndim != 1 or not _are_whole(target):
        return None
    if answers.ndim == 1 and answers.dtype.kind in "iub" and (takes != "any" or labelled):
        return answers.astype(np.int64)
    scores = answers.ndim == 2 and answers.shape[1] > 1 and answers.dtype.kind == "f" and takes in ("scores", "any")
    if scores and target.min() >= 0 and target.max() < answers.shape[1]:
        best: Array = answers.argmax(axis=1).astype(np.int64)
        return best
    return None


def count_classes(answers: Array, target: Array, labels: Sequence[str]) -> TaskDetail:
    """Precision, recall and F1 of each class (van Rijsbergen, Information Retrieval, 1979), and the confusion matrix.

    Args:
        answers: Class numbers, int64 [rows].
        target: The same.
        labels: Names of the numbers from 0; a class counts that has one, or stands in either.
    """
    numbers = np.union1d(np.arange(len(labels)), np.concatenate([answers, target]))
    answered, wanted = np.searchsorted(numbers, answers), np.searchsorted(numbers, target)
    right = np.bincount(wanted[answered == wanted], minlength=len(numbers))
    positives, support = (np.bincount(places, minlength=len(numbers)) for places in (answered, wanted))
    scores = [
        ClassScores(
            label=labels[number] if 0 <= number < len(labels) else str(number),
            support=int(support[place]),
            precision=_divide(right[place], positives[place]),
            recall=_divide(right[place], support[place]),
            f1=_divide(2 * right[place], positives[place] + support[place]),
        )
        for place, number in enumerate(numbers.tolist())
    ]
    if len(numbers) > MOST_CONFUSED:
        kept = sorted(np.argsort(-support, kind="stable")[:MOST_CLASSES].tolist())
        return TaskDetail(classes=[scores[place] for place in kept])
    confusion = np.bincount(wanted * len(numbers) + answered, minlength=len(numbers) ** 2)
    return TaskDetail(classes=scores, confusion=confusion.reshape(len(numbers), -1).tolist())


def choose_points(answers: Array, target: Array, most: int = MOST_POINTS) -> list[list[float]]:
    """[target, answer] of rows spread evenly over the split; of these, the finite ones."""
    places = np.unique(np.linspace(0, len(target) - 1, min(most, len(target))).astype(np.int64))
    pairs = np.stack([target[places], answers[places]], axis=1).astype(np.float64)
    return [[float(f"{value:.{DIGITS}g}") for value in pair] for pair in pairs[np.isfinite(pairs).all(axis=1)].tolist()]


def _are_whole(array: Array) -> bool:
    return array.dtype.kind in "iub" or (array.dtype.kind == "f" and bool((array == np.round(array)).all()))


def _are_values(answers: Array, target: Array, takes: Takes) -> bool:
    if answers.ndim != 1 or answers.shape != target.shape:
        return False
    return takes == "values" if target.dtype.kind in "iub" else takes in ("values", "any") and target.dtype.kind == "f"


def _divide(part: int, whole: int) -> float:
    return float(part / whole) if whole else 0.0
