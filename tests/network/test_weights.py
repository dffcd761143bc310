import zipfile
from pathlib import Path

import pytest
import torch
from torch import nn

from pipeline.core.errors import PipelineError
from pipeline.network.factory import load_weights, save_weights
from pipeline.network.weights import read_state


@pytest.fixture
def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))


def same(state: dict[str, torch.Tensor], net: nn.Module) -> bool:
    own = net.state_dict()
    return set(state) == set(own) and all(torch.equal(state[name], own[name]) for name in own)


@pytest.mark.parametrize("ending", [".pt", ".pth", ".bin", ".ckpt"])
def test_pickled_state_dict(ending, net, tmp_path):
    torch.save(net.state_dict(), tmp_path / f"w{ending}")
    assert same(read_state(tmp_path / f"w{ending}", "x"), net)


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model"])
def test_what_trainers_wrap_it_in(key, net, tmp_path):
    torch.save({key: net.state_dict(), "epoch": 3}, tmp_path / "w.pt")
    assert same(read_state(tmp_path / "w.pt", "x"), net)


def test_safetensors(net, tmp_path):
    save_weights(net.state_dict(), tmp_path / "w.safetensors")
    assert same(read_state(tmp_path / "w.safetensors", "x"), net)


def test_exported_program_without_unpickling(net, tmp_path, monkeypatch):
    torch.export.save(torch.export.export(net.eval(), (torch.rand(2, 3),)), tmp_path / "w.pt2")
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("it was unpickled"))
    assert same(read_state(tmp_path / "w.pt2", "x"), net)


def test_exported_program_with_a_transposed_weight(tmp_path):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.arange(6.0).reshape(2, 3).T)

        def forward(self, x):
            return x @ self.weight

    net = Net()
    torch.export.save(torch.export.export(net, (torch.rand(2, 3),)), tmp_path / "w.pt2")
    assert same(read_state(tmp_path / "w.pt2", "x"), net)


def test_a_whole_module_is_refused(net, tmp_path):
    torch.save(net, tmp_path / "w.pt")
    with pytest.raises(
        PipelineError, match=r"a pickle that would run code .*names torch\.nn.* save model\.state_dict\(\) instead"
    ):
        read_state(tmp_path / "w.pt", "x")


def test_code_in_a_pickle_does_not_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return (Path(tmp_path / "ran").touch, ())

    torch.save({"weight": Evil()}, tmp_path / "w.pt")
    with pytest.raises(PipelineError, match="would run code"):
        read_state(tmp_path / "w.pt", "x")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("w.pt", b"not a checkpoint", "expected a state_dict"),
        ("w.pt2", b"not a zip", "damaged or other file"),
        ("w.safetensors", b"\x00" * 4, "damaged or other file"),
        ("w.onnx", b"", "a file that ends in '.onnx'"),
        ("weights", b"", "a file that ends in 'nothing'"),
    ],
)
def test_other_files(name, content, says, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PipelineError, match=says):
        read_state(tmp_path / name, "x")


def test_missing(tmp_path):
    with pytest.raises(PipelineError, match="is missing"):
        read_state(tmp_path / "w.pt", "x")


def test_archive_without_weights(tmp_path):
    with zipfile.ZipFile(tmp_path / "w.pt2", "w") as archive:
        archive.writestr("m/version", "1")
    with pytest.raises(PipelineError, match="model_weights_config"):
        read_state(tmp_path / "w.pt2", "x")


@pytest.mark.parametrize("content", [[1, 2], {"weight": 3}, 7])
def test_not_a_mapping_of_tensors(content, tmp_path):
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(PipelineError, match="not a mapping of names to tensors"):
        read_state(tmp_path / "w.pt", "x")


def test_strict_lists_what_misses_and_what_is_left_over(net, tmp_path):
    state = net.state_dict()
    state["extra"] = state.pop("0.bias")
    torch.save(state, tmp_path / "w.pt")
    with pytest.raises(PipelineError, match=r"0\.bias is missing; extra is not the network's.*model\.strict=false"):
        load_weights(net, tmp_path / "w.pt", "x")


def test_not_strict_reports_them(net, tmp_path):
    state = net.state_dict()
    state["extra"] = state.pop("0.bias")
    torch.save(state, tmp_path / "w.pt")
    assert load_weights(net, tmp_path / "w.pt", "x", strict=False) == {"missing": ["0.bias"], "unexpected": ["extra"]}


def test_not_strict_still_refuses_another_shape(net, tmp_path):
    torch.save({**net.state_dict(), "0.weight": torch.zeros(1, 1)}, tmp_path / "w.pt")
    with pytest.raises(PipelineError, match=r"0\.weight has shape \[1, 1\], expected \[4, 3\]"):
        load_weights(net, tmp_path / "w.pt", "x", strict=False)


def test_not_strict_refuses_weights_of_which_nothing_fits(net, tmp_path):
    torch.save({"a": torch.zeros(1)}, tmp_path / "w.pt")
    with pytest.raises(PipelineError, match="none of its names is the network's"):
        load_weights(net, tmp_path / "w.pt", "x", strict=False)


def test_a_prefix_is_taken_off_and_said(net, tmp_path, capsys):
    torch.save({f"module.{name}": tensor for name, tensor in net.state_dict().items()}, tmp_path / "w.pt")
    other = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    assert load_weights(other, tmp_path / "w.pt", "x") == {"missing": [], "unexpected": []}
    assert same(other.state_dict(), net)
    assert "the names of the weights fit Sequential without the prefix 'module.'" in capsys.readouterr().err


@pytest.mark.parametrize("value", [torch.qint8, torch.quantize_per_tensor(torch.zeros(2), 1.0, 0, torch.qint8)])
def test_quantized_weights_are_refused(value, tmp_path):
    with pytest.raises(PipelineError, match=r"expected tensors of numbers, got \w+ in 'a', .*before it was quantized"):
        save_weights({"a": value}, tmp_path / "w.safetensors")
