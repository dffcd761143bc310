"""Modules that exporters take wrongly or not at all, replaced for the export by ones that answer the same. Imports torch."""

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.nn.utils.weight_norm import WeightNorm

from pipeline.core.errors import PipelineError


@contextlib.contextmanager
def exportable(network: nn.Module) -> Iterator[None]:
    """Within it, `network` has replacements where modules need them; what it is given is not changed, and is there again after.

    Parametrized weights (`weight_norm`, `spectral_norm` ...) are what they are now: exporters compute norms of their own. An
    LSTM with projections is an LSTM without, of which the projection is part of the recurrent weights.
    """
    replaced: list[tuple[nn.Module, str, nn.Module]] = []
    replacements: dict[nn.Module, nn.Module] = {}
    try:
        for owner in list(network.modules()):
            for name, module in list(owner.named_children()):
                if module not in replacements and (replacement := _replace(module)) is not None:
                    replacements[module] = replacement
                if module in replacements:
                    replaced.append((owner, name, module))
                    owner._modules[name] = replacements[module]
        yield
    finally:
        for owner, name, module in replaced:
            owner._modules[name] = module


def _replace(module: nn.Module) -> nn.Module | None:
    """What stands in for `module`; None where it can stay."""
    if isinstance(module, nn.LSTM) and module.proj_size and not parametrize.is_parametrized(module):
        return UnprojectedLSTM(module)
    hooks = [number for number, hook in module._forward_pre_hooks.items() if isinstance(hook, WeightNorm)]
    if parametrize.is_parametrized(module) or hooks:
        return _fix_weights(module, hooks)
    return None


def _fix_weights(module: nn.Module, hooks: list[int]) -> nn.Module:
    """A shallow copy of `module` whose computed weights are parameters."""
    copied = object.__new__(type(module))  # copy.copy refuses what is parametrized
    vars(copied).update(vars(module))
    for attribute in ("_parameters", "_modules", "_buffers", "_forward_pre_hooks"):
        setattr(copied, attribute, copy.copy(getattr(module, attribute)))
    with torch.no_grad():
        for number in hooks:
            hook: Any = copied._forward_pre_hooks.pop(number)
            weight = hook.compute_weight(module)
            for name in (f"{hook.name}_g", f"{hook.name}_v"):
                del copied._parameters[name]
            vars(copied).pop(hook.name, None)
            copied.register_parameter(hook.name, nn.Parameter(weight.detach().clone()))
        if parametrize.is_parametrized(module):
            weights = {name: getattr(module, name).detach().clone() for name in module.parametrizations}  # type: ignore[union-attr]
            copied.__class__ = type(module).__bases__[0]  # parametrize gives a module a class of its own
            del copied._modules["parametrizations"]
            for name, weight in weights.items():
                copied.register_parameter(name, nn.Parameter(weight, weight.is_floating_point()))
    return copied


class UnprojectedLSTM(nn.Module):
    """An LSTM with projections, made of LSTMs without.

    What is fed back is `W_hr h`, so that its recurrent weights are `W_hh W_hr`; every layer and direction is one of its own,
    whose answers are projected. A first state, which is projected, is taken back by the projection's pseudo-inverse.
    """

    def __init__(self, lstm: nn.LSTM) -> None:
        super().__init__()
        self.batch_first = lstm.batch_first
        self.directions = 2 if lstm.bidirectional else 1
        self.layers = nn.ModuleList()
        self.projections = nn.ParameterList()
        self.inverses = nn.ParameterList()
        for layer in range(lstm.num_layers):
            for suffix in [f"_l{layer}", f"_l{layer}_reverse"][: self.directions]:
                weights = {
                    name: getattr(lstm, f"{name}{suffix}").detach()
                    for name in ("weight_ih", "weight_hh", "weight_hr", "bias_ih", "bias_hh")
                    if hasattr(lstm, f"{name}{suffix}")
                }
                projection = weights.pop("weight_hr")
                weights["weight_hh"] = weights["weight_hh"] @ projection
                plain = nn.LSTM(weights["weight_ih"].shape[1], lstm.hidden_size, bias=lstm.bias, batch_first=True)
                plain.load_state_dict({f"{name}_l0": weight for name, weight in weights.items()}, assign=True)
                self.layers.append(plain)
                self.projections.append(nn.Parameter(projection.T.contiguous()))
                self.inverses.append(
                    nn.Parameter(torch.linalg.pinv(projection.double()).T.to(projection.dtype).contiguous())
                )

    def forward(
        self, values: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        if not isinstance(values, Tensor):
            raise PipelineError(
                "an LSTM with proj_size is given a packed sequence, which neither exporter takes: give it the padded tensor, and mask "
                "what it answers to padding"
            )
        unbatched = values.ndim == 2
        if unbatched or not self.batch_first:
            values = values.unsqueeze(0) if unbatched else values.transpose(0, 1)
        hidden_states, cell_states = [], []
        for first in range(0, len(self.layers), self.directions):
            answers = []
            for place in range(first, first + self.directions):
                start = None
                if state is not None:
                    hidden, cell = (part[place : place + 1] for part in state)
                    hidden = hidden @ self.inverses[place]
                    start = (hidden.unsqueeze(1), cell.unsqueeze(1)) if unbatched else (hidden, cell)
                reverse = place - first == 1
                hidden, (last_hidden, last_cell) = self.layers[place](values.flip(1) if reverse else values, start)
                hidden = hidden @ self.projections[place]
                answers.append(hidden.flip(1) if reverse else hidden)
                hidden_states.append(last_hidden @ self.projections[place])
                cell_states.append(last_cell)
            values = torch.cat(answers, 2) if len(answers) > 1 else answers[0]
        states = torch.cat(hidden_states), torch.cat(cell_states)
        if unbatched:
            return values.squeeze(0), (states[0].squeeze(1), states[1].squeeze(1))
        return values if self.batch_first else values.transpose(0, 1), states
