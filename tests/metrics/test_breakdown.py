import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from pipeline.core.contract import Task
from pipeline.metrics.breakdown import MOST_CLASSES, MOST_CONFUSED, MOST_POINTS, break_down, choose_points

RNG = np.random.default_rng(0)
TARGET = RNG.integers(0, 3, size=90)
ANSWERS = np.where(RNG.random(90) < 0.7, TARGET, RNG.integers(0, 3, size=90))
VALUES = RNG.normal(size=90).astype(np.float32)


def task(metric: str = "accuracy", labels: list[str] | None = None) -> Task:
    modules = {
        "accuracy": "classification",
        "auroc": "classification",
        "mean_iou": "classification",
        "rmse": "regression",
        "cer": "error_rates",
    }
    name = f"pipeline.metrics.{modules[metric]}.{metric}" if metric in modules else metric
    direction = "lower" if metric in ("rmse", "cer") else "higher"
    return Task(metric=metric, target=name, direction=direction, output="y", labels=labels or [])


def break_answers(answers, target=TARGET, **changes):
    return break_down(task(**changes), {"y": answers}, target)


def test_scores_by_class_are_those_of_scikit_learn():
    classes = break_answers(ANSWERS, labels=["a", "b", "c"]).classes
    expected = precision_recall_fscore_support(TARGET, ANSWERS)
    for name, values in zip(("precision", "recall", "f1", "support"), expected, strict=True):
        assert [getattr(one, name) for one in classes] == pytest.approx(values.tolist())


def test_the_confusion_matrix_is_that_of_scikit_learn():
    assert break_answers(ANSWERS).confusion == confusion_matrix(TARGET, ANSWERS).tolist()


def test_classes_have_their_labels():
    assert [one.label for one in break_answers(ANSWERS, labels=["a", "b", "c"]).classes] == ["a", "b", "c"]


def test_a_class_that_no_row_has_is_there_with_zeros():
    last = break_answers(ANSWERS, labels=["a", "b", "c", "d"]).classes[-1]
    assert last.model_dump() == {"label": "d", "support": 0, "precision": 0.0, "recall": 0.0, "f1": 0.0}


def test_numbers_without_a_label_are_named_by_themselves():
    detail = break_answers(np.array([0, 7, -1]), np.array([0, 0, 7]), labels=["a"])
    assert [one.label for one in detail.classes] == ["-1", "a", "7"]


def test_scores_are_read_as_the_highest():
    scores = np.eye(3, dtype=np.float32)[ANSWERS]
    assert break_answers(scores, metric="auroc") == break_answers(ANSWERS)


def test_truth_is_two_classes():
    detail = break_answers(np.array([True, False]), np.array([True, True]))
    assert detail.confusion == [[0, 0], [1, 1]]


def test_a_column_of_answers_is_as_good_as_a_vector():
    assert break_answers(ANSWERS[:, None]) == break_answers(ANSWERS)


def test_many_classes_have_scores_and_no_matrix():
    numbers = np.arange(MOST_CONFUSED + 1)
    detail = break_answers(numbers, numbers)
    assert (len(detail.classes), detail.confusion) == (MOST_CONFUSED + 1, [])


def test_of_very_many_classes_the_largest_are_kept():
    numbers = np.arange(MOST_CLASSES + 1)
    target = np.append(numbers, numbers[1:])
    labels = [one.label for one in break_answers(target, target).classes]
    assert labels == [str(number) for number in numbers[1:]]


def test_values_are_points_of_target_and_answer():
    detail = break_answers(np.array([1.5, 2.5]), np.array([1.0, 2.0]), metric="rmse")
    assert (detail.points, detail.classes) == ([[1.0, 1.5], [2.0, 2.5]], [])


def test_points_are_spread_evenly_to_the_last_row():
    points = choose_points(np.arange(9 * MOST_POINTS), np.arange(9 * MOST_POINTS))
    steps = np.diff([target for target, _ in points])
    assert (len(points), points[0][0], points[-1][0]) == (MOST_POINTS, 0.0, 9.0 * MOST_POINTS - 1)
    assert set(steps.tolist()) == {9.0, 10.0}


def test_what_is_no_number_is_no_point():
    assert choose_points(np.array([np.nan, 1.0]), np.array([0.0, 2.0])) == [[2.0, 1.0]]


def test_whole_targets_of_a_metric_of_values_are_points():
    assert break_answers(VALUES, TARGET, metric="rmse").points[0][0] == TARGET[0]


@pytest.mark.parametrize(
    ("answers", "target", "labels"),
    [(ANSWERS, TARGET, ["a", "b", "c"]), (VALUES, VALUES, [])],
    ids=["labelled classes", "values"],
)
def test_a_metric_of_the_users_own_takes_what_its_answers_look_like(answers, target, labels):
    assert break_answers(answers, target, metric="sklearn.metrics.max_error", labels=labels) is not None


@pytest.mark.parametrize(
    ("metric", "answers", "target"),
    [
        ("cer", np.array(["a"], dtype=object), np.array(["b"], dtype=object)),
        ("mean_iou", np.zeros((4, 8, 8), np.int64), np.zeros((4, 8, 8), np.int64)),
        ("auroc", VALUES, TARGET % 2),
        ("rmse", np.zeros((4, 2)), np.zeros((4, 2))),
        ("accuracy", ANSWERS[:5], TARGET),
        ("accuracy", VALUES, TARGET),
        ("sklearn.metrics.max_error", ANSWERS, TARGET),
        ("sklearn.metrics.max_error", VALUES, TARGET),
    ],
    ids=["texts", "pictures", "scores of one", "columns", "fewer rows", "no classes", "unlabelled", "whole targets"],
)
def test_other_forms_have_no_detail(metric, answers, target):
    assert break_answers(answers, target, metric=metric) is None


def test_no_task_no_target_and_no_output_have_no_detail():
    assert break_down(None, {"y": ANSWERS}, TARGET) is None
    assert break_down(task(), {"y": ANSWERS}, None) is None
    assert break_down(task(), {"z": ANSWERS}, TARGET) is None
