"""Ragged clients in real .NET: what they answer and reject, under load too."""

import re
import zipfile
from collections.abc import Callable

import pytest

from csharp_projects import NET10, SERVICES, Dotnet
from sample_contracts import SAMPLE_MODELS

NAMES = [make.__name__.capitalize() for make in SAMPLE_MODELS]
Package = Callable[..., str]


@pytest.fixture(scope="module")
def packages(dotnet: Dotnet, package: Package) -> str:
    """The items that reference the packages of all sample models."""
    for make in SAMPLE_MODELS:
        sample = make()
        dotnet.pack(sample.contract, sample.model, sample.class_name)
    return "".join(package(f"Acme.{name}") for name in NAMES)


@pytest.fixture(scope="module")
def lines(dotnet: Dotnet, packages: str) -> list[str]:
    """What the program Ragged.cs prints."""
    folder = dotnet.project("ragged", NET10, packages + SERVICES, "Ragged.cs", "Callers.cs", "Failures.cs")
    dotnet(folder, "build", "-v", "q", "-c", "Release")
    return dotnet(folder, "run", "--no-build", "-c", "Release").splitlines()


@pytest.mark.parametrize(
    "expected",
    [
        "ragged True",
        "span 6 empty 0",
        "bound 2 4 24 24 6",
        "allocated 0",
        "image 2 5 10 3",
        "mixed 2x5 5x2 2x5",
        "best 0 0 2 5 4 1",
        "tokens a|bb|c 1/3 3/3",
        "whole 4 2,-4,6 1 3 0,2",
        "halves 1.75,2.25,-0.75 1",
        "without True True True",
        "hostile True",
        "sizes 1 2 3 1 2 3 1",
        "health " + " ".join(f"{name.lower()}:Healthy" for name in sorted(NAMES)),
        "health exceptions 0",
    ],
)
def test_answers(expected: str, lines: list[str]) -> None:
    assert expected in lines


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "length",
            r"ArgumentException: x: expected the number of values to be a positive multiple of 3 \(one row, row-major of shape \[time, 3\]\), got 4",
        ),
        ("nothing", "ArgumentException: .*got 0"),
        ("null", "ArgumentNullException: x: expected values .* got null"),
        ("fourth row", r"ArgumentException: .*got 5. \(Parameter 'rows\[3\]'\)"),
        ("range", "ArgumentException: x: expected numbers from -9 to 9, got 99 at index 1"),
        ("not a number", r"ArgumentException: .*got NaN at index 1. \(Parameter 'rows\[1\]'\)"),
        ("half", "ArgumentException: a: expected numbers from -4 to 4, got 5 at index 0"),
        (
            "sizes",
            r"ArgumentException: pixels: expected 24 values \(one row, row-major of shape \[height, width, 3\], height = 2, width = 4\), got 30",
        ),
        ("no height", r"ArgumentOutOfRangeException: Expected at least 1. \(Parameter 'height'\)"),
        ("overflow", r"ArgumentException: pixels: expected \d+ values"),
        ("null row", r"ArgumentNullException: Expected a ImageInput, got null. \(Parameter 'rows\[0\]'\)"),
        (
            "shared",
            r"ArgumentException: values: expected 3 values \(one row, row-major of shape \[time\], time = 3\), got 2",
        ),
        ("null text", "ArgumentNullException: text: expected text, got null"),
        ("null word", "ArgumentNullException: words: expected text, got null at index 2"),
        ("two words", r"ArgumentException: words: expected 3 values \(one row, row-major of shape \[3\]\), got 2"),
        (
            "half a pair",
            "ArgumentException: text: expected well-formed UTF-16, got an unpaired surrogate at character 3",
        ),
        ("second text", r"ArgumentNullException: .*\(Parameter 'rows\[1\]'\)"),
        ("no batch", r"ArgumentOutOfRangeException: Expected at least 1. \(Parameter 'batch'\)"),
        ("no time", r"ArgumentOutOfRangeException: Expected at least 1. \(Parameter 'time'\)"),
    ],
)
def test_a_failure_says_what_was_expected(name: str, expected: str, lines: list[str]) -> None:
    (line,) = (line for line in lines if line.startswith(f"throws {name}: "))
    assert re.match(f"throws {name}: {expected}", line)


def test_micro_batching_of_ragged_rows_under_stress(lines: list[str]) -> None:
    summaries = [line for line in lines if line.startswith("concurrency")]
    assert len(summaries) == 5
    assert [line for line in summaries if not line.endswith("wrong 0, missing 0, some True")] == []


@pytest.mark.parametrize(
    ("framework", "parameters"),
    [
        ("net8.0", "System.Half[],System.Half"),
        ("netstandard2.0", "Microsoft.ML.OnnxRuntime.Float16[],Microsoft.ML.OnnxRuntime.Float16"),
    ],
)
@pytest.mark.usefixtures("packages")
def test_halves_are_onnxruntime_s_own_where_the_framework_has_none(
    framework: str, parameters: str, dotnet: Dotnet
) -> None:
    with zipfile.ZipFile(dotnet.feed / "Acme.Halves.1.0.0.nupkg") as archive:
        assert f"M:Acme.Models.Halves.Run({parameters})" in archive.read(f"lib/{framework}/Acme.Halves.xml").decode()
