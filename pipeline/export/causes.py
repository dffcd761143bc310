"""Why a graph does not answer like its network: causes that are seen, because the network answers otherwise without them. Imports torch."""

import contextlib
import functools
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from unittest import mock

import torch
from torch import nn

from pipeline.compare.comparison import compare
from pipeline.compare.policy import COARSE, Policy
from pipeline.core.arrays import Arrays
from pipeline.core.contract import OutputScale
from pipeline.core.errors import PipelineError
from pipeline.export.adapter import Adapter
from pipeline.export.diagnostics import SourceLine, find_calling_line
from pipeline.export.ties import TIED, OtherTie

Golden = Mapping[str, tuple[Arrays, Arrays]]
# Whether the network, as it is now, answers some call otherwise than it did.
Departs = Callable[[], bool]
# Functions by which a network asks whether it is being exported: where they are, and their names.
EXPORT_QUESTIONS = (
    (torch.onnx, "is_in_onnx_export"),
    (torch.compiler, "is_exporting"),
    (torch.compiler, "is_compiling"),
    (torch.jit, "is_tracing"),
    (torch.jit, "is_scripting"),
)


def explain_departure(adapter: Adapter, golden: Golden, scales: Mapping[str, OutputScale]) -> str:
    """What to change so that the graph answers like the network, where the cause shows; empty where none does.

    Args:
        adapter: The network; it answers some of the calls again.
        golden: Inputs and the network's answers, by call.
        scales: How large the values of each output are.
    """
    departs = functools.partial(_departs, adapter, golden, COARSE.with_scales(scales))
    for explain in (_explain_export_question, _explain_fast_path, _explain_padding, _explain_ties):
        if sentence := explain(adapter.network, departs):
            return sentence
    return ""


def _explain_export_question(_: nn.Module, departs: Departs) -> str:
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
            departed = departs()
        if departed and lines:
            return (
                f"{lines[0]} asks {name}() and answers otherwise while the network is exported: leave that branch out, or bring a module "
                "whose forward answers the same in both"
            )
    return ""


def _explain_fast_path(network: nn.Module, departs: Departs) -> str:
    """nn.TransformerEncoder in evaluation cuts padded rows to the longest of the batch, and writes zeros there."""
    encoders = [(name, m) for name, m in network.named_modules() if isinstance(m, nn.TransformerEncoder)]
    layers = (nn.TransformerEncoder, nn.TransformerEncoderLayer, nn.MultiheadAttention)
    if not any(isinstance(module, layers) for module in network.modules()):
        return ""
    with _without_fast_path():
        if not departs():
            return ""
    with contextlib.ExitStack() as stack:
        for _, encoder in encoders:
            stack.enter_context(mock.patch.object(encoder, "use_nested_tensor", new=False))
            stack.enter_context(mock.patch.object(encoder, "enable_nested_tensor", new=False))
        nested = bool(encoders) and departs()
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


def _explain_padding(_: nn.Module, departs: Departs) -> str:
    """Padding of packed rows with another value than zero, which the tracer leaves out."""
    pad = torch._VF._pad_packed_sequence
    lines: list[SourceLine] = []

    def pad_with_zeros(data: Any, sizes: Any, batch_first: bool, padding: float, length: int) -> Any:
        lines.extend(filter(None, [find_calling_line()]))
        return pad(data, sizes, batch_first, 0.0, length)

    with mock.patch.object(torch._VF, "_pad_packed_sequence", pad_with_zeros):
        departed = departs()
    if not departed or not lines:
        return ""
    return f"{lines[0]}: leave padding_value of pad_packed_sequence at 0, and write another value with torch.where: the exporter pads with zeros"


def _explain_ties(_: nn.Module, departs: Departs) -> str:
    """The answer depends on which of equal values an operator names."""
    for operator in TIED:
        other = OtherTie(operator)
        with other:
            departed = departs()
        if departed:
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


def _departs(adapter: Adapter, golden: Golden, policy: Policy) -> bool:
    """Whether the network, as it is now, answers some call otherwise than it did."""
    for inputs, expected in golden.values():
        try:
            answers = adapter.answer(inputs)
        except PipelineError:
            return False  # what fails shows nothing
        if not all(comparison.passed for comparison in compare(expected, answers, policy)):
            return True
    return False
