"""Axes of a contract: the batch, sizes that follow from a length, and the methods of the client."""

import re

import pytest

from csharp_projects import MIXED, TINY, make_contract, make_identity, tensor
from pipeline.core.contract import Contract, ProvenAxis, TensorSpec
from pipeline.dotnet.client import generator
from pipeline.dotnet.client.layout import derive_layout
from pipeline.dotnet.proof import replay_program

Y = tensor("y", "float32", "batch")


def contract_of(*inputs: TensorSpec, outputs: list[TensorSpec] | None = None) -> Contract:
    return make_contract("t", list(inputs), outputs or [Y])


@pytest.mark.parametrize("fixed", [TINY, MIXED])
def test_a_client_of_fixed_rows_has_no_code_for_sizes(fixed: Contract) -> None:
    assert derive_layout(fixed).fixed
    files = generator.generate(fixed, make_identity())
    assert not {"SizeCheck.g.cs", "TinyOptions.Sizes.g.cs"} & set(files)
    assert not re.search(r"\bHalf\b|HasSizesOf|UnboundRun", "".join(files.values()))


@pytest.mark.parametrize(
    ("inputs", "explicit_axes", "checks"),
    [
        ([tensor("x", "float32", "batch", "time", 3)], [], ["x: time"]),
        ([tensor("x", "float32", "batch", "h", "w")], ["h", "w"], ["x: -"]),
        ([tensor("x", "float32", "batch", "n", "n")], ["n"], ["x: -"]),
        (
            [tensor("x", "float32", "batch", "time", "k"), tensor("m", "bool", "batch", "time")],
            [],
            ["m: time", "x: k"],
        ),
        (
            [
                tensor("m", "bool", "batch", "time"),
                tensor("x", "float32", "batch", "time", 2),
                tensor("s", "int64", "batch"),
            ],
            [],
            ["m: time", "x: -", "s: -"],
        ),
        (
            [tensor("x", "float32", "batch", "h", "w"), tensor("y", "float32", "batch", "w", "d")],
            ["h", "w"],
            ["y: d", "x: -"],
        ),
    ],
)
def test_sizes_follow_from_lengths_where_possible(
    inputs: list[TensorSpec], explicit_axes: list[str], checks: list[str]
) -> None:
    layout = derive_layout(contract_of(*inputs))
    assert [axis.name for axis in layout.explicit_axes] == explicit_axes
    assert [f"{check.input.name}: {check.inferred or '-'}" for check in layout.checks] == checks


@pytest.mark.parametrize(
    ("tensors", "methods"),
    [
        ([tensor("x", "float32", "batch", 2)], ("row", "batch", "whole", "buffers", "async")),
        ([tensor("x", "float16", "batch", 2)], ("row", "batch", "whole", "buffers", "async")),
        ([tensor("x", "float32", "batch", "t")], ("row", "batch", "ragged", "buffers", "async")),
        ([tensor("x", "string", "batch")], ("row", "batch", "async")),
    ],
)
def test_methods(tensors: list[TensorSpec], methods: tuple[str, ...]) -> None:
    assert derive_layout(contract_of(*tensors)).methods == methods


@pytest.mark.parametrize(
    ("tensors", "method"),
    [
        ([tensor("x", "float32", "batch", "t")], "buffers"),
        ([tensor("x", "string", "batch")], "batch"),
    ],
)
def test_the_method_for_many_rows(tensors: list[TensorSpec], method: str) -> None:
    assert derive_layout(contract_of(*tensors)).bulk_method == method


def test_the_method_for_many_rows_without_a_batch_axis() -> None:
    plain = contract_of(tensor("x", "float32", "n"), outputs=[tensor("y", "float32", "n")])
    assert derive_layout(plain).bulk_method == "row"


def test_an_output_of_a_size_known_only_after_the_run_is_not_bound() -> None:
    layout = derive_layout(
        contract_of(tensor("x", "float32", "batch", "t"), outputs=[tensor("y", "float32", "batch", "detections")])
    )
    assert layout.methods == ("row", "batch", "async")
    assert [axis.name for axis in layout.output_only_axes] == ["detections"]


@pytest.mark.parametrize(
    ("first", "second"),
    [(("samples",), ("frames", 5)), ((4,), (4,)), (("n",), (2,)), (("n",), ("n", 2)), ((), ())],
)
def test_without_a_batch_axis_rows_run_one_by_one(first: tuple[int | str, ...], second: tuple[int | str, ...]) -> None:
    plain = contract_of(tensor("x", "float32", *first), outputs=[tensor("y", "float32", *second)])
    assert derive_layout(plain).methods == ("row", "async")
    files = generator.generate(plain, make_identity())
    assert "TinyBuffers.g.cs" not in files
    assert "IReadOnlyList<" not in files["ITiny.g.cs"]
    assert "(this, model, 1);" in files["Tiny.g.cs"]


def test_an_axis_with_the_name_of_a_tensor_gets_a_suffix() -> None:
    layout = derive_layout(
        contract_of(tensor("time", "float32", "batch", "time"), tensor("class", "float32", "batch", "params"))
    )
    assert [(axis.parameter, axis.member) for axis in layout.axes] == [("timeSize", "TimeSize"), ("@params", "Params")]


def test_the_example_of_the_readme_passes_sizes() -> None:
    text = replay_program.example(contract_of(tensor("x", "float32", "batch", "h", "w")), "Acme.Models", "Tiny")
    assert "int h = 16; //" in text
    assert "float[] x = new float[h * w];" in text
    assert "model.Run(x, h, w)" in text
    assert "new TinyInput(x, h, w)" in text


def test_the_example_of_the_readme_has_a_proven_size() -> None:
    contract = contract_of(tensor("x", "float32", "batch", "h", "w")).model_copy(
        update={"axes": {"h": ProvenAxis(sizes=[1, 3, 20, 40])}}
    )
    text = replay_program.example(contract, "Acme.Models", "Tiny")
    assert "int h = 20; //" in text
    assert "int w = 16; //" in text
