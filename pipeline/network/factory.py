"""The network that the configuration names, and its weights. Imports torch."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import safetensors.torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from pipeline.core.errors import PipelineError
from pipeline.core.files import replacing
from pipeline.network.weights import read_state
from pipeline.settings.hydra_targets import call, resolve
from pipeline.settings.model import Net

SETTING = "model.net"
# Bytes of a file of weights, from which on a network is made without memory for parameters that the file has.
LARGE = 2**30


def build(net: Net) -> nn.Module:
    """Make the module that `_target_` names, with `kwargs`; its weights come from torch's current random state.

    Raises:
        PipelineError: The name cannot be imported or called, refuses the arguments, or does not make an nn.Module.
    """
    made = call(
        resolve(net.target, SETTING), net.kwargs, f"{SETTING}._target_={net.target}, {SETTING}.kwargs={net.kwargs}"
    )
    if not isinstance(made, nn.Module):
        raise PipelineError(f"{SETTING}._target_={net.target}: expected an nn.Module, got {type(made).__name__}")
    return made


def save_weights(state: Mapping[str, Tensor], path: Path) -> None:
    """Write a state_dict as safetensors; tensors that share memory are written once each."""
    separate, seen = {}, set()
    for name, tensor in state.items():
        separate[name] = tensor.detach().cpu().contiguous()
        memory = separate[name].untyped_storage().data_ptr()
        if memory in seen:
            separate[name] = separate[name].clone()
        seen.add(memory)
    with replacing(path) as beside:
        beside.touch()
        mode = beside.stat().st_mode
        safetensors.torch.save_file(separate, beside)
        beside.chmod(mode)  # safetensors makes a file that nobody else may read


def is_large(path: Path) -> bool:
    return path.exists() and path.stat().st_size >= LARGE


def restore(net: Net, path: Path, made_by: str, *, strict: bool = True) -> tuple[nn.Module, dict[str, list[str]]]:
    """Make the module that `net` names, with the weights of a file.

    Weights of LARGE bytes and more are not held twice: parameters are made without memory, and become the file's tensors.

    Returns:
        The module, and what `load_weights` returns.

    Raises:
        PipelineError: The module cannot be made, or the weights do not fit it.
    """
    if is_large(path) and (made := _assemble(net, read_state(path, made_by))):
        return made, {"missing": [], "unexpected": []}
    network = build(net)
    return network, load_weights(network, path, made_by, strict=strict)


def _assemble(net: Net, state: Mapping[str, Tensor]) -> nn.Module | None:
    """The module with `state`'s own tensors; None where it cannot be made so, or would not be the same as otherwise."""
    try:
        with _parameters_without_memory():
            made = build(net)
    except PipelineError:
        return None  # it looks at its weights while it is made
    own = made.state_dict()
    if {name: (t.shape, t.dtype) for name, t in own.items()} != {n: (t.shape, t.dtype) for n, t in state.items()}:
        return None
    first: dict[int, str] = {}
    tied = {name: first.setdefault(id(p), name) for name, p in made.named_parameters(remove_duplicate=False)}
    made.load_state_dict(state, assign=True)
    for name, other in tied.items():
        if name != other:  # one parameter under two names
            owner, _, attribute = name.rpartition(".")
            setattr(made.get_submodule(owner), attribute, made.get_parameter(other))
    return None if _empty(made) else made


@contextmanager
def _parameters_without_memory() -> Iterator[None]:
    """Within it, a parameter loses its memory when it becomes a module's; buffers keep theirs."""
    register = nn.Module.register_parameter

    def registered(self: nn.Module, name: str, param: nn.Parameter | None) -> None:
        if type(param) is nn.Parameter and not param.is_meta:
            param = nn.Parameter(param.detach().to("meta"), param.requires_grad)
        register(self, name, param)

    nn.Module.register_parameter = registered  # type: ignore[method-assign]
    try:
        yield
    finally:
        nn.Module.register_parameter = register  # type: ignore[method-assign]


def _empty(made: nn.Module) -> bool:
    """Whether a buffer or another attribute was computed from parameters that had no memory."""
    held = [leaf for module in made.modules() for leaf in pytree.tree_leaves(vars(module))]
    return any(isinstance(leaf, Tensor) and leaf.is_meta for leaf in held)


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
