"""Networks that differentiate within forward, such as forces from a potential: their derivatives as plain operators. Imports torch."""

import functools
from collections.abc import Sequence
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn
from torch.fx.experimental.proxy_tensor import make_fx

# What the exporter does not see through.
DIFFERENTIATORS = ("grad", "backward")


def differentiates(network: nn.Module, example: Sequence[Tensor]) -> bool:
    """Whether a call of the network asks autograd for a derivative."""
    calls: list[str] = []

    def watch(name: str) -> Any:
        function = getattr(torch.autograd, name)

        @functools.wraps(function)
        def watched(*arguments: Any, **options: Any) -> Any:
            calls.append(name)
            return function(*arguments, **options)

        return watched

    watched = {name: watch(name) for name in DIFFERENTIATORS}
    with mock.patch.multiple(torch.autograd, **watched):
        network(*[tensor.clone() for tensor in example])
    return bool(calls)


class Unrolled(nn.Module):
    """A network as the operators that one run of it took, derivatives too, at any size of the open axes."""

    def __init__(self, network: nn.Module, example: Sequence[Tensor]) -> None:
        super().__init__()
        self.operators = make_fx(network, tracing_mode="symbolic", _allow_non_fake_inputs=True)(*example)

    def forward(self, *values: Tensor) -> Any:
        return self.operators(*values)
