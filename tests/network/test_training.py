import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import AdamW
from torch.utils.data import DataLoader

from pipeline.metrics.classification import accuracy
from pipeline.network.losses import Criterion
from pipeline.network.training import (
    ArrayDataset,
    EagerAdamW,
    Epoch,
    Objective,
    Progress,
    adapt,
    count_batch_multiply_adds,
    learning_rate,
    place_batch,
)


class SecondAxis(nn.Module):
    """Takes series [time, batch, 4]; keeps the shapes that `adapt` was given."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 3)

    def logits(self, series):
        return self.linear(series).mean(dim=0)

    def adapt(self, target, series):
        self.adapted = {"target": tuple(target.shape), "series": tuple(series.shape)}


AXES = {"series": 1}
PROGRESS = Progress("accuracy", accuracy, "classes", higher=True, decides=False)


def arrays(rows: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {"series": rng.normal(size=(rows, 5, 4)).astype(np.float32), "target": rng.integers(0, 3, size=rows)}


@pytest.mark.parametrize(
    ("step", "factor"),
    [(0, 0.1), (9, 1.0), (10, 1.0), (55, 0.5), (100, 0.0)],
    ids=["rise", "top", "peak", "half", "end"],
)
def test_learning_rate(step, factor):
    assert learning_rate(step, 100, 0.1) == pytest.approx(factor)


@pytest.mark.parametrize("steps", [1, 2, 7])
@pytest.mark.parametrize("warmup", [0.0, 0.5, 0.99])
def test_learning_rate_stays_within_its_bounds(steps, warmup):
    assert all(0 < learning_rate(step, steps, warmup) <= 1 for step in range(steps))


def test_the_batch_goes_to_the_axis_where_the_network_has_it():
    placed = place_batch({"series": torch.zeros(7, 5, 4), "other": torch.zeros(7, 2)}, AXES)
    assert {name: tuple(tensor.shape) for name, tensor in placed.items()} == {"series": (5, 7, 4), "other": (7, 2)}


def test_adapt_sees_the_whole_split_placed_as_a_batch():
    network = SecondAxis()
    adapt(network, arrays(7), AXES)
    assert network.adapted == {"target": (7,), "series": (5, 7, 4)}


def test_a_network_without_adapt_is_left_alone():
    network = nn.Linear(4, 3)
    adapt(network, arrays(7), AXES)
    assert set(vars(network)) == set(vars(nn.Linear(4, 3)))


def test_the_objective_is_each_row_s_cross_entropy():
    network = SecondAxis()
    rows = {name: torch.from_numpy(array) for name, array in arrays(7).items()}
    criterion = Criterion(nn.CrossEntropyLoss(reduction="none"), "classes", of_torch=True)
    losses, answers, target = Objective(network, AXES, criterion, PROGRESS)(**rows)
    logits = network.linear(rows["series"]).mean(dim=1)
    assert torch.equal(losses, nn.functional.cross_entropy(logits, rows["target"], reduction="none"))
    assert answers.tolist() == logits.argmax(dim=1).tolist()
    assert target.tolist() == rows["target"].tolist()


def epoch(loss: float, metric: float) -> Epoch:
    return Epoch(1, 0.1, loss, metric, loss, metric)


@pytest.mark.parametrize(
    ("decides", "higher", "better"),
    [(False, True, epoch(0.9, 0.1)), (True, True, epoch(2.0, 0.6)), (True, False, epoch(2.0, 0.4))],
    ids=["by the loss", "by more", "by less"],
)
def test_which_epoch_is_better(decides, higher, better):
    progress = PROGRESS._replace(decides=decides, higher=higher)
    assert progress.is_better(better, epoch(1.0, 0.5))
    assert not progress.is_better(epoch(1.0, 0.5), better)
    assert not progress.is_better(better, better)


@pytest.mark.parametrize("shuffled", [True, False])
def test_batches_are_those_that_torch_makes_of_single_rows(shuffled):
    data = arrays(10)
    single = [{name: torch.from_numpy(array)[row] for name, array in data.items()} for row in range(10)]
    seeded = [torch.Generator().manual_seed(3) if shuffled else None for _ in range(2)]
    ours = ArrayDataset(data).batches(4, seeded[0])
    for _ in range(2):
        torchs = list(DataLoader(single, 4, shuffle=shuffled, generator=seeded[1]))
        epoch = list(ours)
        assert len(epoch) == len(torchs) == 3
        assert all(torch.equal(a[name], b[name]) for a, b in zip(epoch, torchs, strict=True) for name in data)


def test_the_eager_optimizer_is_adamw_bit_for_bit():
    weights = {}
    for kind in (AdamW, EagerAdamW):
        torch.manual_seed(0)
        linear = nn.Linear(4, 3)
        optimizer = kind(linear.parameters(), lr=0.1, weight_decay=0.5)
        for _ in range(3):
            linear(torch.ones(2, 4)).square().sum().backward()
            optimizer.step()
            optimizer.zero_grad()
        weights[kind] = linear.weight
        assert linear.weight.grad is None
    assert torch.equal(weights[AdamW], weights[EagerAdamW])


@pytest.mark.parametrize(("batch_size", "rows"), [(4, 4), (64, 7)], ids=["full", "fewer rows than a batch"])
def test_a_batch_s_multiply_adds(batch_size, rows):
    assert count_batch_multiply_adds(SecondAxis(), arrays(7), AXES, batch_size) == rows * 5 * 4 * 3
