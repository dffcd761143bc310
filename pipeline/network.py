"""The network that the configuration names, and its weights. Imports torch."""

import importlib
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
from torch import Tensor, nn

from pipeline.conf import EXTRA
from pipeline.errors import PipelineError
from pipeline.files import missing, write_bytes
from pipeline.params import Net
from pipeline.weights import read_state

CHECKPOINT = Path("build/checkpoint.safetensors")


def build(net: Net) -> nn.Module:
    """Make the module that `_target_` names, with `kwargs`; its weights come from torch's current random state.

    Raises:
        PipelineError: The name cannot be imported, takes other arguments or a file that is not there, or does not make an
            nn.Module.
    """
    for setting, value in net.kwargs.items():
        if isinstance(value, str) and value.startswith(EXTRA):
            raise missing(Path(value), f"the setting model.net.kwargs.{setting}")
    module, _, name = net.target.rpartition(".")
    where = f"model.net._target_={net.target}"
    try:
        factory = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, SyntaxError) as error:
        raise PipelineError(
            f"{where}: expected an importable class or function, got: {error} (looked beside dvc.yaml and in the environment)"
        ) from None
    if not callable(factory):
        raise PipelineError(
            f"{where}: expected a class or function that makes an nn.Module, got {type(factory).__name__}"
        )
    try:
        made = factory(**net.kwargs)
    except (TypeError, ValueError, RuntimeError, FileNotFoundError) as error:
        raise PipelineError(f"{where}: model.net.kwargs={net.kwargs} does not fit {name}: {error}") from None
    if not isinstance(made, nn.Module):
        raise PipelineError(f"{where}: expected an nn.Module, got {type(made).__name__}")
    return made


def save_weights(state: Mapping[str, Tensor], path: Path = CHECKPOINT) -> None:
    """Write a state_dict as safetensors; tensors that share memory are written once each."""
    write_bytes(
        path,
        safetensors.torch.save({name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}),
    )


def load_weights(module: nn.Module, path: Path, made_by: str, *, strict: bool = True) -> dict[str, list[str]]:
    """Load a state_dict into `module`.

    Returns:
        Names that were `missing` in the file and `unexpected` in it; both empty when `strict`.

    Raises:
        PipelineError: The file cannot be read, or its names (when `strict`) or shapes are not the module's.
    """
    state, own = read_state(path, made_by), module.state_dict()
    absent = [name for name in own if name not in state]
    foreign = [name for name in state if name not in own]
    wrong = [
        f"{name} has shape {list(tensor.shape)}, expected {list(own[name].shape)}"
        for name, tensor in state.items()
        if name in own and tensor.shape != own[name].shape
    ]
    if strict:
        wrong = [
            *(f"{name} is missing" for name in absent),
            *(f"{name} is not the network's" for name in foreign),
            *wrong,
        ]
    if not strict and len(absent) == len(own):
        wrong = [f"none of its names is the network's ({', '.join(list(state)[:3])}, ...)"]
    if wrong:
        shown = "; ".join(wrong[:5]) + (f"; and {len(wrong) - 5} more" if len(wrong) > 5 else "")
        raise PipelineError(
            f"{path} does not fit {type(module).__name__}: {shown}. Train again (`dvc repro`), give the network (model.net) that these "
            "weights were made for, or allow names that miss or are left over with model.strict=false"
        )
    module.load_state_dict(state, strict=False)
    return {"missing": absent, "unexpected": foreign}
