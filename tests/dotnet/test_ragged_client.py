"""Clients with text, halves, sizes or no rows, in real .NET: what they answer, refuse and survive."""

import re
from collections.abc import Callable

import pytest
from test_consumers import HEALTH, INJECTION, NET10

from csharp_projects import STRICT, Dotnet, run
from sample_contracts import ZOO

LOGGING = '<PackageReference Include="Microsoft.Extensions.Logging" Version="10.0.15" />'
NAMES = [make.__name__.capitalize() for make in ZOO]
Package = Callable[..., str]


@pytest.fixture(scope="module")
def zoo(dotnet: Dotnet, package: Package) -> str:
    """The items that reference all of them."""
    for make in ZOO:
        exhibit = make()
        dotnet.pack(exhibit.of, exhibit.model, exhibit.class_name)
    return "".join(package(f"Acme.{name}") for name in NAMES)


@pytest.fixture(scope="module")
def lines(dotnet: Dotnet, zoo: str) -> list[str]:
    folder = dotnet.project("sized", NET10, zoo + HEALTH + INJECTION + LOGGING, "Sized.cs")
    dotnet(folder, "build", "-v", "q", "-c", "Release")
    return dotnet(folder, "run", "--no-build", "-c", "Release").splitlines()


@pytest.mark.parametrize(
    "expected",
    [
        "jagged True",
        "span 6 empty 0",
        "bound 2 4 24 24 6",
        "allocated 0",
        "image 2 5 10 3",
        "turned 2x5 5x2 2x5",
        "best 0 0 2 5 4 1",
        "tokens a|bb|c 1/3 3/3",
        "whole 4 2,-4,6 1 3 0,2",
        "halves 1.75,2.25,-0.75 1",
        "without True True True True",
        "hostile True",
        "sizes 1 2 3 1 2 3 1",
        "health " + " ".join(f"{name.lower()}:Healthy" for name in sorted(NAMES)),
    ],
)
def test_answers(expected: str, lines: list[str]) -> None:
    assert expected in lines


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (
            "length",
            r"ArgumentException: x: expected a multiple of 3 values, at least one time \(one row, row-major of shape \[time, 3\]\), got 4",
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
            "ArgumentException: text: expected text in Unicode, got half of a surrogate pair at character 3",
        ),
        ("second text", r"ArgumentNullException: .*\(Parameter 'rows\[1\]'\)"),
        ("no batch", "ArgumentOutOfRangeException: Expected at least 1 row"),
        ("no time", r"ArgumentOutOfRangeException: Expected at least 1. \(Parameter 'time'\)"),
    ],
)
def test_a_failure_says_what_was_expected(what: str, expected: str, lines: list[str]) -> None:
    (line,) = (line for line in lines if line.startswith(f"throws {what}: "))
    assert re.match(f"throws {what}: {expected}", line)


def test_micro_batching_of_sizes_under_stress(lines: list[str]) -> None:
    told = [line for line in lines if line.startswith("concurrency")]
    assert len(told) == 5
    assert [line for line in told if not line.endswith("wrong 0, missing 0, some True")] == []


def test_old_and_strict_compilers_have_nothing_to_say(dotnet: Dotnet, zoo: str) -> None:
    frameworks = "<TargetFrameworks>net10.0;net8.0;netstandard2.0;net48</TargetFrameworks>"
    public = "".join(f"<{name}Visibility>public</{name}Visibility>" for name in NAMES)
    reference = '<PackageReference Include="Microsoft.NETFramework.ReferenceAssemblies" Version="1.0.3" PrivateAssets="all" Condition="$(TargetFramework)==\'net48\'" />'
    folder = dotnet.project("strict-sized", frameworks + public + STRICT, zoo + HEALTH + reference)
    assert "warning" not in dotnet(folder, "build", "-v", "m", "--no-incremental")
    documented = (folder / "bin/Debug/net8.0/strict-sized.xml").read_text()
    assert "M:Acme.Models.Image.Run(System.Byte[],System.Int32,System.Int32)" in documented
    assert "M:Acme.Models.Halves.Run(System.Half[],System.Half)" in documented
    old = (folder / "bin/Debug/netstandard2.0/strict-sized.xml").read_text()
    assert "M:Acme.Models.Halves.Run(Microsoft.ML.OnnxRuntime.Float16[],Microsoft.ML.OnnxRuntime.Float16)" in old


@pytest.mark.slow
def test_it_publishes_ahead_of_time(dotnet: Dotnet, zoo: str) -> None:
    properties = f"<PublishAot>true</PublishAot><RuntimeIdentifier>linux-x64</RuntimeIdentifier><SelfContained>true</SelfContained>{STRICT}"
    folder = dotnet.project("native-sized", NET10 + properties, zoo)
    (folder / "Program.cs").write_text(
        "using Acme.Models;\n\ninternal static class Program\n{\n    private static void Main()\n    {\n"
        "        using Pair pair = Pair.Load();\n        using Tokens tokens = Tokens.Load();\n"
        '        System.Console.WriteLine(pair.Run(7, [true, false], [System.Half.One, System.Half.One]).Number + tokens.Run("a b").Count);\n'
        "    }\n}\n"
    )
    dotnet(folder, "publish", "-v", "q", "-o", "published")
    assert run(["published/native-sized"], folder).strip() == "9"
