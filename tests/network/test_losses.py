import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from pipeline.core.errors import PipelineError
from pipeline.network.losses import decide, load_criterion, raw_answer
from pipeline.settings.short_names import LOSSES
from pipeline.settings.train_section import Loss

LOGITS = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0]])
CLASSES = torch.tensor([0, 2])
VALUES = torch.tensor([1.5, -1.0])


def criterion(loss, answer: torch.Tensor, target: torch.Tensor):
    return load_criterion(Loss.model_validate(loss), answer[:1], target.numpy())


@pytest.mark.parametrize(
    ("loss", "answer", "target", "expected"),
    [
        (None, LOGITS, CLASSES, functional.cross_entropy(LOGITS, CLASSES, reduction="none")),
        ("cross_entropy", LOGITS, CLASSES.int(), functional.cross_entropy(LOGITS, CLASSES, reduction="none")),
        ("mse", VALUES, CLASSES.double(), (VALUES - CLASSES) ** 2),
        ("mse", VALUES[:, None], CLASSES, (VALUES - CLASSES) ** 2),
        ("mse", LOGITS, torch.zeros(2, 3), LOGITS.square().mean(dim=1)),
        ("l1", VALUES, CLASSES, (VALUES - CLASSES).abs()),
        ("huber", VALUES, CLASSES, functional.huber_loss(VALUES, CLASSES.float(), reduction="none")),
        (
            "bce",
            VALUES,
            torch.tensor([True, False]),
            functional.binary_cross_entropy_with_logits(VALUES, torch.tensor([1.0, 0.0]), reduction="none"),
        ),
        (
            {"_target_": "torch.nn.CrossEntropyLoss", "kwargs": {"label_smoothing": 0.1}},
            LOGITS,
            CLASSES,
            functional.cross_entropy(LOGITS, CLASSES, label_smoothing=0.1, reduction="none"),
        ),
        (
            {"_target_": "torch.nn.CrossEntropyLoss", "kwargs": {"weight": [1.0, 1.0, 3.0]}},
            LOGITS,
            CLASSES,
            functional.cross_entropy(LOGITS, CLASSES, weight=torch.tensor([1.0, 1.0, 3.0])).expand(2),
        ),
        (
            {"_target_": "torch.nn.functional.smooth_l1_loss", "kwargs": {"beta": 0.5}},
            VALUES,
            CLASSES,
            functional.smooth_l1_loss(VALUES, CLASSES.float(), beta=0.5, reduction="none"),
        ),
    ],
    ids=["null", "int32", "mse", "a column", "several", "l1", "huber", "bce", "smoothing", "weights", "function"],
)
def test_the_loss_of_each_row(loss, answer, target, expected):
    assert torch.equal(criterion(loss, answer, target)(answer, target), expected)


def test_every_short_name_is_a_loss_of_a_known_form():
    forms = {name: criterion(name, LOGITS, CLASSES).form for name in LOSSES}
    assert forms == {"cross_entropy": "classes", "bce": "binary", "mse": "values", "l1": "values", "huber": "values"}


@pytest.mark.parametrize(
    ("answer", "target", "form"),
    [(LOGITS, CLASSES, "classes"), (VALUES, CLASSES, "values"), (LOGITS, LOGITS, "values")],
)
def test_the_form_of_a_loss_of_one_s_own_is_seen_in_the_data(answer, target, form, module):
    name = module("def loss(answer, target): return answer.sum()")
    assert criterion({"_target_": f"{name}.loss"}, answer, target).form == form


def test_a_loss_with_weights_of_its_own_learns_them(module):
    name = module(
        """
        class Loss(nn.Module):
            def __init__(self, size):
                super().__init__()
                self.center = nn.Parameter(torch.zeros(size))
            def forward(self, answer, target):
                return (answer - self.center).square().mean()
        """
    )
    made = criterion({"_target_": f"{name}.Loss", "kwargs": {"size": 3}}, LOGITS, LOGITS)
    assert [tuple(p.shape) for p in made.parameters()] == [(3,)]


def test_a_misspelt_loss_is_named():
    with pytest.raises(PipelineError, match=r"train\.loss\._target_=torch\.nn\.MSELos: .* did you mean 'MSELoss'"):
        criterion({"_target_": "torch.nn.MSELos"}, VALUES, VALUES)


def test_arguments_that_a_loss_does_not_take():
    with pytest.raises(PipelineError, match=r"train\.loss\.kwargs={'smoothing': 0\.1}: does not fit CrossEntropyLoss"):
        criterion({"_target_": "torch.nn.CrossEntropyLoss", "kwargs": {"smoothing": 0.1}}, LOGITS, CLASSES)


class Answers(nn.Module):
    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, x):
        return self.answer


@pytest.mark.parametrize("answer", [VALUES, {"value": VALUES, "label": CLASSES}, (CLASSES, VALUES)])
def test_without_logits_the_one_floating_answer_is_compared(answer):
    assert raw_answer(Answers(answer), {"x": LOGITS}) is VALUES


@pytest.mark.parametrize(("answer", "count"), [({"a": VALUES, "b": LOGITS}, 2), ({"label": CLASSES}, 0)])
def test_which_answer_is_compared_has_to_be_clear(answer, count):
    with pytest.raises(PipelineError, match=f"expected one floating tensor .*, got {count}: add a method logits"):
        raw_answer(Answers(answer), {"x": LOGITS})


@pytest.mark.parametrize(
    ("answer", "target", "form", "takes", "expected"),
    [
        (LOGITS, CLASSES, "classes", "classes", [0, 1]),
        (LOGITS, CLASSES, "classes", "any", [0, 1]),
        (LOGITS, CLASSES, "classes", "scores", LOGITS.softmax(dim=1).tolist()),
        (VALUES[:, None], CLASSES, "binary", "classes", [1, 0]),
        (VALUES, CLASSES, "binary", "scores", VALUES.sigmoid().tolist()),
        (VALUES[:, None], CLASSES, "values", "values", VALUES.tolist()),
        (LOGITS, CLASSES, "values", "values", LOGITS.tolist()),
        (LOGITS[:, :, None].expand(2, 3, 4), CLASSES[:, None].expand(2, 4), "classes", "classes", [[0] * 4, [1] * 4]),
    ],
)
def test_a_raw_answer_in_the_form_that_a_metric_takes(answer, target, form, takes, expected):
    assert decide(answer, target, form, takes).tolist() == expected


def test_the_mean_of_weighted_classes_is_torch_s():
    """Of all rows together: not the mean of each row's loss."""
    target = torch.from_numpy(np.array([0, 2]))
    weighted = criterion(
        {"_target_": "torch.nn.CrossEntropyLoss", "kwargs": {"weight": [1.0, 1.0, 3.0]}}, LOGITS, target
    )
    assert weighted(LOGITS, target).mean() == nn.CrossEntropyLoss(weight=torch.tensor([1.0, 1.0, 3.0]))(LOGITS, target)
