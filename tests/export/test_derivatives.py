import numpy as np
import pytest
import torch
from torch import nn

from pipeline.export.adapter import Adapter
from pipeline.export.derivatives import differentiates
from pipeline.export.exporters import ExportRequest, export
from pipeline.graph.session import answer, open_session


class Slope(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))

    def forward(self, x):
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            (slope,) = torch.autograd.grad(self.body(x).sum(), x)
        return slope


def test_who_asks_for_a_derivative():
    x = [torch.ones(2, 3)]
    assert differentiates(Slope(), x)
    assert not differentiates(nn.Linear(3, 2), x)


def test_a_derivative_is_carried_at_any_batch(tmp_path):
    torch.manual_seed(0)
    adapter = Adapter(Slope(), ["x"], {"x": 0}, []).eval()
    x = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
    request = ExportRequest({"x": x[:2]}, {"output": ["batch", 3]}, {"x": {0: "batch"}}, 20, tmp_path)
    session = open_session(export("dynamo", adapter, request).model.SerializeToString())
    for rows in (1, 2, 7):
        expected = adapter.answer({"x": x[:rows]})
        np.testing.assert_allclose(answer(session, {"x": x[:rows]})["output"], expected["output"], atol=1e-6)


@pytest.mark.parametrize("name", ["grad", "backward"])
def test_autograd_is_as_it_was(name):
    before = getattr(torch.autograd, name)
    differentiates(Slope(), [torch.ones(2, 3)])
    assert getattr(torch.autograd, name) is before
