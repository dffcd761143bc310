import subprocess
import sys

import numpy as np
import pytest
import sklearn.metrics

from pipeline.core.errors import PipelineError
from pipeline.metrics.metric import SHIPPED, load_metric
from pipeline.settings.hydra_targets import resolve
from pipeline.settings.short_names import METRICS
from pipeline_runs import PROJECT

RNG = np.random.default_rng(0)
LABELS, TARGET = RNG.integers(0, 3, size=(2, 60))
SCORES = RNG.random(60)


def load(target: str, direction=None, **kwargs):
    return load_metric(target, kwargs, direction, "model.task.metric")


@pytest.mark.parametrize("name", METRICS)
def test_every_short_name_is_a_metric_that_ships(name):
    metric = load(METRICS[name])
    assert metric.name == name
    assert resolve(METRICS[name], "metric") in SHIPPED


def test_directions():
    lower = {name for name, target in METRICS.items() if load(target).direction == "lower"}
    assert lower == {"mae", "rmse", "cer", "wer"}


def test_a_metric_that_ships_takes_arguments():
    scores = np.eye(4)[[0, 1, 2]] + 0.5 * np.eye(4)[[3, 3, 3]]
    metric = load("pipeline.metrics.classification.top_k", k=2)
    assert metric.measure(scores, np.array([3, 1, 0])) == pytest.approx(2 / 3)
    assert metric.quality_of_rows(scores, np.array([3, 1, 0])).tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("f1_score", sklearn.metrics.f1_score(TARGET, LABELS, average="macro")),
        ("precision_score", sklearn.metrics.precision_score(TARGET, LABELS, average="macro")),
    ],
)
def test_scikit_learn_s_functions_take_the_target_first(name, expected):
    """Precision of answers and target exchanged is recall."""
    metric = load(f"sklearn.metrics.{name}", "higher", average="macro")
    assert metric.measure(LABELS, TARGET) == pytest.approx(expected)
    assert (metric.name, metric.takes, metric.quality_of_rows(LABELS, TARGET)) == (name, "any", None)


def test_scikit_learn_s_functions_of_scores_take_scores():
    metric = load("sklearn.metrics.roc_auc_score", "higher")
    assert metric.takes == "scores"
    assert metric.measure(SCORES, TARGET > 0) == pytest.approx(sklearn.metrics.roc_auc_score(TARGET > 0, SCORES))


SIGNATURES = """
def plain(answers, target): return float((answers - target).sum())
def swapped(target, answers): return float((answers - target).sum())
def other(guess, right): return float((guess - right).sum())
def by_keyword(*, preds, targets): return float((preds - targets).sum())
class Instance:
    def __init__(self, factor): self.factor = factor
    def __call__(self, y_true, y_pred): return self.factor * float((y_pred - y_true).sum())
def one(answers): return 0.0
def nothing(answers, target): return None
def rows(answers, target): return answers == target
def undefined(answers, target): return float("nan")
def true(answers, target): return True
def integer(answers, target): return np.int64(3)
def array(answers, target): return np.array([0.5])
def refuses(answers, target): raise ValueError("two classes, please")
import numpy as np
"""


@pytest.fixture
def mine(module):
    name = module(SIGNATURES)
    return lambda function, **kwargs: load(f"{name}.{function}", "lower", **kwargs)


@pytest.mark.parametrize("function", ["plain", "swapped", "other", "by_keyword"])
def test_arguments_are_found_by_their_names(function, mine):
    assert mine(function).measure(np.array([5, 1]), np.array([1, 1])) == 4


def test_a_class_is_made_once_with_its_kwargs(mine):
    assert mine("Instance", factor=2).measure(np.array([5, 1]), np.array([1, 1])) == 8


@pytest.mark.parametrize(("function", "value"), [("integer", 3.0), ("array", 0.5)])
def test_a_number_of_numpy_s_is_a_number(function, value, mine):
    measured = mine(function).measure(LABELS, TARGET)
    assert (measured, type(measured)) == (value, float)


@pytest.mark.parametrize(
    ("function", "got"),
    [("nothing", "NoneType"), ("rows", "ndarray"), ("undefined", "float nan"), ("true", "bool True")],
)
def test_a_metric_that_returns_no_number_is_refused(function, got, mine):
    with pytest.raises(PipelineError) as caught:
        mine(function).measure(LABELS, TARGET)
    assert f".{function}: expected a metric that returns one finite number, got {got}" in str(caught.value)


def test_a_metric_that_refuses_is_quoted(mine):
    with pytest.raises(PipelineError, match="refuses failed with ValueError: two classes, please"):
        mine("refuses").measure(LABELS, TARGET)


def test_a_function_of_one_argument_is_refused(mine):
    with pytest.raises(PipelineError, match=r"expected a function f\(answers, target\) of the answers and the target"):
        mine("one")


def test_arguments_that_do_not_fit_are_refused(mine):
    with pytest.raises(PipelineError, match="does not fit plain"):
        mine("plain", factor=2).measure(LABELS, TARGET)


def test_a_misspelt_metric_is_named():
    with pytest.raises(PipelineError, match="has no 'f1_scor'; did you mean 'f1_score'"):
        load("sklearn.metrics.f1_scor", "higher")


def test_a_direction_that_nobody_gives_is_asked_for():
    with pytest.raises(PipelineError, match=r"f1_score does not say whether more or less of it is better"):
        load("sklearn.metrics.f1_score")


def test_a_direction_against_the_metric_s_own_is_refused():
    with pytest.raises(PipelineError, match="rmse is better when lower, got direction=higher: leave it out"):
        load(METRICS["rmse"], "higher")


def test_a_function_in_c_is_refused():
    with pytest.raises(PipelineError, match="whose arguments can be read, got one in C"):
        load("builtins.max", "higher")


TORCH = """
class Share:
    higher_is_better = True
    def __init__(self): self.seen, self.right = 0, 0
    def reset(self): self.seen, self.right = 0, 0
    def update(self, preds, target):
        self.seen += len(target); self.right += (preds == target).sum()
    def compute(self): return self.right / self.seen
    def __call__(self, preds, target):
        assert isinstance(preds, torch.Tensor)
        self.update(preds, target)
        return self.compute()
class Silent(Share):
    higher_is_better = None
"""


def test_a_metric_in_torchmetrics_form_takes_tensors_and_starts_anew_each_time(module):
    metric = load(f"{module(TORCH)}.Share")
    assert (metric.direction, metric.takes) == ("higher", "scores")
    assert [metric.measure(np.array([1, 1]), np.array([1, n])) for n in (1, 2)] == [1.0, 0.5]


def test_a_metric_in_torchmetrics_form_without_a_direction_is_asked_for_it(module):
    with pytest.raises(PipelineError, match="does not say whether more or less of it is better"):
        load(f"{module(TORCH)}.Silent")


def test_a_loss_of_torch_is_a_metric_of_tensors():
    metric = load("torch.nn.functional.mse_loss", "lower")
    assert metric.measure(np.array([1.0, 2.0], np.float32), np.array([1.0, 4.0])) == 2.0


@pytest.mark.parametrize(
    ("name", "ours", "kwargs"),
    [
        ("torchmetrics.classification.MulticlassF1Score", "macro_f1", {"num_classes": 3}),
        ("torchmetrics.classification.MulticlassAccuracy", "accuracy", {"num_classes": 3, "average": "micro"}),
        ("torchmetrics.classification.MulticlassJaccardIndex", "mean_iou", {"num_classes": 3}),
        ("torchmetrics.regression.MeanSquaredError", "rmse", {"squared": False}),
        ("torchmetrics.regression.MeanAbsoluteError", "mae", {}),
        ("torchmetrics.regression.R2Score", "r2", {}),
        ("torchmetrics.functional.classification.binary_auroc", "auroc", {}),
        ("torchmetrics.text.CharErrorRate", "cer", {}),
        ("torchmetrics.text.WordErrorRate", "wer", {}),
    ],
)
def test_torchmetrics_agrees(name, ours, kwargs):
    pytest.importorskip("torchmetrics", reason="needs the extra `torchmetrics`: pip install '.[torchmetrics]'")
    answers, target = LABELS, TARGET
    if ".regression" in name:
        answers, target = SCORES, TARGET / 3
    if ours == "auroc":
        answers, target = SCORES, TARGET % 2
    if ".text" in name:
        words = np.array(["a cat", "the cat sat", "on", "a mat"], dtype=object)
        answers, target = words[LABELS], words[TARGET]
    theirs = load(name, "higher" if "functional" in name else None, **kwargs)
    mine = load(METRICS[ours])
    assert theirs.measure(answers, target) == pytest.approx(mine.measure(answers, target), rel=1e-5)
    assert "functional" in name or theirs.direction == mine.direction


@pytest.mark.parametrize("heavy", ["torch", "sklearn", "torchmetrics", "scipy"])
def test_no_heavy_library_is_imported_for_a_short_name(heavy):
    program = (
        "import sys; from pipeline.metrics.metric import load_metric; from pipeline.settings.short_names import METRICS\n"
        "import pipeline.metrics.paired\n"
        "for target in METRICS.values(): load_metric(target, {}, None, 'metric')\n"
        f"assert {heavy!r} not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=PROJECT)
