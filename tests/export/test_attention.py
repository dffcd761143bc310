"""A query whose mask leaves nothing to look at is answered as torch answers it."""

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.export.adapter import Adapter
from pipeline.export.exporters import ExportRequest, export
from pipeline.graph.session import answer, open_session

KEEP = np.array([[1, 1, 0, 1, 1], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]], bool)


class Attention(nn.Module):
    def forward(self, x, keep):
        heads = x.unflatten(2, (2, 3)).transpose(1, 2)
        return nn.functional.scaled_dot_product_attention(heads, heads, heads, attn_mask=keep[:, None, None, :])


class Plain(nn.Module):
    def forward(self, x, keep):
        heads = x[:, None]
        return nn.functional.scaled_dot_product_attention(heads, heads, heads, is_causal=True)[:, 0] * keep[..., None]


class NoHeads(nn.Module):
    def forward(self, x, keep):
        causal = nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True)
        return causal + nn.functional.scaled_dot_product_attention(x, x, x, attn_mask=keep[:, None, :])


MASKS = {
    "booleans": KEEP,
    "minus infinity": np.where(KEEP, 0, -np.inf).astype(np.float32),
    "half": np.where(KEEP, 0, np.float16(-np.inf)).astype(np.float16),
}


@pytest.mark.parametrize("opset", [18, 20, 23])
@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("network", [Attention, Plain, NoHeads])
def test_a_row_without_anything_to_look_at(network, kind, opset, tmp_path):
    mask = KEEP if network is Plain else MASKS[kind]
    x = np.random.default_rng(0).normal(size=(3, 5, 6)).astype(np.float16 if kind == "half" else np.float32)
    adapter = Adapter(network(), ["x", "keep"], {"x": 0, "keep": 0}, []).eval()
    axes = {"x": {0: "batch", 1: "time"}, "keep": {0: "batch", 1: "time"}}
    outputs = {"output": ["batch", 2, "time", 3] if network is Attention else ["batch", "time", 6]}
    request = ExportRequest({"x": x, "keep": mask}, outputs, axes, opset, tmp_path)
    graph = open_session(export("dynamo", adapter, request).model.SerializeToString())
    expected = adapter.answer({"x": x, "keep": mask})["output"]
    assert torch.isfinite(torch.from_numpy(expected)).all()
    np.testing.assert_allclose(
        answer(graph, {"x": x, "keep": mask})["output"], expected, atol=2e-3 if kind == "half" else 1e-5
    )
