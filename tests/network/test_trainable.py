import numpy as np
import pytest
import torch
from torch import nn

from pipeline.core.errors import PipelineError
from pipeline.network.trainable import prepare_criterion
from pipeline.settings.train_section import Loss

ROWS = np.zeros((4, 3), np.float32)
CLASSES, VALUES = np.array([0, 1, 2, 1]), np.linspace(0, 1, 4)


class Net(nn.Module):
    """Logits of a shape that the test gives."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.shape = shape
        self.linear = nn.Linear(3, 1)

    def logits(self, x):
        return self.linear(x).reshape(-1, *[1] * len(self.shape)).expand(-1, *self.shape)


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 1)

    def forward(self, x):
        return {"value": self.linear(x)}


def prepare(network, target, loss=None, axes=None):
    data = {part: {"x": ROWS} | ({} if target is None else {"target": target}) for part in ("train", "validation")}
    return prepare_criterion(network, data, "mine", {"x": 0} if axes is None else axes, Loss.model_validate(loss))


@pytest.mark.parametrize(
    ("network", "target", "loss"),
    [
        (Net(3), CLASSES, None),
        (Net(3, 5), np.zeros((4, 5), np.int32), None),
        (Net(), VALUES, "mse"),
        (Net(1), VALUES, "huber"),
        (Net(), CLASSES, "l1"),
        (Net(2), np.zeros((4, 2)), "bce"),
        (Net(), np.array([True, False] * 2), "bce"),
        (Plain(), VALUES, "mse"),
    ],
    ids=["classes", "places", "values", "a column", "integers", "several labels", "bool", "no logits"],
)
def test_what_can_be_trained(network, target, loss):
    criterion = prepare(network, target, loss)
    answer = (
        network.logits(torch.from_numpy(ROWS))
        if hasattr(network, "logits")
        else network(torch.from_numpy(ROWS))["value"]
    )
    assert criterion(answer, torch.from_numpy(target)).shape == (4,)


@pytest.mark.parametrize("loss", [None, "bce"])
def test_classes_are_learnt_from_logits_alone(loss):
    """What forward answers may be probabilities."""
    with pytest.raises(
        PipelineError, match=r"model mine: expected a method logits\(\*\*inputs\) .*, got none in Plain: add it"
    ):
        prepare(Plain(), CLASSES, loss)


@pytest.mark.parametrize(
    ("network", "target", "loss", "says"),
    [
        (Net(3), None, None, "build/data/train.npz: expected `target`, integer class numbers of shape [rows], for train.loss=cross_entropy, got none"),
        (Net(3), VALUES, None, "integer class numbers of shape [rows], for train.loss=cross_entropy, got float64[4]"),
        (Net(3), CLASSES[:, None], None, "integer class numbers of shape [rows], for train.loss=cross_entropy, got int64[4, 1]"),
        (Net(), CLASSES, None, "integer class numbers of shape [rows], for train.loss=cross_entropy, got int64[4]"),
        (Net(2), CLASSES, None, "build/data/train.npz: expected `target` from 0 to 1, one for each of the network's logits, got 0 to 2"),
        (Net(), CLASSES, "bce", "build/data/train.npz: expected `target` from 0 to 1, a yes or no for each logit, got 0 to 2"),
        (Net(3), VALUES, "mse", "expected `target` of the network's shape [rows, 3] for train.loss=mse, got [4]: make the two agree"),
        (Net(), None, "mse", "expected `target`, numbers, for train.loss=mse, got none"),
        (Net(), np.array(["a"] * 4, dtype=object), "mse", "expected `target`, numbers, for train.loss=mse, got text[4] (text: name the classes"),
    ],
)  # fmt: skip
def test_a_target_that_does_not_fit(network, target, loss, says):
    with pytest.raises(PipelineError) as caught:
        prepare(network, target, loss)
    assert says in str(caught.value)


def test_training_needs_a_batch():
    with pytest.raises(PipelineError, match=r"model mine: expected an axis named batch in model\.dynamic_axes"):
        prepare(Net(3), CLASSES, axes={})


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            "return (answer > 0).float().mean()",
            "and has a gradient, got float32[1] without a gradient: training follows it",
        ),
        ("return torch.cat([answer, answer])", "one for each row, and has a gradient, got float32[2] for one row"),
        (
            "return answer @ answer",
            "cannot compare an answer float32[1, 3] with a target int64[1]: mat1 and mat2 shapes",
        ),
        (
            "return 1.0",
            "cannot compare an answer float32[1, 3] with a target int64[1]: 'float' object has no attribute",
        ),
    ],
)
def test_a_loss_that_cannot_be_followed(body, says, module):
    name = module(f"def loss(answer, target): {body}")
    with pytest.raises(PipelineError) as caught:
        prepare(Net(3), CLASSES, {"_target_": f"{name}.loss"})
    assert f"train.loss._target_={name}.loss: " in str(caught.value)
    assert says in str(caught.value)


def test_a_network_that_refuses_the_arrays():
    class Refuses(Plain):
        def forward(self, y):
            return y

    with pytest.raises(PipelineError, match=r"model mine: Refuses\.forward cannot answer {'x': 'float32\[1, 3\]'}: "):
        prepare(Refuses(), VALUES, "mse")
