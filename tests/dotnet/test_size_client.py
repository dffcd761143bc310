"""Clients of models that are proven at some sizes and known to fail at others, in real .NET."""

import re
from collections.abc import Callable

import pytest

import text_reader
from csharp_projects import NET10, SERVICES, Cargo, Dotnet
from pipeline.core.contract import Contract, ProvenAxis
from sample_contracts import image, series, whole

BATCH = ProvenAxis(sizes=[1, 3])
NAMES = ("Bounded", "Picture", "Signal", "Reader")
# By the inputs that a message names first.
CLIENTS = {
    "x": "Bounded",
    "pixels": "Picture",
    "samples": "Signal",
    "attention_mask, token_type_ids, input_ids": "Reader",
}
TIME = "x: expected time from 2 to 24 in multiples of 2"
HEIGHT = "pixels: expected height from 4 to 8"
TOKENS = "attention_mask, token_type_ids, input_ids: expected tokens from 2 to 10"


def proven(contract: Contract, name: str, **axes: ProvenAxis) -> Contract:
    return contract.model_copy(update={"name": name, "axes": {"batch": BATCH, **axes}})


@pytest.fixture(scope="module")
def packages(dotnet: Dotnet, package: Callable[..., str]) -> str:
    """The items that reference the packages."""
    time = ProvenAxis(sizes=[2, 4, 12, 24], multiple_of=2, refused=[26, 6])
    dotnet.pack(proven(series().contract, "bounded", time=time), series().model, "Bounded")
    height, width = ProvenAxis(sizes=[4, 8]), ProvenAxis(sizes=[2, 16], refused=[5])
    dotnet.pack(proven(image().contract, "picture", height=height, width=width), image().model, "Picture")
    dotnet.pack(proven(whole().contract, "signal", n=ProvenAxis(sizes=[3, 8])), whole().model, "Signal")
    reader = proven(text_reader.make_text_contract(10), "reader", tokens=ProvenAxis(sizes=[2, 10], refused=[7]))
    cargo = Cargo(text_reader.make_character_table().dump(), text_reader.VOCABULARY)
    dotnet.pack(reader, text_reader.make_text_model(), "Reader", cargo=cargo)
    return "".join(package(f"Acme.{name}") for name in NAMES)


@pytest.fixture(scope="module")
def lines(dotnet: Dotnet, packages: str) -> list[str]:
    """What the program Sizes.cs prints."""
    folder = dotnet.project("sizes", NET10, packages + SERVICES, "Sizes.cs", "Failures.cs")
    dotnet(folder, "build", "-v", "q", "-c", "Release")
    return dotnet(folder, "run", "--no-build", "-c", "Release").splitlines()


@pytest.mark.parametrize(
    "expected",
    [
        "proven 2 4 8 24",
        "batch 1000 1000",
        "option 1 5 28 3 28 28",
        "two axes 16 9",
        "whole 8",
        "texts 2 9 10 10",
        "health bounded:Healthy picture:Healthy reader:Healthy signal:Healthy",
    ],
)
def test_sizes_that_are_taken(expected: str, lines: list[str]) -> None:
    assert expected in lines


@pytest.mark.parametrize(
    ("name", "expected", "size", "parameter"),
    [
        ("array", TIME, 26, "x"),
        ("span", TIME, 26, "x"),
        ("list", TIME, 26, r"rows\[1\]"),
        ("async", TIME, 26, "x"),
        ("buffers", TIME, 26, "time"),
        ("fails within", TIME, 6, "x"),
        ("option array", TIME, 26, "x"),
        ("option list", TIME, 26, r"rows\[1\]"),
        ("option async", TIME, 26, "x"),
        ("option buffers", TIME, 26, "time"),
        ("width", "pixels: expected width from 2 to 16", 5, "width"),
        ("new row", "pixels: expected width from 2 to 16", 5, "width"),
        ("text", TOKENS, 7, "text"),
        ("text in list", TOKENS, 7, r"texts\[1\]"),
        ("text async", TOKENS, 7, "text"),
    ],
)
def test_a_size_that_is_known_to_fail(name: str, expected: str, size: int, parameter: str, lines: list[str]) -> None:
    (line,) = (line for line in lines if line.startswith(f"throws {name}: "))
    failing = "6 and 26" if expected == TIME else size
    assert re.fullmatch(
        rf"throws {name}: ArgumentException: {expected}, got {size}, and the network itself is known to fail at {failing}\. "
        rf"\(Parameter '{parameter}'\)",
        line,
    )


@pytest.mark.parametrize(
    ("name", "expected", "size", "parameter"),
    [
        ("long", TIME, 28, "x"),
        ("short", TIME, 1, "x"),
        ("off", TIME, 5, "x"),
        ("long span", TIME, 28, "x"),
        ("long in list", TIME, 28, r"rows\[1\]"),
        ("long async", TIME, 28, "x"),
        ("long buffers", TIME, 28, "time"),
        ("height", HEIGHT, 9, "height"),
        ("width of buffers", "pixels: expected width from 2 to 16", 17, "width"),
        ("row", HEIGHT, 9, "row"),
        ("row in list", HEIGHT, 9, r"rows\[1\]"),
        ("row async", HEIGHT, 9, "row"),
        ("whole", "samples: expected n from 3 to 8", 9, "samples"),
        ("tokens", TOKENS, 11, "attentionMask"),
    ],
)
def test_a_size_that_is_not_proven(name: str, expected: str, size: int, parameter: str, lines: list[str]) -> None:
    client = CLIENTS[expected.partition(":")[0]]
    (line,) = (line for line in lines if line.startswith(f"throws {name}: "))
    assert re.fullmatch(
        rf"throws {name}: ArgumentException: {expected}, got {size}, which is not proven: set {client}Options\.AllowUnprovenSizes to take "
        rf"other sizes all the same\. \(Parameter '{parameter}'\)",
        line,
    )
