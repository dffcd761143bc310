"""The task's metric, through the stages: refused in `export` in one sentence, or measured on every graph."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.core.arrays import load, save
from pipeline.core.contract import load_contract
from pipeline.core.parity_report import ParityReport
from pipeline.core.paths import METRICS_REPORT, PARITY_REPORT, TEST_SPLIT
from pipeline.core.reports import read_report
from pipeline_runs import SMALL

SCORES = """
class Net(nn.Module):
    def forward(self, x):
        return {"score": x[:, :1], "label": (x[:, :1] > 0).long(), "values": x}
"""
AXES = "{x: {0: batch}}"
RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3)).astype(np.float32)
TARGET = (X[:, 0] > 0).astype(np.int64)


@pytest.mark.parametrize(
    ("task", "says"),
    [
        ("{metric: accuracy, output: lable}", "model.task.output: expected one of ['label', 'probabilities'], got 'lable'; did you mean"),
        ("{metric: auroc, output: label}", "model.task.output=label: auroc needs a score or probability of each class: expected floating"),
        ("{metric: accuracy, output: probabilities}", "model.task.output=probabilities: accuracy compares class numbers: expected integers"),
        ("{metric: rmse, output: probabilities}", "rmse subtracts place by place: expected answers and `target` of one shape, got float32["),
        ("{metric: {_target_: sklearn.metrics.f1_scor}, output: label, direction: higher}", "has no 'f1_scor'; did you mean 'f1_score'"),
        (
            "{metric: {_target_: sklearn.metrics.confusion_matrix}, output: label, direction: higher}",
            "confusion_matrix: expected a metric that returns one finite number, got ndarray",
        ),
        (
            "{metric: {_target_: sklearn.metrics.f1_score}, output: label, direction: higher}",
            "f1_score failed with ValueError: Target is multiclass but average='binary'",
        ),
        ("{metric: rmse, output: label, direction: higher}", "model.task.metric: rmse is better when lower, got direction=higher: leave it out"),
    ],
    ids=["misspelt", "classes", "probabilities", "shapes", "no such metric", "no number", "refuses", "direction"],
)  # fmt: skip
def test_export_refuses_what_cannot_be_measured(task, says, digits, passes, fails):
    passes("params", *SMALL, f"model.task={task}")
    assert says in fails("export")


@pytest.mark.parametrize(
    ("metric", "output", "target", "value"),
    [
        ("accuracy", "label", TARGET, 1.0),
        ("auroc", "score", TARGET, 1.0),
        ("mae", "score", X[:, 0], 0.0),
        ("r2", "values", X, 1.0),
        ("{_target_: sklearn.metrics.max_error}", "score", X[:, 0], 0.0),
    ],
)
def test_a_column_of_answers_beside_a_vector_of_targets(metric, output, target, value, bring):
    task = (
        f"model.task={{metric: {metric}, output: {output}, direction: {'lower' if 'max_error' in metric else 'null'}}}"
    )
    bring(SCORES, AXES, task, x=X, target=target)
    report = read_report(ParityReport).task
    assert (report.eager, report.export, report.simplify, report.passed) == (value, value, value, True)


def test_text_targets_become_the_numbers_of_labels(bring):
    target = np.where(TARGET > 0, "high", "low")
    labels = "model.outputs={score: {}, label: {labels: [low, high]}, values: {}}"
    bring(SCORES, AXES, labels, "model.task={metric: accuracy, output: label}", x=X, target=target)
    assert load(TEST_SPLIT, "prepare")["target"].tolist() == TARGET.tolist()
    assert read_report(ParityReport).task.eager == 1.0


def test_text_targets_without_labels_are_refused_in_prepare(empty, module, passes, fails):
    save(Path("rows.npz"), {"x": X, "target": np.where(TARGET > 0, "high", "low").astype(object)})
    net = f"model.net._target_={module(SCORES)}.Net"
    task = "model.task={metric: accuracy, output: label}"
    passes("params", "model=custom", net, "data.path=rows.npz", f"model.dynamic_axes={AXES}", task)
    assert (
        "expected numbers in `target`, got text such as 'high': name the classes in model.outputs.label.labels"
        in fails("prepare")
    )


def test_the_contract_has_the_task(bring):
    bring(SCORES, AXES, "model.task={metric: rmse, output: score}", x=X, target=X[:, 0])
    task = load_contract().task
    assert (task.metric, task.target, task.direction) == ("rmse", "pipeline.metrics.regression.rmse", "lower")
    assert json.loads(METRICS_REPORT.read_text())["lower_is_better"] == ["rmse"]
    assert json.loads(PARITY_REPORT.read_text())["task"]["direction"] == "lower"
