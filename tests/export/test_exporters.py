"""Only what torch and the network raise is a refusal: a bug of ours surfaces as itself, whichever exporter is asked."""

import logging

import numpy as np
import onnx_ir
import pytest
import torch
from torch import nn

from pipeline.core.errors import PipelineError
from pipeline.export import exporters
from pipeline.export.adapter import Adapter
from pipeline.export.exporters import EXPORTERS, ExportRequest, export
from pipeline.graph import external_data, onnx_model
from pipeline.network.arguments import Arguments

both = pytest.mark.parametrize("exporter", EXPORTERS)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 2)

    def forward(self, x):
        return self.linear(x)


class Refused(Net):
    """Raises while it is exported, and not while it runs."""

    def __init__(self, error: type[Exception]) -> None:
        super().__init__()
        self.error = error

    def forward(self, x):
        if torch.compiler.is_exporting() or torch.jit.is_tracing():
            raise self.error("no way")
        return super().forward(x)


@pytest.fixture
def request_(tmp_path) -> ExportRequest:
    example = {"x": np.ones((2, 3), np.float32)}
    return ExportRequest(example, {"output": ["batch", 2]}, {"x": {0: "batch"}}, 20, tmp_path)


def adapted(network: nn.Module) -> Adapter:
    return Adapter(network, ["x"], {"x": 0}, []).eval()


def bug(*_, **__):
    raise KeyError("a bug of ours")


@both
def test_the_graph_and_its_size_before_folding(exporter, request_):
    exported = export(exporter, adapted(Net()), request_)
    assert [value.name for value in (*exported.model.graph.input, *exported.model.graph.output)] == ["x", "output"]
    assert exported.before_folding["nodes"] >= len(exported.model.graph.node) == 1
    assert exported.frozen == []


@both
@pytest.mark.parametrize("error", [RuntimeError, ValueError, TypeError, IndexError, KeyError, NotImplementedError])
def test_what_the_network_raises_is_a_refusal(exporter, error, request_):
    with pytest.raises(
        PipelineError, match=rf"torch's {exporter} exporter refuses the network: .*test_exporters.py.*no way"
    ):
        export(exporter, adapted(Refused(error)), request_)


@both
def test_a_bug_in_what_counts_the_graph_surfaces_as_itself(exporter, request_, monkeypatch):
    monkeypatch.setattr(onnx_model, "count", bug)
    with pytest.raises(KeyError, match="a bug of ours"):
        export(exporter, adapted(Net()), request_)


@pytest.mark.parametrize(
    ("module", "step"),
    [
        (exporters, "widen_indices"),
        (external_data, "unload"),
        (external_data, "detach"),
        (external_data, "attach"),
        (torch.onnx.ONNXProgram, "optimize"),
    ],
)
def test_a_bug_in_a_step_after_dynamo_surfaces_as_itself(module, step, request_, monkeypatch):
    monkeypatch.setattr(module, step, bug)
    with pytest.raises(KeyError, match="a bug of ours"):
        export("dynamo", adapted(Net()), request_)


@pytest.mark.parametrize("step", ["attach", "unload"])
def test_a_bug_in_a_step_after_the_tracer_surfaces_as_itself(step, request_, monkeypatch):
    monkeypatch.setattr(external_data, "LIMIT", 10)
    monkeypatch.setattr(external_data, step, bug)
    with pytest.raises(KeyError, match="a bug of ours"):
        export("tracer", adapted(Net()), request_)


@both
def test_a_bug_in_the_adapter_surfaces_as_itself(exporter, request_, caplog):
    adapter = adapted(Net())
    adapter.arguments = Arguments(["no such input"], {})
    with pytest.raises(Exception, match="no such input") as caught:
        export(exporter, adapter, request_)
    assert not isinstance(caught.value, PipelineError)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("settings", [(), ("export.exporter=dynamo",), ("export.exporter=tracer",)])
def test_auto_does_not_take_the_next_exporter_for_a_bug(settings, linear, configure, monkeypatch, passes):
    configure(*settings)
    monkeypatch.setattr(onnx_model, "count", bug)
    with pytest.raises(KeyError, match="a bug of ours"):
        passes("export")


def test_weights_that_protobuf_cannot_hold_are_in_files_of_the_folder(request_, monkeypatch):
    class Large(Net):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(3, 2_000)

    monkeypatch.setattr(external_data, "LIMIT", 30_000)
    network = Large()
    for exporter in EXPORTERS:
        model = export(exporter, adapted(network), request_._replace(outputs={"output": ["batch", 2_000]})).model
        assert {info.location for info in external_data.outside(model)} == {
            {"dynamo": "dynamo.data", "tracer": "traced.data"}[exporter]
        }
        lazy = onnx_ir.from_proto(model)
        onnx_ir.external_data.set_base_dir(lazy.graph, request_.folder)
        weights = {name: value.const_value.numpy() for name, value in lazy.graph.initializers.items()}
        np.testing.assert_array_equal(weights["network.linear.weight"], network.linear.weight.detach().numpy())
        np.testing.assert_array_equal(weights["network.linear.bias"], network.linear.bias.detach().numpy())
