"""Nearest values are those that torch takes, at every size."""

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.export.adapter import Adapter
from pipeline.export.exporters import ExportRequest, export
from pipeline.graph.session import answer, open_session

PICTURE = {"x": {0: "batch", 2: "height", 3: "width"}}


class Resized(nn.Module):
    def __init__(self, mode: str, **options):
        super().__init__()
        self.options = {"mode": mode, **options}

    def forward(self, x):
        return nn.functional.interpolate(x, **self.options)


class Likened(nn.Module):
    """The width from the height of the picture."""

    def forward(self, x):
        return nn.functional.interpolate(x, size=(x.shape[3], 7))


@pytest.mark.parametrize(
    "network",
    [
        Resized("nearest", scale_factor=1.1),
        Resized("nearest", scale_factor=(0.7, 2.0)),
        Resized("nearest", scale_factor=2.0),
        Resized("nearest", size=(5, 31)),
        Resized("nearest-exact", scale_factor=1.3),
        Resized("nearest-exact", size=(5, 31)),
        Likened(),
    ],
    ids=["grow", "two factors", "twice", "size", "exact", "exact size", "size from the input"],
)
def test_every_size_is_answered_as_torch_does(network, tmp_path):
    def rows(height: int, width: int) -> dict[str, np.ndarray]:
        return {"x": np.arange(3 * height * width, dtype=np.float32).reshape(3, 1, height, width)}

    adapter = Adapter(network, ["x"], {"x": 0}, []).eval()
    request = ExportRequest(rows(30, 20), {"output": ["batch", 1, "output_2", "output_3"]}, PICTURE, 20, tmp_path)
    graph = open_session(export("dynamo", adapter, request).model.SerializeToString())
    for height, width in zip(range(2, 120), range(119, 1, -1), strict=True):
        inputs = rows(height, width)
        np.testing.assert_array_equal(
            answer(graph, inputs)["output"], network(torch.from_numpy(inputs["x"])).numpy(), f"{height} x {width}"
        )
