import numpy as np
import pytest

from pipeline.core.contract import Task
from pipeline.core.errors import PipelineError
from pipeline.metrics.score import describe_task, score
from pipeline.settings.model import TaskSettings
from pipeline.settings.short_names import METRICS

TARGET = np.array([0, 1, 2, 1])
LABELS = np.array([0, 1, 2, 2])
PROBABILITIES = np.eye(3, dtype=np.float32)[LABELS]


def task(metric: str = "accuracy", **settings) -> Task:
    described = {"metric": metric, "target": METRICS[metric], "direction": "higher", "output": "label"}
    if metric in ("mae", "rmse", "cer", "wer"):
        described["direction"] = "lower"
    return Task(**described | settings)


def texts(*rows: str) -> np.ndarray:
    return np.array(rows, dtype=object)


def test_the_score_of_an_output():
    measured = score(task(), {"probabilities": PROBABILITIES, "label": LABELS}, TARGET)
    assert (measured.value, len(measured)) == (0.75, 4)
    assert measured.qualities.tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize(("answers", "target"), [(LABELS[:, None], TARGET), (LABELS, TARGET[:, None])])
def test_a_column_and_a_vector_are_alike(answers, target):
    """numpy would compare every answer with every target: 0.375."""
    assert score(task(), {"label": answers}, target).value == 0.75


def test_a_column_of_values_beside_a_vector_is_no_table():
    target = np.array([1.0, 2.0, 3.0])
    assert score(task("rmse"), {"label": target[:, None].astype(np.float32)}, target).value == 0.0


def test_one_row_keeps_its_axis():
    assert score(task(), {"label": np.array([[3]])}, np.array([3])).value == 1.0


def test_answers_are_read_as_text_by_the_labels():
    written = np.array([[2, 0, 1, -1], [1, 3, -1, -1]])
    spelled = task("cer", labels=["a", "t", "c", "_"], kwargs={"padding": 3})
    assert score(spelled, {"label": written}, texts("cat", "tt")).value == 1 / 5


def test_a_metric_of_one_s_own_is_given_texts(module):
    name = module("def same(answers, target): return float((answers == target).mean())")
    own = task(target=f"{name}.same", labels=["a", "b"])
    assert score(own, {"label": np.array([[0, 1], [1, 1]])}, texts("ab", "ba")).value == 0.5


@pytest.mark.parametrize(
    ("described", "outputs", "target", "says"),
    [
        (
            task(output="lable"),
            {"label": LABELS},
            TARGET,
            "model.task.output: expected one of ['label'], got 'lable'; did you mean 'label'?",
        ),
        (task(output="zzz"), {"label": LABELS}, TARGET, "model.task.output: expected one of ['label'], got 'zzz'"),
        (
            task(),
            {"label": LABELS},
            None,
            "model.task.metric=accuracy needs a `target` in the data, got none: give one",
        ),
        (
            task(),
            {"label": LABELS},
            TARGET[:2],
            "model.task.output=label: expected a row for each of `target`, got int64[4] and int64[2]",
        ),
        (task(), {"label": np.array(3)}, TARGET, "expected a row for each of `target`, got int64[] and int64[4]"),
        (task(), {"label": LABELS[:0]}, TARGET[:0], "expected a row for each of `target`, got int64[0] and int64[0]"),
        (
            task(),
            {"label": PROBABILITIES},
            TARGET,
            "model.task.output=label: accuracy compares class numbers: expected integers",
        ),
        (
            task("auroc"),
            {"label": LABELS},
            TARGET,
            "model.task.output=label: auroc needs a score or probability of each class",
        ),
        (task(), {"label": LABELS}, texts("a", "b", "c", "d"), "got text: name the classes in the output's `labels`"),
        (
            task("cer", labels=["a"]),
            {"label": np.array([[3]])},
            texts("a"),
            "expected numbers of the 1 labels (model.outputs.label.labels), got 3 in row 0",
        ),
        (
            task("cer"),
            {"label": np.array([[3]])},
            texts("a"),
            "of one kind, got numbers and texts: name the characters",
        ),
    ],
    ids=[
        "misspelt",
        "no such output",
        "no target",
        "rows",
        "scalar",
        "empty",
        "scores",
        "classes",
        "text",
        "labels",
        "no labels",
    ],
)
def test_what_is_wrong_is_one_sentence(described, outputs, target, says):
    with pytest.raises(PipelineError) as caught:
        score(described, outputs, target)
    assert says in str(caught.value)


def test_the_contract_s_task_has_all_that_a_score_needs():
    settings = TaskSettings(metric="rmse", output="value")
    assert describe_task(settings, ["a"]) == task("rmse", output="value", labels=["a"])


def test_a_direction_of_one_s_own_metric_is_kept():
    settings = TaskSettings(metric={"_target_": "sklearn.metrics.max_error"}, output="value", direction="lower")
    described = describe_task(settings, [])
    assert (described.metric, described.direction) == ("max_error", "lower")
