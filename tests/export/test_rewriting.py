"""What stands in for a module answers the same, and the module is there again afterwards."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize

from pipeline.export.rewriting import UnprojectedLSTM, exportable


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4))

    def forward(self, x):
        return x * self.weight


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).T


def parametrized():
    linear = nn.Linear(4, 4)
    parametrize.register_parametrization(linear, "weight", Symmetric())
    return linear


WEIGHTS = {
    "weight norm": lambda: parametrizations.weight_norm(nn.Linear(4, 4)),
    "of one axis": lambda: parametrizations.weight_norm(Scale(), dim=0),
    "as it was": lambda: nn.utils.weight_norm(nn.Linear(4, 4)),
    "spectral norm": lambda: parametrizations.spectral_norm(nn.Linear(4, 4)),
    "orthogonal": lambda: parametrizations.orthogonal(nn.Linear(4, 4)),
    "one's own": parametrized,
}


@pytest.mark.parametrize("name", WEIGHTS)
@torch.no_grad()
def test_computed_weights_are_parameters(name):
    torch.manual_seed(0)
    network, x = nn.Sequential(WEIGHTS[name](), nn.Tanh()).eval(), torch.randn(3, 4)
    before, expected, module = sorted(network.state_dict()), network(x), network[0]
    with exportable(network):
        assert "weight" in dict(network[0].named_parameters())
        torch.testing.assert_close(network(x), expected)
    assert network[0] is module
    assert sorted(network.state_dict()) == before
    torch.testing.assert_close(network(x), expected)


def test_what_needs_nothing_stays():
    network = nn.Sequential(nn.Linear(2, 2), nn.LSTM(2, 3))
    modules = list(network)
    with exportable(network):
        assert list(network) == modules


def test_a_module_under_two_names_is_one():
    linear = parametrizations.weight_norm(nn.Linear(4, 4))
    network = nn.Sequential(linear, linear)
    with exportable(network):
        assert network[0] is not linear
    assert network[0] is linear


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
@torch.no_grad()
def test_an_lstm_with_projections(layers, bidirectional, batch_first):
    torch.manual_seed(0)
    lstm = nn.LSTM(3, 6, layers, batch_first=batch_first, bidirectional=bidirectional, proj_size=2)
    for shape in ((4, 5, 3), (5, 3)):
        x, batch = torch.randn(shape), () if len(shape) == 2 else (shape[0] if batch_first else shape[1],)
        states = layers * (2 if bidirectional else 1)
        for first in (None, (torch.randn(states, *batch, 2), torch.randn(states, *batch, 6))):
            expected, last = lstm(x, first)
            got, got_last = UnprojectedLSTM(lstm)(x, first)
            for a, b in zip((got, *got_last), (expected, *last), strict=True):
                np.testing.assert_allclose(a, b, atol=1e-5)
