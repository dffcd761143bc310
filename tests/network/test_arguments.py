"""How arrays become the arguments of forward."""

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple, TypedDict

import pytest

from pipeline.core.errors import PipelineError
from pipeline.network.arguments import match_arguments


class Pair(NamedTuple):
    a: int
    b: int


@dataclasses.dataclass
class Record:
    a: int
    b: int = 0


class Typed(TypedDict):
    a: int
    b: int


def call(forward, **arrays):
    """What forward is given, and answers."""
    by_position, by_name = match_arguments(forward, list(arrays), "Net").place(arrays)
    return forward(*by_position, **by_name)


def takes_dict(batch: dict[str, int]):
    return batch


def takes_mapping(batch: Mapping[str, int], scale=2):
    return batch


def takes_typed(batch: Typed):
    return batch


def reads_keys(batch):
    return dict(batch) if batch["a"] else {}


def gets_keys(batch: Any):
    return {"a": batch.get("a"), "b": batch["b"]}


@pytest.mark.parametrize("forward", [takes_dict, takes_mapping, takes_typed, reads_keys, gets_keys])
def test_a_dict(forward):
    assert call(forward, a=1, b=2) == {"a": 1, "b": 2}


def test_a_dict_whose_arrays_have_its_name_in_front():
    assert call(takes_dict, **{"batch.a": 1, "batch.b": 2}) == {"a": 1, "b": 2}


def test_a_dict_beside_other_arguments():
    def forward(scale, batch: dict):
        return scale, batch

    assert call(forward, a=1, scale=3, b=2) == (3, {"a": 1, "b": 2})


@pytest.mark.parametrize("record", [Pair, Record])
def test_a_record(record):
    def forward(batch):
        return batch

    forward.__annotations__["batch"] = record
    assert call(forward, a=1, b=2) == record(1, 2)


@pytest.mark.parametrize("mark", ["_", "."])
def test_a_list_in_the_order_of_its_numbers(mark):
    def forward(x: list, y, scale=0.1):
        return x, y

    arrays = {f"x{mark}{number}": number for number in (1, 0, *range(2, 12))}
    assert call(forward, **arrays, y=5) == (list(range(12)), 5)


def test_a_tuple():
    def forward(x: tuple[int, int]):
        return x

    assert call(forward, x_0=1, x_1=2) == (1, 2)


def test_two_lists():
    def forward(x, y):
        return x, y

    assert call(forward, x_0=1, y_0=2, x_1=3) == ([1, 3], [2])


def test_an_array_whose_name_only_ends_in_a_number():
    def forward(x_0, x_1):
        return x_0, x_1

    assert call(forward, x_1=1, x_0=2) == (2, 1)


def test_a_list_by_position_alone():
    def forward(x, /):
        return x

    assert call(forward, x_0=1, x_1=2) == [1, 2]


def unknown(batch):
    return batch


def gap(x: list):
    return x


def two(batch: dict, other: dict):
    return batch, other


def no_field(batch: Pair):
    return batch


def a_set(parts: set):
    return parts


@pytest.mark.parametrize(
    ("forward", "inputs", "argument"),
    [
        (unknown, ["a", "b"], "batch"),
        (gap, ["x_0", "x_2"], "x"),
        (two, ["a", "b"], "batch"),
        (no_field, ["a", "c"], "batch"),
        (a_set, ["a", "b"], "parts"),
    ],
)
def test_where_it_cannot_be_told_a_wrapper_is_shown(forward, inputs, argument):
    says = (
        rf"takes no '{inputs[0]}', got the arrays .*: name an array '{argument}', or bring a module whose "
        rf"forward\({', '.join(inputs)}\) calls the network with {argument} made of them"
    )
    with pytest.raises(PipelineError, match=says):
        match_arguments(forward, inputs, "Net")
