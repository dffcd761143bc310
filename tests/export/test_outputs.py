from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from pipeline.core.errors import PipelineError
from pipeline.export.outputs import flatten, name_outputs

A, B, C = torch.zeros(1), torch.ones(2), torch.ones(3)


@dataclass
class Answer:
    first: Tensor
    rest: Any


class Named(NamedTuple):
    late: Tensor
    early: Tensor


def shown(found: list[tuple[str, Tensor]]) -> list[tuple[str, int]]:
    return [(name, len(tensor)) for name, tensor in found]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (A, [("", 1)]),
        ((A, B), [("", 1), ("", 2)]),
        ([A, B], [("", 1), ("", 2)]),
        ({"b": A, "a": B}, [("b", 1), ("a", 2)]),
        (OrderedDict(b=A, a=B), [("b", 1), ("a", 2)]),
        ({"x": {"y": A, "z": [B, C]}}, [("x.y", 1), ("x.z.0", 2), ("x.z.1", 3)]),
        ((A, {"k": B}), [("", 1), ("k", 2)]),
        ({1: A}, [("1", 1)]),
        ((A, None, B), [("", 1), ("", 2)]),
        (Answer(A, [B, C]), [("first", 1), ("rest.0", 2), ("rest.1", 3)]),
        (Answer(A, None), [("first", 1)]),
        ((A, Answer(B, {"k": C})), [("", 1), ("first", 2), ("rest.k", 3)]),
        (Named(B, A), [("late", 2), ("early", 1)]),
        (torch.topk(C, 2), [("", 2), ("", 2)]),
    ],
    ids=[
        *(
            "tensor",
            "tuple",
            "list",
            "dict",
            "ordered",
            "nested",
            "mixed",
            "number",
            "none",
            "dataclass",
            "dataclass with none",
        ),
        *("dataclass in a tuple", "named tuple", "topk"),
    ],
)
def test_flatten(answer, expected):
    assert shown(flatten(answer)) == expected


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (3, "expected tensors, got int at the top"),
        ("text", "expected tensors, got str at the top"),
        ({"x": A, "y": 1.0}, "expected tensors, got float at y"),
        (None, "expected tensors, got NoneType at the top"),
        ((None, None), r"expected at least one tensor, got \(None, None\)"),
        ((A, 3), r"expected tensors, got int at \[1\]"),
        ((A, (B, 3)), r"expected tensors, got int at \[1\]\[1\]"),
        (A.bfloat16(), "expected numbers that C# has, got bfloat16 at the top"),
        ({"z": A + 1j}, "expected numbers that C# has, got complex64 at z: answer `torch.view_as_real"),
        (A.to_sparse(), "expected numbers that C# has, got sparse_coo at the top: answer `.to_dense"),
        ({"x": [A, "t"]}, "expected tensors, got str at x"),
        ((), r"expected at least one tensor, got \(\)"),
        ({}, r"expected at least one tensor, got \{\}"),
    ],
)
def test_what_is_no_tensor_is_refused(answer, says):
    with pytest.raises(PipelineError, match=f"the network's answer: {says}"):
        flatten(answer)


@pytest.mark.parametrize(
    ("found", "configured", "names"),
    [
        ([("", A)], [], ["output"]),
        ([("", A), ("", B)], [], ["output_0", "output_1"]),
        ([("", A), ("", B)], ["x", "y"], ["x", "y"]),
        ([("b", A), ("a", B)], [], ["b", "a"]),
        ([("b", A), ("a", B)], ["a", "b"], ["b", "a"]),
        ([("", A), ("k", B)], ["x", "y"], ["x", "y"]),
        ([("3", A), ("1", B)], [], ["output_3", "output_1"]),
    ],
)
def test_names(found, configured, names):
    named = name_outputs(found, configured)
    assert list(named) == names
    assert [id(tensor) for tensor in named.values()] == [id(tensor) for _, tensor in found]


@pytest.mark.parametrize(
    ("found", "configured", "says"),
    [
        ([("a", A)], ["b"], r"model\.outputs: expected the network's own outputs \['a'\], got \['b'\]"),
        ([("a", A), ("b", B)], ["a"], r"expected the network's own outputs \['a', 'b'\], got \['a'\]"),
        ([("", A), ("", B)], ["x"], r"model\.outputs: expected 2 names, as many as the network answers, got \['x'\]"),
        ([("a", A), ("a", B)], [], r"two outputs of one name: \['a', 'a'\]; name them in model\.outputs"),
    ],
)
def test_names_that_do_not_fit(found, configured, says):
    with pytest.raises(PipelineError, match=says):
        name_outputs(found, configured)


@pytest.mark.parametrize(
    ("found", "configured", "names"),
    [
        ([("x", A), ("y", B)], [], ["x_output", "y"]),
        ([("", A)], ["x"], ["x_output"]),
        ([("x", A)], ["x_output"], ["x_output"]),
    ],
    ids=["keyed", "configured", "configured as it is called"],
)
def test_an_output_called_like_an_input(found, configured, names):
    assert list(name_outputs(found, configured, inputs=["x"])) == names
