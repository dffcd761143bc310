"""Sizes in the graph are those that Python computes, at every size."""

import numpy as np
import onnx_ir
import pytest
from torch import nn
from torch.nn import functional

from pipeline.export.adapter import Adapter
from pipeline.export.exporters import ExportRequest, export
from pipeline.export.size_arithmetic import restore_double
from pipeline.graph.session import answer, open_session


class Scaled(nn.Module):
    def __init__(self, **options) -> None:
        super().__init__()
        self.options = options

    def forward(self, x):
        return functional.interpolate(x, **self.options)


@pytest.mark.parametrize("number", [0.29, 0.7, 1 / 3, 1 / 7, 2.0, 1e-3, 0.0, 57.5, np.pi])
def test_the_simplest_number_that_was_rounded_is_restored(number):
    restored = restore_double(np.array([number], np.float32))
    assert restored[0] == (number if number != np.pi else np.float64(np.float32(np.pi)))


@pytest.fixture
def session(tmp_path):
    def make(network: nn.Module, shape=(2, 1, 40)):
        example = {"x": np.random.default_rng(0).random(shape).astype(np.float32)}
        request = ExportRequest(
            example, {"output": ["batch", 1, "output_2"]}, {"x": {0: "batch", 2: "time"}}, 20, tmp_path
        )
        adapter = Adapter(network, ["x"], {"x": 0}, []).eval()
        model = export("dynamo", adapter, request).model
        return adapter, open_session(model.SerializeToString()), [node.op_type for node in model.graph.node]

    return make


@pytest.mark.parametrize(
    "options",
    [
        {"scale_factor": 0.29},
        {"scale_factor": 0.57, "mode": "nearest-exact"},
        {"scale_factor": 0.29, "mode": "linear"},
        {"scale_factor": 2.2},
        {"scale_factor": 0.7, "mode": "linear", "align_corners": True},
    ],
)
def test_interpolation_by_a_factor_has_torch_s_size_at_every_size(options, session):
    adapter, graph, _ = session(Scaled(**options))
    rng = np.random.default_rng(1)
    for size in [*range(4, 130), 200, 300, 1000]:
        inputs = {"x": rng.random((1, 1, size)).astype(np.float32)}
        expected = adapter.answer(inputs)["output"]
        np.testing.assert_allclose(answer(graph, inputs)["output"], expected, atol=1e-4, err_msg=f"size {size}")


def test_a_picture_by_two_factors(tmp_path):
    network = Adapter(Scaled(scale_factor=(0.29, 0.7), mode="bilinear"), ["x"], {"x": 0}, []).eval()
    example = {"x": np.random.default_rng(0).random((2, 1, 40, 40)).astype(np.float32)}
    axes = {"x": {0: "batch", 2: "height", 3: "width"}}
    request = ExportRequest(example, {"output": ["batch", 1, "output_2", "output_3"]}, axes, 20, tmp_path)
    graph = open_session(export("dynamo", network, request).model.SerializeToString())
    for height, width in ((100, 10), (200, 130), (41, 30)):
        inputs = {"x": np.random.default_rng(1).random((1, 1, height, width)).astype(np.float32)}
        np.testing.assert_allclose(answer(graph, inputs)["output"], network.answer(inputs)["output"], atol=1e-4)


def test_a_factor_that_float32_holds_leaves_the_graph_alone(session):
    assert session(Scaled(scale_factor=0.5))[2] == ["Resize"]


def test_numbers_of_the_data_stay_as_they_are(tmp_path):
    class Halves(nn.Module):
        def forward(self, x):
            return (x.float() * 0.29).long()

    example = {"x": np.arange(200).reshape(2, 100)}
    request = ExportRequest(example, {"output": ["batch", 100]}, {"x": {0: "batch"}}, 20, tmp_path)
    model = export("dynamo", Adapter(Halves(), ["x"], {"x": 0}, []).eval(), request).model
    kinds = {node.attribute[0].i for node in model.graph.node if node.op_type == "Cast"}
    assert onnx_ir.DataType.DOUBLE not in kinds
