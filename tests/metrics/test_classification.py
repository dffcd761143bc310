import numpy as np
import pytest
import sklearn.metrics

from pipeline.core.errors import PipelineError
from pipeline.metrics.classification import accuracy, auroc, macro_f1, mean_iou, top5, top_k

RNG = np.random.default_rng(0)
LABELS, TARGET = RNG.integers(0, 7, size=(2, 200))
SCORES = np.round(RNG.random((200, 7)), 2).astype(np.float32)  # some of them tie
PROBABILITIES = SCORES / SCORES.sum(axis=1, keepdims=True)
BINARY = RNG.integers(0, 2, size=200)
MAPS, TARGET_MAPS = RNG.integers(0, 4, size=(2, 6, 5, 5))


@pytest.mark.parametrize(("answers", "share"), [([1, 2, 3, 4], 1.0), ([1, 2, 3, 5], 0.75), ([0, 0, 0, 0], 0.0)])
def test_accuracy(answers, share):
    assert accuracy(np.array(answers), np.array([1, 2, 3, 4])) == share


def test_accuracy_is_json_s_number():
    assert type(accuracy(np.array([1]), np.array([1]))) is float


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (accuracy(LABELS, TARGET), sklearn.metrics.accuracy_score(TARGET, LABELS)),
        (macro_f1(LABELS, TARGET), sklearn.metrics.f1_score(TARGET, LABELS, average="macro")),
        (macro_f1(LABELS, TARGET % 3), sklearn.metrics.f1_score(TARGET % 3, LABELS, average="macro")),
        (mean_iou(LABELS, TARGET), sklearn.metrics.jaccard_score(TARGET, LABELS, average="macro")),
        (
            mean_iou(MAPS, TARGET_MAPS),
            sklearn.metrics.jaccard_score(TARGET_MAPS.ravel(), MAPS.ravel(), average="macro"),
        ),
        (auroc(SCORES[:, 0], BINARY), sklearn.metrics.roc_auc_score(BINARY, SCORES[:, 0])),
        (auroc(SCORES[:, :2], BINARY), sklearn.metrics.roc_auc_score(BINARY, SCORES[:, 1])),
        (auroc(PROBABILITIES, TARGET), sklearn.metrics.roc_auc_score(TARGET, PROBABILITIES, multi_class="ovr")),
        (accuracy(BINARY.astype(bool), BINARY), 1.0),
        (accuracy(BINARY, BINARY.astype(np.float32)), 1.0),
    ],
    ids=[
        "accuracy",
        "macro F1",
        "F1, absent classes",
        "IoU",
        "IoU of maps",
        "AUROC",
        "two columns",
        "OvR",
        "bool",
        "whole",
    ],
)
def test_as_scikit_learn_has_it(ours, theirs):
    assert ours == pytest.approx(theirs, rel=1e-12)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_top_k_is_scikit_learn_s_where_nothing_ties(k):
    scores = RNG.random((200, 7))
    assert top_k(scores, TARGET, k) == sklearn.metrics.top_k_accuracy_score(TARGET, scores, k=k)


def test_of_equal_scores_the_lower_class_comes_first():
    scores = np.zeros((2, 6), np.float32)
    assert top5(scores, np.array([4, 5])) == 0.5


def test_a_score_that_is_no_number_is_never_among_the_best():
    scores = np.array([[np.nan, 1.0, 0.0]])
    assert top_k(scores, np.array([0]), 2) == 0.0


def test_places_that_are_ignored_do_not_count():
    target = TARGET_MAPS.copy()
    target[0] = 255
    assert mean_iou(MAPS, target, ignore=255) == mean_iou(MAPS[1:], target[1:])


@pytest.mark.parametrize(
    ("metric", "answers", "target", "says"),
    [
        (
            accuracy,
            SCORES,
            TARGET,
            "accuracy compares class numbers: expected integers, got answers of float32[200, 7]",
        ),
        (accuracy, LABELS, TARGET[:100], "expected answers and `target` of one shape, got int64[200] and int64[100]"),
        (accuracy, LABELS, np.array(["a"] * 200, dtype=object), "got text: name the classes in the output's `labels`"),
        (
            accuracy,
            LABELS,
            SCORES[:, 0],
            "accuracy: expected class numbers, integers, in `target`, got float32: take a",
        ),
        (macro_f1, SCORES, TARGET, "macro_f1 compares class numbers"),
        (mean_iou, SCORES, TARGET, "mean_iou compares class numbers"),
        (
            auroc,
            LABELS,
            BINARY,
            "auroc needs a score or probability of each class: expected floating answers, got int64[200]",
        ),
        (
            auroc,
            SCORES,
            BINARY,
            "auroc: expected rows of each of the 7 classes in `target`, got none of class 2 in 200 rows",
        ),
        (auroc, SCORES[:, 0], TARGET, "auroc: expected `target` from 0 to 1, for answers of float32[200], got 0 to 6"),
        (
            auroc,
            SCORES,
            MAPS,
            "auroc: expected answers [rows] or [rows, classes] and `target` [rows], got float32[200, 7]",
        ),
        (
            top5,
            SCORES[:, 0],
            BINARY,
            "top_k (k=5): expected answers [rows, classes] and `target` [rows], got float32[200]",
        ),
        (top5, SCORES[:, :4], BINARY, "top_k: expected k from 1 to 3, fewer than the 4 classes, got 5"),
        (top5, LABELS, TARGET, "top_k (k=5) needs a score or probability of each class"),
    ],
)
def test_what_it_needs_is_said(metric, answers, target, says):
    with pytest.raises(PipelineError) as caught:
        metric(answers, target)
    assert says in str(caught.value)


def test_everything_ignored_is_refused():
    with pytest.raises(PipelineError, match="mean_iou: expected places to compare, got only 1 in `target`"):
        mean_iou(np.array([1, 2]), np.array([1, 1]), ignore=1)
