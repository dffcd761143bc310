"""Why a graph does not answer like its network: causes that are seen, because the network answers otherwise without them. Imports torch."""

import contextlib
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from unittest import mock

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from pipeline.compare.comparison import compare
from pipeline.compare.policy import COARSE
from pipeline.core.arrays import Arrays
from pipeline.core.errors import PipelineError
from pipeline.export.adapter import Adapter
from pipeline.export.diagnostics import SourceLine, find_calling_line

Golden = Mapping[str, tuple[Arrays, Arrays]]
# Functions by which a network asks whether it is being exported: where they are, and their names.
EXPORT_QUESTIONS = (
    (torch.onnx, "is_in_onnx_export"),
    (torch.compiler, "is_exporting"),
    (torch.compiler, "is_compiling"),
    (torch.jit, "is_tracing"),
    (torch.jit, "is_scripting"),
)
# Operators that name one of several equal values.
TIED = ("topk", "sort", "argsort", "argmax", "argmin", "max", "min")


def explain_departure(adapter: Adapter, golden: Golden) -> str:
    """What to change so that the graph answers like the network, where the cause shows; empty where none does.

    Args:
        adapter: The network; it answers some of the calls again.
        golden: Inputs and the network's answers, by call.
    """
    for explain in (_explain_export_question, _explain_fast_path, _explain_padding, _explain_ties):
        if sentence := explain(adapter, golden):
            return sentence
    return ""


def _explain_export_question(adapter: Adapter, golden: Golden) -> str:
    """The network answers otherwise when it is told that it is being exported."""
    for module, name in EXPORT_QUESTIONS:
        lines: list[SourceLine] = []

        def say_yes(lines: list[SourceLine] = lines) -> bool:
            frame = traceback.extract_stack()[-2]
            line = SourceLine(frame.filename, frame.lineno or 0, frame.line or "")
            if line.rank:  # what torch's own modules ask is no cause
                lines.append(line)
            return bool(line.rank)

        with mock.patch.object(module, name, say_yes):
            departs = _departs(adapter, golden)
        if departs and lines:
            return (
                f"{lines[0]} asks {name}() and answers otherwise while the network is exported: leave that branch out, or bring a module "
                "whose forward answers the same in both"
            )
    return ""


def _explain_fast_path(adapter: Adapter, golden: Golden) -> str:
    """nn.TransformerEncoder in evaluation cuts padded rows to the longest of the batch, and writes zeros there."""
    encoders = [(name, m) for name, m in adapter.network.named_modules() if isinstance(m, nn.TransformerEncoder)]
    layers = (nn.TransformerEncoder, nn.TransformerEncoderLayer, nn.MultiheadAttention)
    if not any(isinstance(module, layers) for module in adapter.network.modules()):
        return ""
    with _without_fast_path():
        if not _departs(adapter, golden):
            return ""
    with contextlib.ExitStack() as stack:
        for _, encoder in encoders:
            stack.enter_context(mock.patch.object(encoder, "use_nested_tensor", new=False))
            stack.enter_context(mock.patch.object(encoder, "enable_nested_tensor", new=False))
        nested = bool(encoders) and _departs(adapter, golden)
    if nested:
        return (
            f"make nn.TransformerEncoder ({encoders[0][0] or 'the network itself'}) with enable_nested_tensor=False: its fast path cuts rows that "
            "end in padding to the longest of the batch and writes zeros there, so that a row's answer depends on the others, and no "
            "exporter takes that path"
        )
    return (
        "call torch.backends.mha.set_fastpath_enabled(False) where the network is made: the fast path of torch's transformer layers answers "
        "otherwise than the layers themselves, and no exporter takes it"
    )


@contextlib.contextmanager
def _without_fast_path() -> Iterator[None]:
    enabled = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(enabled)


def _explain_padding(adapter: Adapter, golden: Golden) -> str:
    """Padding of packed rows with another value than zero, which the tracer leaves out."""
    pad = torch._VF._pad_packed_sequence
    lines: list[SourceLine] = []

    def pad_with_zeros(data: Any, sizes: Any, batch_first: bool, padding: float, length: int) -> Any:
        lines.extend(filter(None, [find_calling_line()]))
        return pad(data, sizes, batch_first, 0.0, length)

    with mock.patch.object(torch._VF, "_pad_packed_sequence", pad_with_zeros):
        departs = _departs(adapter, golden)
    if not departs or not lines:
        return ""
    return f"{lines[0]}: leave padding_value of pad_packed_sequence at 0, and write another value with torch.where: the exporter pads with zeros"


def _explain_ties(adapter: Adapter, golden: Golden) -> str:
    """The answer depends on which of equal values an operator names."""
    for operator in TIED:
        other = OtherTie(operator)
        with other:
            departs = _departs(adapter, golden)
        if departs:
            where = f"{other.line}: " if other.line else ""
            stable = (
                "torch.sort(..., stable=True), cut to its first values, whose order is exact"
                if operator == "topk"
                else "stable=True"
            )
            instead = f"take {stable}" if operator in ("topk", "sort", "argsort") else "make the values distinct"
            return (
                f"{where}{operator} meets equal values, and which of them it names differs from one runtime to the next: {instead}, or "
                "answer the values and not their places"
            )
    return ""


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
        other = OTHERS[self.operator](answer, *args, **options)
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


OTHERS: Mapping[str, Callable[..., Any]] = {
    "topk": _other_topk,
    "sort": _other_sort,
    "argsort": _other_sort,
    "max": _other_extreme("max"),
    "argmax": _other_extreme("max"),
    "min": _other_extreme("min"),
    "argmin": _other_extreme("min"),
}


def _departs(adapter: Adapter, golden: Golden) -> bool:
    """Whether the network, as it is now, answers some call otherwise than it did."""
    for inputs, expected in golden.values():
        try:
            answers = adapter.answer(inputs)
        except PipelineError:
            return False  # what fails shows nothing
        if not all(comparison.passed for comparison in compare(expected, answers, COARSE)):
            return True
    return False
