"""The network that the configuration names, and its weights. Imports torch."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import safetensors.torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.utils import _pytree as pytree

from pipeline.core.errors import PipelineError
from pipeline.core.files import replacing
from pipeline.core.terminal import warn
from pipeline.network.lazy_modules import has_lazy_weights, settle_lazy_modules
from pipeline.network.state_names import fit_names
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
    network = call(
        resolve(net.target, SETTING), net.kwargs, f"{SETTING}._target_={net.target}, {SETTING}.kwargs={net.kwargs}"
    )
    if not isinstance(network, nn.Module):
        raise PipelineError(f"{SETTING}._target_={net.target}: expected an nn.Module, got {type(network).__name__}")
    return network


def save_weights(state: Mapping[str, Tensor], path: Path) -> None:
    """Write a state_dict as safetensors; tensors that share memory are written once each."""
    separate, written = {}, set()
    for name, tensor in state.items():
        if not isinstance(tensor, Tensor) or tensor.is_quantized:
            kind = tensor.dtype if isinstance(tensor, Tensor) else type(tensor).__name__
            raise PipelineError(
                f"the network's weights: expected tensors of numbers, got {str(kind).removeprefix('torch.')} in {name!r}, as quantized modules "
                "have: bring the network before it was quantized"
            )
        separate[name] = tensor.detach().cpu().contiguous()
        memory = separate[name].untyped_storage().data_ptr()
        if memory in written:
            separate[name] = separate[name].clone()
        written.add(memory)
    with replacing(path) as temporary:
        temporary.touch()
        mode = temporary.stat().st_mode
        safetensors.torch.save_file(separate, temporary)
        temporary.chmod(mode)  # safetensors makes a file that nobody else may read


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
    if is_large(path) and (network := _assemble(net, read_state(path, made_by))):
        return network, {"missing": [], "unexpected": []}
    network = build(net)
    return network, load_weights(network, path, made_by, strict=strict)


def _assemble(net: Net, state: Mapping[str, Tensor]) -> nn.Module | None:
    """The module with `state`'s own tensors; None where it cannot be made so, or would not be the same as otherwise."""
    try:
        with _parameters_without_memory():
            network = build(net)
    except PipelineError:
        return None  # the module reads its weights while it is made
    if has_lazy_weights(network):
        return None
    own_state = network.state_dict()
    if {name: (t.shape, t.dtype) for name, t in own_state.items()} != {n: (t.shape, t.dtype) for n, t in state.items()}:
        return None
    first_names: dict[int, str] = {}
    tied = {name: first_names.setdefault(id(p), name) for name, p in network.named_parameters(remove_duplicate=False)}
    network.load_state_dict(state, assign=True)
    for name, other in tied.items():
        if name != other:  # one parameter under two names
            owner, _, attribute = name.rpartition(".")
            setattr(network.get_submodule(owner), attribute, network.get_parameter(other))
    return None if _lacks_memory(network) else network


@contextmanager
def _parameters_without_memory() -> Iterator[None]:
    """Within it, a parameter loses its memory when it becomes a module's; buffers keep theirs."""
    register = nn.Module.register_parameter

    def register_without_memory(self: nn.Module, name: str, param: nn.Parameter | None) -> None:
        if type(param) is nn.Parameter and not param.is_meta:
            param = nn.Parameter(param.detach().to("meta"), param.requires_grad)
        register(self, name, param)

    nn.Module.register_parameter = register_without_memory  # type: ignore[method-assign]
    try:
        yield
    finally:
        nn.Module.register_parameter = register  # type: ignore[method-assign]


def _lacks_memory(network: nn.Module) -> bool:
    """Whether a buffer or another attribute was computed from parameters that had no memory."""
    attributes = [leaf for module in network.modules() for leaf in pytree.tree_leaves(vars(module))]
    return any(isinstance(leaf, Tensor) and leaf.is_meta for leaf in attributes)


def load_weights(module: nn.Module, path: Path, made_by: str, *, strict: bool = True) -> dict[str, list[str]]:
    """Load a state_dict into `module`.

    Returns:
        Names that were `missing` in the file and `unexpected` in it; both empty when `strict`.

    Raises:
        PipelineError: The file cannot be read, or its names (when `strict`) or shapes are not the module's.
    """
    own_state = module.state_dict()
    state, renamed = fit_names(read_state(path, made_by), own_state)
    if renamed:
        warn("train", f"{path}: the names of the weights fit {type(module).__name__} {renamed}")
    missing = [name for name in own_state if name not in state]
    unexpected = [name for name in state if name not in own_state]
    problems = [
        f"{name} has shape {list(tensor.shape)}, expected {list(own_state[name].shape)}"
        for name, tensor in state.items()
        if name in own_state and not is_lazy(own_state[name]) and tensor.shape != own_state[name].shape
    ]
    if strict:
        problems = [
            *(f"{name} is missing" for name in missing),
            *(f"{name} is not the network's" for name in unexpected),
            *problems,
        ]
    if not strict and len(missing) == len(own_state):
        problems = [f"none of its names is the network's ({', '.join(list(state)[:3])}, ...)"]
    if problems:
        shown = "; ".join(problems[:5]) + (f"; and {len(problems) - 5} more" if len(problems) > 5 else "")
        raise PipelineError(
            f"{path} does not fit {type(module).__name__}: {shown}. Train again (`dvc repro`), give the network (model.net) that these "
            "weights were made for, or allow missing and unexpected names with model.strict=false"
        )
    module.load_state_dict(state, strict=False)
    settle_lazy_modules(module)
    return {"missing": missing, "unexpected": unexpected}
