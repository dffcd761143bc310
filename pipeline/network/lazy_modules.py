"""Modules such as LazyLinear, whose sizes come with the first call or with the weights. Imports torch."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import is_lazy

from pipeline.core.errors import PipelineError

# What a module is told at its first call, and where its weights say it: attribute, and the weight's axis.
SIZES = {"in_features": 1, "in_channels": 1, "num_features": 0}


def has_lazy_weights(network: nn.Module) -> bool:
    return any(is_lazy(tensor) for tensor in (*network.parameters(), *network.buffers()))


def materialize(network: nn.Module, call: Callable[[nn.Module], Any]) -> None:
    """Give lazy modules their sizes by one call of the network, without gradients and in evaluation mode.

    Args:
        network: The network.
        call: Calls it with rows of the data.

    Raises:
        PipelineError: The call leaves some without a size.
    """
    if not has_lazy_weights(network):
        return
    training = network.training
    with torch.no_grad():
        call(network.eval())
    network.train(training)
    unused = [name for name, tensor in network.named_parameters() if is_lazy(tensor)]
    if unused:
        raise PipelineError(
            f"{type(network).__name__}: expected every lazy layer to get its size from a call, but {unused[0]} has none: leave the layer "
            "out, or give it its size"
        )


def settle_lazy_modules(network: nn.Module) -> None:
    """Make lazy modules whose weights are known the modules that they become at their first call.

    An exporter would otherwise see that change while it runs the network.
    """
    for module in network.modules():
        if not isinstance(module, LazyModuleMixin) or module.has_uninitialized_params():
            continue
        if module.cls_to_become is None or not type(module).__module__.startswith("torch.nn."):
            continue  # someone's own, which may do more at its first call
        for hook in ("_initialize_hook", "_load_hook"):
            vars(module).pop(hook).remove()
        weight = getattr(module, "weight", None)
        for attribute, axis in SIZES.items():
            if getattr(module, attribute, None) == 0 and weight is not None:
                transposed = getattr(module, "transposed", False)
                groups = 1 if transposed else getattr(module, "groups", 1)
                setattr(module, attribute, weight.shape[0 if transposed else axis] * groups)
        module.__class__ = module.cls_to_become
