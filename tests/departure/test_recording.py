"""What the eager network computes on its way, as it was when it was computed."""

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.departure.recording import plain_attention, record
from pipeline.export.adapter import Adapter

X = np.arange(6, dtype=np.float32).reshape(2, 3) - 2


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(3, 3), nn.ReLU())

    def forward(self, x):
        y = x * 2
        y.add_(1)
        return self.inner(y.T.T) + torch.complex(y, y).abs()


@pytest.fixture
def recording(tmp_path):
    recorded, _ = record(Adapter(Net(), ["x"], {"x": 0}, []).eval(), {"x": X}, {}, tmp_path / "values")
    return recorded


def values(recording, operator: str):
    return [recording.values(event) for event in recording.events if operator in event.operator]


def test_an_edit_in_place_does_not_change_what_was_recorded_before(recording):
    np.testing.assert_array_equal(values(recording, "aten.mul")[0], X * 2)


def test_an_edit_in_place_is_recorded(recording):
    np.testing.assert_array_equal(values(recording, "aten.add_")[0], X * 2 + 1)


def test_a_view_is_recorded_as_it_is_seen(recording):
    turned = next(event for event in recording.events if event.shape == (3, 2))
    np.testing.assert_array_equal(recording.values(turned), (X * 2 + 1).T)


def test_modules_are_those_of_the_users_network(recording):
    assert [event.module for event in recording.events if "relu" in event.operator] == ["inner.1"]


def test_a_complex_number_is_two(recording):
    (number,) = values(recording, "aten.complex")
    assert number.shape == (2, 3, 2)


def test_lines_are_the_users(recording):
    (event,) = [event for event in recording.events if "relu" in event.operator]
    assert event.frames[0][0] == __file__


def test_what_the_network_is_given_is_recorded(recording):
    np.testing.assert_array_equal(values(recording, "placeholder")[0], X)


def test_weights_are_not(recording):
    assert [event.shape for event in recording.events if event.shape == (3, 3)] == []


def test_attention_is_recorded_step_by_step(tmp_path):
    layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
    adapter = Adapter(layer, ["src"], {"src": 0}, []).eval()
    with plain_attention():
        recorded, _ = record(adapter, {"src": np.ones((2, 3, 4), np.float32)}, {}, tmp_path / "values")
    assert [event.shape for event in recorded.events if "softmax" in event.operator] == [(2, 2, 3, 3)]


def test_the_setting_for_attention_is_as_it_was_after():
    with plain_attention():
        pass
    assert torch.backends.mha.get_fastpath_enabled()
