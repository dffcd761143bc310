import numpy as np
import pytest

from pipeline.core.errors import PipelineError
from pipeline.metrics.error_rates import cer, character_edits, wer, word_edits


def texts(*rows: str) -> np.ndarray:
    return np.array(rows, dtype=object)


def distance(left: str, right: str) -> int:
    """Levenshtein's, from its recurrence."""
    if not left or not right:
        return len(left) + len(right)
    return min(
        distance(left[1:], right) + 1,
        distance(left, right[1:]) + 1,
        distance(left[1:], right[1:]) + (left[0] != right[0]),
    )


@pytest.mark.parametrize(
    ("left", "right", "edits"),
    [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("ab", "ba", 2), ("aXbc", "abcd", 2)],
)
def test_edits_of_characters(left, right, edits):
    assert character_edits(texts(left), texts(right)).tolist() == [edits]


def test_edits_are_those_of_the_recurrence():
    rng = np.random.default_rng(0)
    rows = ["".join(rng.choice(list("abc"), size=rng.integers(0, 6))) for _ in range(60)]
    pairs = list(zip(rows[:30], rows[30:], strict=True))
    assert character_edits(texts(*rows[:30]), texts(*rows[30:])).tolist() == [distance(*pair) for pair in pairs]


def test_the_rate_is_over_all_characters():
    assert cer(texts("abcd", "x"), texts("abce", "xyzxyz")) == 6 / 10


def test_words():
    assert wer(texts("the cat  sat", "on"), texts("the bat sat", "on it")) == 2 / 5
    assert word_edits(texts("a b", "c"), texts("a", "c")).tolist() == [1, 0]


def test_numbers_below_zero_and_the_padding_are_left_out():
    answers, target = np.array([[5, 0, 6, 0], [7, -1, -1, -1]]), np.array([[5, 6, -1], [8, -1, -1]])
    assert cer(answers, target, padding=0) == wer(answers, target, padding=0) == 1 / 3


@pytest.mark.parametrize("metric", [cer, wer])
@pytest.mark.parametrize(
    ("answers", "target", "says"),
    [
        (texts("a"), texts(""), "expected a `target` that is not empty, got 1 empty rows"),
        (np.array([[1]]), texts("a"), "of one kind, got numbers and texts: name the characters"),
        (texts("a"), np.array([[1]]), "of one kind, got texts and numbers"),
        (np.array([1]), np.array([1]), "expected texts [rows] or integers [rows, length], got int64[1]"),
        (np.array([[0.5]]), np.array([[1]]), "expected texts [rows] or integers [rows, length], got float64[1, 1]"),
    ],
    ids=["empty", "numbers", "texts", "one a row", "floating"],
)
def test_what_it_needs_is_said(metric, answers, target, says):
    with pytest.raises(PipelineError) as caught:
        metric(answers, target)
    assert says in str(caught.value)
