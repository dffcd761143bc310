"""parity.json's `task_detail`: the task by class or by row, of the simplified graph."""

import numpy as np

from pipeline.core.arrays import load
from pipeline.core.parity_report import ParityReport
from pipeline.core.paths import TEST_SPLIT
from pipeline.core.reports import read_report

AXES = "{x: {0: batch}}"
NET = """
class Net(nn.Module):
    def forward(self, x):
        return {"score": x[:, :1] * 2, "values": x}
"""
RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3)).astype(np.float32)


def test_classes_are_counted_over_the_whole_test_split(digits):
    report = read_report(ParityReport)
    detail = report.task_detail
    target = load(TEST_SPLIT, "prepare")["target"]
    assert [one.support for one in detail.classes] == np.bincount(target, minlength=10).tolist()
    right = sum(row[place] for place, row in enumerate(detail.confusion))
    assert right / len(target) == report.task.simplify


def test_classes_have_the_outputs_labels(digits):
    assert [one.label for one in read_report(ParityReport).task_detail.classes] == [str(digit) for digit in range(10)]


def test_a_model_without_a_task_has_no_detail(linear):
    assert read_report(ParityReport).task_detail is None


def test_values_are_points(bring):
    bring(NET, AXES, "model.task={metric: rmse, output: score}", x=X, target=X[:, 0])
    points = read_report(ParityReport).task_detail.points
    assert len(points) == len(load(TEST_SPLIT, "prepare")["target"])
    assert all(abs(answer - 2 * target) < 1e-4 for target, answer in points)


def test_columns_of_values_have_no_detail(bring):
    bring(NET, AXES, "model.task={metric: r2, output: values}", x=X, target=X)
    assert read_report(ParityReport).task_detail is None
