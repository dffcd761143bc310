"""Which sizes the generated client takes, and what it says of the others."""

import pytest

from csharp_projects import TINY, make_contract, make_identity, tensor
from pipeline.core.contract import Contract, ProvenAxis
from pipeline.dotnet.client import generator
from pipeline.dotnet.client.layout import derive_layout
from pipeline.dotnet.client.proven_sizes import ProvenSizes, proven_sizes

SERIES = make_contract(
    "series",
    [tensor("x", "float32", "batch", "time", 3), tensor("mask", "bool", "batch", "time")],
    [tensor("y", "float32", "batch")],
)
IMAGE = make_contract("image", [tensor("x", "float32", "batch", "h", "w")], [tensor("y", "float32", "batch")])


def with_axes(contract: Contract, **axes: ProvenAxis) -> Contract:
    return contract.model_copy(update={"axes": {"batch": ProvenAxis(sizes=[1, 3]), **axes}})


def entry_of(sizes: list[int], multiple_of: int = 1, refused: tuple[int, ...] = ()) -> ProvenSizes:
    axis = ProvenAxis(sizes=sizes, multiple_of=multiple_of, refused=list(refused))
    contract = with_axes(SERIES, time=axis)
    (entry,) = proven_sizes(contract, derive_layout(contract))
    return entry


@pytest.mark.parametrize(
    ("sizes", "multiple_of", "words", "condition"),
    [
        ([1, 3, 24], 1, "from 1 to 24", "_size > 24"),
        ([4, 24, 8], 4, "from 4 to 24 in multiples of 4", "_size < 4 || _size > 24 || _size % 4 != 0"),
        ([5], 1, "5", "_size < 5 || _size > 5"),
        ([1, 2], 1, "from 1 to 2", "_size > 2"),
    ],
)
def test_sizes_that_are_not_proven(sizes: list[int], multiple_of: int, words: str, condition: str) -> None:
    entry = entry_of(sizes, multiple_of)
    assert entry.range == words
    assert entry.unproven_condition == condition


@pytest.mark.parametrize(
    ("refused", "words", "condition"),
    [
        ((), "", ""),
        ((25,), "25", "_size == 25"),
        ((48, 2, 25), "2, 25 and 48", "_size == 2 || _size == 25 || _size == 48"),
    ],
)
def test_sizes_that_are_known_to_fail(refused: tuple[int, ...], words: str, condition: str) -> None:
    entry = entry_of([1, 24], 1, refused)
    assert entry.refused == words
    assert entry.refused_condition == condition


def test_the_message_names_every_input_that_has_the_axis() -> None:
    assert entry_of([1, 24]).expected == '"x, mask: expected time from 1 to 24, got "'


def test_a_size_is_a_parameter_or_follows_from_an_input() -> None:
    assert entry_of([1, 24]).parameter == "x"
    contract = with_axes(IMAGE, h=ProvenAxis(sizes=[8]), w=ProvenAxis(sizes=[8]))
    assert [entry.parameter for entry in proven_sizes(contract, derive_layout(contract))] == ["h", "w"]


def test_the_batch_has_no_bounds() -> None:
    contract = with_axes(TINY)
    assert proven_sizes(contract, derive_layout(contract)) == []


@pytest.mark.parametrize("contract", [SERIES, with_axes(TINY), with_axes(SERIES, other=ProvenAxis(sizes=[2]))])
def test_no_option_without_anything_to_refuse(contract: Contract) -> None:
    sources = "".join(generator.generate(contract, make_identity()).values())
    assert "UnprovenSizes" not in sources
    assert "SizeCheck" not in sources


def test_only_the_axes_that_the_contract_speaks_of_are_checked() -> None:
    sources = generator.generate(with_axes(IMAGE, w=ProvenAxis(sizes=[8])), make_identity())
    assert "void W(int _size" in sources["SizeCheck.g.cs"]
    assert "SizeCheck.H(" not in "".join(sources.values())


def test_the_option_is_documented_with_the_ranges() -> None:
    contract = with_axes(SERIES, time=ProvenAxis(sizes=[4, 24], multiple_of=4, refused=[28]))
    text = " ".join(generator.generate(contract, make_identity())["TinyOptions.Sizes.g.cs"].replace("///", "").split())
    assert "By axis, proven are time: from 4 to 24 in multiples of 4." in text
    assert "the network itself is known to fail are rejected always (time: 28)." in text
    assert "public bool AllowUnprovenSizes { get; set; }" in text
