"""Operators that name one of several equal values, made to name another one than torch does. Imports torch."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from pipeline.export.diagnostics import SourceLine, find_calling_line


class OtherTie(TorchFunctionMode):
    """Within it one operator names another of equal values than torch does; `line` is where it is called."""

    def __init__(self, operator: str) -> None:
        super().__init__()
        self.operator = operator
        self.line: SourceLine | None = None

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        answer = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") != self.operator:
            return answer
        self.line = self.line or find_calling_line()
        options = {name: value for name, value in (kwargs or {}).items() if name != "sorted"}
        other = TIED[self.operator](answer, *args, **options)
        return answer if other is None else other


def _other_topk(answer: Any, values: torch.Tensor, k: int, dim: int = -1, largest: bool = True, *_: Any) -> Any:
    """The last of equal values first; or the first one, where torch names the last."""
    backwards = torch.sort(values.flip(dim), dim=dim, descending=largest, stable=True).indices
    indices = values.shape[dim] - 1 - backwards.narrow(dim, 0, k)
    if torch.equal(answer[1], indices):
        indices = torch.sort(values, dim=dim, descending=largest, stable=True).indices.narrow(dim, 0, k)
    return type(answer)((answer[0], indices))


def _other_sort(answer: Any, values: torch.Tensor, dim: int = -1, descending: bool = False, **options: Any) -> Any:
    if options.get("stable"):
        return None
    reverse = torch.sort(values.flip(dim), dim=dim, descending=descending, stable=True)
    indices = values.shape[dim] - 1 - reverse.indices
    return indices if isinstance(answer, torch.Tensor) else type(answer)((answer[0], indices))


def _other_extreme(operator: str) -> Callable[..., Any]:
    def other(answer: Any, values: torch.Tensor, dim: Any = None, *_: Any, **options: Any) -> Any:
        if not isinstance(dim, int):
            return None  # of all values, or of two tensors
        keepdim = bool(options.get("keepdim"))
        flipped = getattr(torch, f"arg{operator}")(values.flip(dim), dim, keepdim=keepdim)
        indices = values.shape[dim] - 1 - flipped
        return indices if isinstance(answer, torch.Tensor) else type(answer)((answer[0], indices))

    return other


TIED: Mapping[str, Callable[..., Any]] = {
    "topk": _other_topk,
    "sort": _other_sort,
    "argsort": _other_sort,
    "max": _other_extreme("max"),
    "argmax": _other_extreme("max"),
    "min": _other_extreme("min"),
    "argmin": _other_extreme("min"),
}
