"""What a network does while it answers: which of torch's functions it calls, and on which line of its own. Imports torch."""

import random
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from pipeline.export.diagnostics import SourceLine, find_calling_line

# Functions that draw random numbers, whatever their arguments.
DRAWS = frozenset(
    [
        "rand",
        "randn",
        "randint",
        "rand_like",
        "randn_like",
        "randint_like",
        "randperm",
        "normal",
        "bernoulli",
        "multinomial",
        "poisson",
        "uniform_",
        "normal_",
        "random_",
        "bernoulli_",
        "exponential_",
        "gumbel_softmax",
    ]
)
# Functions that draw where they are told that the network trains.
DROPOUTS = frozenset(
    ["dropout", "alpha_dropout", "feature_alpha_dropout", "dropout1d", "dropout2d", "dropout3d", "rrelu"]
)
# Functions whose answers have as many values as they meet.
SIZES_OF_VALUES = frozenset(["nonzero", "argwhere", "unique", "unique_consecutive", "masked_select", "bincount"])


class Call(NamedTuple):
    """A call of one of torch's functions: its name, and the network's line."""

    function: str
    line: SourceLine | None

    def __str__(self) -> str:
        return f"{self.line}: {self.function}" if self.line else self.function


class Observer(TorchFunctionMode):
    """Within it, notes the calls that `chosen` holds for, given the function's name and its arguments."""

    def __init__(self, chosen: Callable[[str, tuple[Any, ...], dict[str, Any]], bool]) -> None:
        super().__init__()
        self.chosen = chosen
        self.calls: list[Call] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        if self.chosen(name, args, kwargs or {}):
            self.calls.append(Call(name, find_calling_line()))
        return func(*args, **(kwargs or {}))


def find_randomness(call: Callable[[], Any]) -> str:
    """Where a call of the network draws random numbers; empty where none are seen to be drawn."""
    python_state, numpy_state = random.getstate(), _numpy_state()
    with Observer(_draws) as observer:
        call()
    if observer.calls:
        return f"{observer.calls[0]} draws random numbers"
    if random.getstate() != python_state:
        return "Python's `random` is drawn from within forward"
    return "NumPy's `np.random` is drawn from within forward" if _numpy_state() != numpy_state else ""


def _numpy_state() -> tuple[bytes, int]:
    state: Any = np.random.get_state()
    return state[1].tobytes(), state[2]


def _draws(name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> bool:
    if name in DROPOUTS:
        values = dict(zip(("input", "p", "training"), arguments, strict=False)) | options
        return bool(values.get("training", True)) and values.get("p", 0.5) != 0
    return name in DRAWS


def find_sizes_of_values(call: Callable[[], Any]) -> Call | None:
    """The first call of a function whose answer has as many values as it meets."""

    def chosen(name: str, arguments: tuple[Any, ...], _: dict[str, Any]) -> bool:
        if name == "__getitem__":
            return _holds_mask(arguments[1])
        return name in SIZES_OF_VALUES or (name == "where" and len(arguments) == 1)

    with Observer(chosen) as observer:
        call()
    return next(iter(observer.calls), None)


def _holds_mask(index: Any) -> bool:
    parts: Collection[Any] = index if isinstance(index, tuple) else (index,)
    return any(isinstance(part, torch.Tensor) and part.dtype == torch.bool for part in parts)
