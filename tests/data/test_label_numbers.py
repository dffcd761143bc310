import numpy as np
import pytest

from pipeline.core.errors import PipelineError
from pipeline.data.label_numbers import number_labels

TEXTS = np.array(["b", "a", "b"], dtype=object)
LABELS = "model.outputs={label: {labels: [a, b]}, probabilities: {}}"


def test_labels_become_their_numbers(params):
    numbers = number_labels(TEXTS[:, None], params(LABELS).model, "source")
    assert (numbers.tolist(), numbers.dtype) == ([[1], [0], [1]], np.int64)


@pytest.mark.parametrize(
    ("target", "overrides"),
    [
        (np.array([1, 0]), [LABELS]),
        (TEXTS, [LABELS, "model.task=null"]),
        (TEXTS, [LABELS, "model.task.metric=cer"]),
        (
            np.array(["ba"], dtype=object),
            [LABELS, "model.task={metric: {_target_: my.rate}, output: label, direction: lower}"],
        ),
    ],
    ids=["numbers", "no task", "texts", "a metric of one's own"],
)
def test_everything_else_stays(target, overrides, params):
    assert number_labels(target, params(*overrides).model, "source") is target


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (
            "model.outputs=null",
            "source: expected numbers in `target`, got text such as 'b': name the classes in model.outputs.label.labels",
        ),
        (
            "model.outputs={label: {labels: [a, bb]}, probabilities: {}}",
            "source: expected one of the labels ['a', 'bb'] (model.outputs.label.labels) in `target`, got 'b'; did you mean 'bb'?",
        ),
    ],
)
def test_texts_that_are_no_labels_are_refused(overrides, says, params):
    with pytest.raises(PipelineError) as caught:
        number_labels(TEXTS, params(overrides).model, "source")
    assert says in str(caught.value)
