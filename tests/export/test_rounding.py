"""What rounding alone does to a network's answers."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.core.arrays import Arrays
from pipeline.core.golden import GoldenCall
from pipeline.export.adapter import Adapter
from pipeline.export.rounding import TRIALS, ShiftedResize, choose_telling, measure_scales, move_answers

EPS = float(np.finfo(np.float32).eps)
ROWS = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)


class Deep(nn.Module):
    """`depth` layers, each of which amplifies what the one before it rounded."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.sin(4 * layer(x))
        return x


class Plain(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2


class Picky(nn.Module):
    """Takes nothing but the rows that it knows."""

    def forward(self, x: Tensor) -> Tensor:
        if not torch.equal(x, torch.from_numpy(ROWS)):
            raise ValueError("another row")
        return x


def call_of(network: nn.Module, inputs: Arrays | None = None) -> tuple[Adapter, GoldenCall]:
    inputs = inputs or {"x": ROWS}
    adapter = Adapter(network.eval(), ["x"], {"x": 0}, [])
    return adapter, GoldenCall("rows-60", "rows", 60, {}, inputs, adapter.answer(inputs))


def rounding_of(network: nn.Module) -> float:
    adapter, call = call_of(network)
    moved = move_answers(lambda: adapter, [call], weights=True)
    scales = measure_scales([call], call.outputs, {"output": ["batch", 4]}, moved, batched=True)
    return scales["output"].rounding


def test_a_deep_network_rounds_more_than_a_flat_one() -> None:
    assert rounding_of(Plain()) < 2 * EPS
    assert rounding_of(Deep(6)) > 4 * rounding_of(Deep(1)) > 0


def test_the_same_every_time() -> None:
    assert rounding_of(Deep(3)) == rounding_of(Deep(3))


def test_weights_are_moved_too_and_only_where_asked() -> None:
    adapter, call = call_of(Deep(1), {"x": np.round(ROWS)})
    assert all(np.array_equal(*pair) for pair in move_answers(lambda: adapter, [call], weights=False)["output"])
    pairs = move_answers(lambda: adapter, [call], weights=True)["output"]
    assert len(pairs) == TRIALS + 1
    assert not any(np.array_equal(*pair) for pair in pairs)


def test_whole_numbers_are_left_alone() -> None:
    adapter, call = call_of(Plain(), {"x": np.arange(240, dtype=np.float32).reshape(60, 4)})
    assert all(np.array_equal(*pair) for pair in move_answers(lambda: adapter, [call], weights=True)["output"])


def test_where_the_network_refuses_moved_inputs_nothing_is_known() -> None:
    adapter, call = call_of(Picky())
    assert move_answers(lambda: adapter, [call], weights=True) == {}


@pytest.mark.parametrize("dtype", [np.int64, bool])
def test_inputs_that_are_not_floating_stay(dtype: type) -> None:
    adapter, call = call_of(Plain(), {"x": (ROWS > 0).astype(dtype)})
    assert all(np.array_equal(*pair) for pair in move_answers(lambda: adapter, [call], weights=True)["output"])


class Coordinates(nn.Module):
    """Interpolates at places that it computes itself: moving weights and inputs moves none of them."""

    def forward(self, x: Tensor) -> Tensor:
        place = torch.arange(1, 401, dtype=x.dtype) * torch.tensor(0.29137, dtype=x.dtype) * 1010
        return x * torch.frac(place)[: x.shape[1]]


def test_what_the_network_computes_of_its_own_shows_in_double_precision() -> None:
    assert rounding_of(Coordinates()) > 8 * EPS


class Strict(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.dtype != torch.float32:
            raise TypeError("single precision only")
        return x


def test_a_network_with_a_precision_of_its_own_goes_without() -> None:
    adapter, call = call_of(Strict())
    assert len(move_answers(lambda: adapter, [call], weights=True)["output"]) == TRIALS


def test_the_largest_call_tells_as_well_as_the_one_with_most_rows() -> None:
    calls = [
        GoldenCall(name, purpose, rows, {}, {"x": np.zeros((rows, size), np.float32)})
        for name, purpose, rows, size in (
            ("rows-3", "rows", 3, 8),
            ("rows-64", "rows", 64, 8),
            ("time=16", "size", 2, 16),
        )
    ]
    assert [call.name for call in choose_telling(calls)] == ["rows-64", "time=16"]
    assert [call.name for call in choose_telling(calls[:2])] == ["rows-64"]


PICTURE = torch.rand(1, 1, 9, 300, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("options", [{"size": (4, 80)}, {"scale_factor": 0.29}, {"scale_factor": (0.5, 0.31)}])
def test_interpolation_between_values_is_moved_by_the_rounding_of_a_place(options: dict) -> None:
    plain = functional.interpolate(PICTURE, mode="bilinear", **options)
    with ShiftedResize():
        moved = functional.interpolate(input=PICTURE, mode="bilinear", **options)
    assert moved.shape == plain.shape
    assert 0 < float((moved - plain).abs().max()) < 1000 * EPS


@pytest.mark.parametrize("options", [{"mode": "nearest"}, {"mode": "bilinear", "align_corners": True}])
def test_other_interpolation_stays(options: dict) -> None:
    plain = functional.interpolate(PICTURE, size=(4, 80), **options)
    with ShiftedResize():
        assert torch.equal(functional.interpolate(PICTURE, size=(4, 80), **options), plain)
