"""Ragged clients in real .NET: what they answer and reject, under load too."""

import re
from collections.abc import Callable

import pytest

from csharp_projects import HEALTH_CHECKS, NET10, NET48_REFERENCE, OLD_AND_NEW, SERVICES, STRICT, Dotnet
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
        "without True True True True",
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
        ("no batch", "ArgumentOutOfRangeException: Expected at least 1 row"),
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


def test_old_and_strict_compilers_give_no_warnings(dotnet: Dotnet, packages: str) -> None:
    folder = dotnet.project("strict-ragged", OLD_AND_NEW + STRICT, packages + HEALTH_CHECKS + NET48_REFERENCE)
    assert "warning" not in dotnet(folder, "build", "-v", "m", "--no-incremental")
    documented = (folder / "bin/Debug/net8.0/strict-ragged.xml").read_text()
    assert "M:Acme.Models.Image.Run(System.Byte[],System.Int32,System.Int32)" in documented
    assert "M:Acme.Models.Halves.Run(System.Half[],System.Half)" in documented
    standard = (folder / "bin/Debug/netstandard2.0/strict-ragged.xml").read_text()
    assert "M:Acme.Models.Halves.Run(Microsoft.ML.OnnxRuntime.Float16[],Microsoft.ML.OnnxRuntime.Float16)" in standard


@pytest.mark.slow
def test_it_is_published_ahead_of_time(dotnet: Dotnet, packages: str) -> None:
    statements = (
        "using Pair pair = Pair.Load(); using Tokens tokens = Tokens.Load(); System.Console.WriteLine("
        'pair.Run(7, [true, false], [System.Half.One, System.Half.One]).Number + tokens.Run("a b").Count);'
    )
    assert dotnet.run_native("native-ragged", packages, statements) == "9"
