"""What rounding alone does to a network's answers, and the scale of each output with it. Imports torch.

Two programs that compute the same function round in other places. How far that moves an answer is the network's own matter: a deep
one amplifies it, and no tolerance fits all. So it is measured on PyTorch alone: every weight and every input is moved by
one unit in the last place, up or down by chance, and the network answers again; and it answers in double precision, where it can.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from pipeline.compare.scale import measure_scale
from pipeline.core.arrays import Array, Arrays
from pipeline.core.contract import OutputScale
from pipeline.core.errors import PipelineError
from pipeline.core.golden import GoldenCall
from pipeline.export.adapter import Adapter

# Modes of interpolation whose answer changes with the place that is looked at.
CONTINUOUS = ("linear", "bilinear", "bicubic", "trilinear")
# How often the network answers with everything moved.
TRIALS = 2


def measure_scales(
    calls: Sequence[GoldenCall],
    test_split: Arrays,
    shapes: Mapping[str, Sequence[int | str]],
    moved: Mapping[str, Sequence[tuple[Array, Array]]],
    *,
    batched: bool,
) -> dict[str, OutputScale]:
    """The scale of each output.

    Args:
        calls: Golden calls with the network's answers.
        test_split: Its answers to the test split, [rows, ...].
        shapes: The shape of each output in a golden call, its dynamic axes named.
        moved: What `move_answers` gives.
        batched: Whether the first axis of a golden call is the row.
    """
    return {
        name: measure_scale(
            [call.outputs[name] for call in calls],
            rows,
            moved.get(name, ()),
            [axis for axis, size in enumerate(shapes[name]) if isinstance(size, int) and size > 1],
            batched=batched,
        )
        for name, rows in test_split.items()
    }


class ShiftedResize(TorchFunctionMode):
    """Within it, interpolation between values looks a rounding away from where it would look.

    Runtimes compute the place by dividing by the scale or multiplying with its inverse: its rounding grows with the picture, and is
    one of neither weights nor inputs.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if (
            func is functional.interpolate
            and kwargs.get("mode", "nearest") in CONTINUOUS
            and not kwargs.get("align_corners")
        ):
            return _interpolate(*args, **kwargs)
        return func(*args, **kwargs)


def _interpolate(input: Tensor, size: Any = None, scale_factor: Any = None, **options: Any) -> Tensor:  # noqa: A002 - torch's name
    """functional.interpolate with its scale one rounding larger."""
    answer = functional.interpolate(input, size, scale_factor, **options)
    sizes = zip(answer.shape[2:], input.shape[2:], strict=True)
    factors = scale_factor if isinstance(scale_factor, (tuple, list)) else [scale_factor] * (input.ndim - 2)
    if scale_factor is None or options.pop("recompute_scale_factor", None):
        factors = [after / before for after, before in sizes]
    shifted = [factor * (1 + torch.finfo(torch.float32).eps) for factor in factors]
    moved = functional.interpolate(input, None, shifted, **options)
    return moved if moved.shape == answer.shape else answer


def choose_telling(calls: Sequence[GoldenCall]) -> list[GoldenCall]:
    """The calls that show most of rounding: the one with most real rows, and the largest, where sums and coordinates are longest."""

    def values(call: GoldenCall) -> int:
        return sum(array.size for array in call.inputs.values())

    rows = max((call for call in calls if call.purpose == "rows"), key=values)
    largest = max(calls, key=lambda call: (values(call) / (call.rows or 1), values(call)))
    return [rows] if largest is rows else [rows, largest]


def move_answers(
    make_adapter: Callable[[], Adapter], calls: Sequence[GoldenCall], *, weights: bool
) -> dict[str, list[tuple[Array, Array]]]:
    """The answers to each call as they are, and with every weight and input moved by one rounding, and in double; pairs by output.

    Inputs of whole numbers are left alone: they may be numbers of something. Where the network refuses such inputs there are
    no pairs.

    Args:
        make_adapter: Gives a network of its own, whose weights may be moved.
        calls: With the network's answers.
        weights: Whether to move the weights, which takes their memory once more.
    """
    pairs: dict[str, list[tuple[Array, Array]]] = {}
    for call in calls:
        for name, some in _move(make_adapter(), call, weights=weights).items():
            pairs.setdefault(name, []).extend(some)
    return pairs


def _move(adapter: Adapter, call: GoldenCall, *, weights: bool) -> dict[str, list[tuple[Array, Array]]]:
    pairs: dict[str, list[tuple[Array, Array]]] = {name: [] for name in call.outputs}

    def note(answers: Arrays) -> None:
        for name, array in answers.items():
            if name in call.outputs and array.shape == call.outputs[name].shape:
                pairs[name].append((call.outputs[name], array))

    originals = [parameter.detach().clone() for parameter in _floating(adapter.network)] if weights else []
    for trial in range(TRIALS):
        if weights:
            _move_weights(adapter.network, originals, trial)
        try:
            with ShiftedResize():
                note(adapter.answer(_move_inputs(call.inputs, trial)))
        except PipelineError:
            return {}
    if weights:
        _restore_weights(adapter.network, originals)
        with contextlib.suppress(PipelineError):  # a network with a precision of its own
            note(_answer_in_double(adapter, call.inputs))
    return pairs


def _floating(network: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in network.parameters() if parameter.is_floating_point()]


def _move_weights(network: nn.Module, originals: Sequence[torch.Tensor], seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter, original in zip(_floating(network), originals, strict=True):
            signs = torch.randint(0, 2, original.shape, generator=random) * 2 - 1
            parameter.copy_(original * (1 + torch.finfo(original.dtype).eps * signs.to(original.dtype)))


def _restore_weights(network: nn.Module, originals: Sequence[torch.Tensor]) -> None:
    with torch.no_grad():
        for parameter, original in zip(_floating(network), originals, strict=True):
            parameter.copy_(original)


def _answer_in_double(adapter: Adapter, inputs: Arrays) -> Arrays:
    """The answers in double precision: there what the network computes of its own, such as coordinates, is not rounded."""
    adapter.double()
    return adapter.answer(
        {name: array.astype(np.float64) if array.dtype.kind == "f" else array for name, array in inputs.items()}
    )


def _move_inputs(inputs: Arrays, seed: int) -> Arrays:
    random = np.random.default_rng(seed)
    moved = {}
    for name, array in inputs.items():
        if array.dtype.kind == "f" and not (array == np.round(array)).all():
            signs = random.choice(np.array([-1, 1], array.dtype), array.shape)
            moved[name] = np.asarray(array * (1 + np.finfo(array.dtype).eps * signs), array.dtype)
        else:
            moved[name] = array
    return moved
