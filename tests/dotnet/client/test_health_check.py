"""The call that the health check makes: at proven sizes, without a search."""

import re
from collections.abc import Mapping
from types import MappingProxyType

import pytest

from csharp_projects import TINY, make_contract, make_identity, tensor
from pipeline.core.contract import Contract, ProvenAxis
from pipeline.core.golden import GoldenCall, Purpose
from pipeline.dotnet.client import generator
from pipeline.dotnet.client.health_check import choose_sizes, probe
from pipeline.dotnet.client.layout import derive_layout

IMAGE = make_contract("image", [tensor("x", "float32", "batch", "h", "w", 3)], [tensor("y", "float32", "batch")])


def probe_of(contract: Contract, sizes: Mapping[str, int] = MappingProxyType({}), **proven: list[int]) -> str:
    axes = {name: ProvenAxis(sizes=sizes) for name, sizes in proven.items()}
    contract = contract.model_copy(update={"axes": axes})
    return probe(contract, derive_layout(contract), "Model", sizes)


def golden_call(purpose: Purpose, rows: int | None, **sizes: int) -> GoldenCall:
    return GoldenCall("a", purpose, rows, sizes, {})


def test_the_sizes_are_those_of_the_smallest_call_of_real_rows() -> None:
    calls = [
        golden_call("size", 1, batch=1, h=56),
        golden_call("rows", 7, batch=7, h=28),
        golden_call("rows", 2, batch=2, h=28),
        golden_call("edge", 1, batch=1, h=28),
    ]
    assert choose_sizes(calls) == {"batch": 2, "h": 28}


def test_there_are_no_sizes_without_a_call_of_real_rows() -> None:
    assert choose_sizes([golden_call("size", 1, h=56)]) == {}


def test_a_model_that_knows_no_rows() -> None:
    assert choose_sizes([golden_call("rows", None, n=8), golden_call("rows", None, n=9)]) == {"n": 8}


def test_the_sizes_of_a_golden_call() -> None:
    sizes = {"batch": 2, "h": 28, "w": 20}
    assert probe_of(IMAGE, sizes, batch=[1, 2, 5], h=[1, 3, 28, 56], w=[4, 20, 40]) == (
        "Run(Enumerable.Repeat(new ModelInput(new float[28 * 20 * 3], 28, 20), 2).ToArray())"
    )


def test_one_row_of_the_middle_of_the_proven_sizes() -> None:
    assert probe_of(IMAGE, batch=[1, 2, 5], h=[1, 14, 28, 56], w=[20, 4]) == "Run(new float[28 * 20 * 3], 28, 20)"


def test_an_axis_without_proven_sizes_has_the_example_size() -> None:
    assert probe_of(IMAGE, batch=[1], h=[28]) == "Run(new float[28 * 16 * 3], 28, 16)"


def test_the_smallest_proven_batch_when_single_rows_were_not_proven() -> None:
    assert (
        probe_of(IMAGE, batch=[2, 8], h=[2], w=[2])
        == "Run(Enumerable.Repeat(new ModelInput(new float[2 * 2 * 3], 2, 2), 2).ToArray())"
    )


def test_a_batch_of_rows_that_are_arrays() -> None:
    assert probe_of(TINY, batch=[3]) == "Run(Enumerable.Repeat(new float[4], 3).ToArray())"


def test_a_model_without_a_batch_axis() -> None:
    contract = make_contract("signal", [tensor("x", "float32", "samples")], [tensor("y", "float32", "samples")])
    assert probe_of(contract, samples=[400, 800]) == "Run(new float[800])"


@pytest.mark.parametrize("contract", [TINY, IMAGE], ids=["fixed", "ragged"])
def test_the_probe_runs_the_model_once(contract: Contract) -> None:
    source = generator.generate(contract, make_identity())["Tiny.g.cs"]
    (body,) = re.findall(r"internal void Probe\(\)\n {8}\{\n(.*?)\n {8}\}", source, flags=re.DOTALL)
    assert body.count("Run(") == 1
    assert body.count(";") == 1
