"""Advice stands only where the reason, or the line that it names, shows the cause."""

import pytest
import torch
from torch import nn

from pipeline.export.remedies import advise

NET = nn.Sequential(nn.Linear(2, 2))
LINE = "nets.py, line 5 (`{}`): "


def of(reason: str, code: str = "") -> str:
    return advise([(LINE.format(code) if code else "") + reason], NET)


@pytest.mark.parametrize(
    ("reason", "code", "advice"),
    [
        ("GuardOnDataDependentSymNode: Could not guard", "if x.sum() > 0:", "take torch.where"),
        ("GuardOnDataDependentSymNode: Could not guard", "return y[: int(x.max())]", "keep the tensor a tensor"),
        ("GuardOnDataDependentSymNode: Could not guard", "return x[x > 0]", "keep the size that the input gives"),
        ("Converting a tensor to a Python boolean", "if x.shape[0] > 2:", "compute the same at every size of an open"),
        ("Iterating over a tensor", "for row in x:", "take operations on the whole tensor"),
        ("Converting a tensor to a NumPy array", "y = x.numpy()", "take torch's own functions"),
        ("the operator aten.x has no counterpart in ONNX", "y = f(x)", "write it with other operators"),
        ("the operator aten.x has no counterpart in ONNX for complex numbers", "y = f(x)", "compute with real and"),
        ("a view is being modified inplace", "a.add_(b)", "assign a new tensor"),
    ],
)
def test_advice_names_the_line(reason, code, advice):
    assert of(reason, code).startswith(LINE.format(code) + advice)


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("something that nobody has seen yet", ""),
        ("GuardOnDataDependentSymNode: Could not guard", "y = self.layer(x)"),
        ("output 'output', row 0: expected 1.0, got 2.0 (call rows-1)", ""),
        ("Iterating over a tensor", "y = self.layer(x)"),
    ],
)
def test_nothing_is_invented(reason, code):
    assert of(reason, code) == ""


def test_a_line_says_more_than_none():
    reasons = {
        "dynamo": "tracing inferred a static shape of 4",
        "tracer": LINE.format("for row in x:") + "Iterating over a tensor",
    }
    assert advise(list(reasons.values()), NET).startswith(
        LINE.format("for row in x:") + "take operations on the whole tensor"
    )
    assert advise([reasons["dynamo"]], NET).startswith("take sizes from the input (`x.shape[0]`)")


def test_complex_numbers_are_no_missing_operator():
    reasons = {
        "dynamo": "the operator aten.unsqueeze has no counterpart in ONNX for complex numbers",
        "tracer": "the operator aten::complex has no counterpart in ONNX",
    }
    assert (
        advise(list(reasons.values()), NET) == "compute with real and imaginary parts apart instead of complex numbers"
    )


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("bfloat16", "call `.float()` on the network, and on what forward casts to bfloat16 (0 compute in bfloat16)"),
        ("uint16", "compute Gemm in another type, such as `.long()`"),
        ("float64", "compute Gemm in another type, such as `.float()`"),
        ("complex64", "compute with real and imaginary parts apart instead of complex numbers"),
    ],
)
def test_a_type_that_onnxruntime_has_not(kind, says):
    network = nn.Sequential(nn.Linear(2, 2)).to(torch.bfloat16)
    assert advise([f"onnxruntime 1.31.1 has no Gemm for {kind} on the CPU"], network) == says
