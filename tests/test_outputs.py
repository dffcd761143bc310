from collections import OrderedDict

import pytest
import torch
from torch import Tensor

from pipeline.errors import PipelineError
from pipeline.outputs import leaves, name_outputs

A, B, C = torch.zeros(1), torch.ones(2), torch.ones(3)


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
        ({"x": {"y": A, "z": [B, C]}}, [("x.y", 1), ("x.z", 2), ("x.z", 3)]),
        ((A, {"k": B}), [("", 1), ("k", 2)]),
        ({1: A}, [("1", 1)]),
    ],
    ids=["tensor", "tuple", "list", "dict", "ordered", "nested", "mixed", "number"],
)
def test_leaves(answer, expected):
    assert shown(leaves(answer)) == expected


def test_leaves_come_in_the_exporter_s_order():
    answer = {"b": A, "a": (B, C)}
    found = torch.utils._pytree.tree_leaves(answer)
    assert [id(tensor) for _, tensor in leaves(answer)] == [id(tensor) for tensor in found]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (3, "expected tensors, got int at the top"),
        ("text", "expected tensors, got str at the top"),
        ({"x": A, "y": 1.0}, "expected tensors, got float at y"),
        ((A, None), r"expected tensors, got NoneType at \[1\]"),
        ({"x": [A, "t"]}, "expected tensors, got str at x"),
        ((), r"expected at least one tensor, got \(\)"),
        ({}, r"expected at least one tensor, got \{\}"),
    ],
)
def test_what_is_no_tensor_is_refused(answer, says):
    with pytest.raises(PipelineError, match=f"the network's answer: {says}"):
        leaves(answer)


@pytest.mark.parametrize(
    ("found", "configured", "names"),
    [
        ([("", A)], [], ["output"]),
        ([("", A), ("", B)], [], ["output_0", "output_1"]),
        ([("", A), ("", B)], ["x", "y"], ["x", "y"]),
        ([("b", A), ("a", B)], [], ["b", "a"]),
        ([("b", A), ("a", B)], ["a", "b"], ["b", "a"]),
        ([("", A), ("k", B)], ["x", "y"], ["x", "y"]),
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
