"""The client's plain C#: its xUnit tests, its compilers' and analysers' opinion, and the house rules for its files.

One `dotnet test` builds both frameworks and runs the tests; it is skipped where there is no SDK, and the rules are not.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

from pipeline.dotnet import sdk

CSHARP = Path(sdk.__file__).parent / "csharp"
MAX_LINES = 300
SOURCES = sorted(path for path in CSHARP.rglob("*.cs") if not {"bin", "obj"} & set(path.parts))
PROJECTS = sorted([*CSHARP.rglob("*.csproj"), *CSHARP.rglob("*.props"), *CSHARP.rglob("*.targets")])


@pytest.fixture(scope="module")
def printed() -> str:
    """What `dotnet test` prints; the test that asks for it judges it."""
    dotnet = sdk.find()
    if dotnet is None:
        pytest.skip("needs a .NET SDK: `dotnet` is neither on PATH nor in DOTNET_ROOT nor in ~/.dotnet")
    # A test starts a process of its own, which finds `dotnet` as this one did.
    path = f"{dotnet.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    completed = subprocess.run(
        [dotnet, "test", "--no-progress", "--no-ansi", "--timeout", "4m"],
        cwd=CSHARP / "tests",
        env=os.environ | sdk.ENVIRONMENT | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=420,
        check=False,
    )
    return f"{completed.stdout}{completed.stderr}\nexit code {completed.returncode}\n"


def complaints(printed: str) -> list[str]:
    """Every error and warning of the build, once, and every test that failed, by name and with what it says."""
    build = re.findall(r"^.*?([\w./]+\(\d+,\d+\): (?:error|warning) .*?)(?: \[[^\]]*\])?$", printed, re.MULTILINE)
    tests = re.findall(r"^failed (\S+).*\n((?:  .*\n)*)", printed, re.MULTILINE)
    return [*dict.fromkeys(build), *(f"{name}\n{reason}".rstrip() for name, reason in tests)]


def unexplained(source: str) -> list[str]:
    """What silences an analyser in C#, and does not say why."""
    pragmas = re.findall(r"^.*#pragma warning disable.*$", source, re.MULTILINE)
    attributes = re.findall(r"SuppressMessage\(.*?\)\]", source, re.DOTALL)
    return [
        *(line.strip() for line in pragmas if not re.search(r"//.*\w", line)),
        *(attribute for attribute in attributes if not re.search(r'Justification\s*=\s*"\w', attribute)),
    ]


def unexplained_codes(project: str) -> list[str]:
    """Codes that a project file silences, and that no comment in it names."""
    codes = re.findall(r"<NoWarn>(.*?)</NoWarn>", project)
    comments = " ".join(re.findall(r"<!--(.*?)-->", project, re.DOTALL))
    return [code for text in codes for code in text.split(";") if code != "$(NoWarn)" and f"{code}:" not in comments]


def test_every_csharp_test_passes_and_nothing_is_warned_of(printed: str) -> None:
    if complaints(printed):
        pytest.fail("\n\n".join(complaints(printed)), pytrace=False)
    assert printed.endswith("exit code 0\n"), printed[-4000:]
    assert int(re.findall(r"succeeded: (\d+)", printed)[0]) > 0


@pytest.mark.parametrize("framework", ["netstandard2.0", "net8.0"])
def test_the_client_is_built_for_both_frameworks(framework: str, printed: str) -> None:
    assembly = CSHARP.parents[2] / f"build/csharp/bin/client/debug_{framework}/TheModel.dll"
    assert printed
    assert assembly.stat().st_mtime >= max(path.stat().st_mtime for path in SOURCES if "client" in path.parts)


def test_warnings_and_analysers_are_errors() -> None:
    properties = (CSHARP / "Directory.Build.props").read_text()
    assert "<TreatWarningsAsErrors>true</TreatWarningsAsErrors>" in properties
    assert "<AnalysisMode>All</AnalysisMode>" in properties
    client = (CSHARP / "client/client.csproj").read_text()
    assert 'Include="Meziantou.Analyzer"' in client
    assert not re.search(r"TreatWarningsAsErrors|AnalysisMode|AnalysisLevel|NoWarn", client)


def test_what_is_silenced_has_a_reason_beside_it() -> None:
    silenced = {path: unexplained(path.read_text()) for path in SOURCES}
    assert {path: lines for path, lines in silenced.items() if lines} == {}


def test_a_code_that_a_project_silences_has_its_reason() -> None:
    silenced = {path: unexplained_codes(path.read_text()) for path in PROJECTS}
    assert {path: codes for path, codes in silenced.items() if codes} == {}


def test_no_file_is_too_long() -> None:
    lines = {path: len(path.read_text().splitlines()) for path in SOURCES}
    assert {path: count for path, count in lines.items() if count > MAX_LINES} == {}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("#pragma warning disable CA1031 // It belongs to the caller's task.", []),
        ("#pragma warning disable CA1031", ["#pragma warning disable CA1031"]),
        ("#pragma warning disable CA1031 //", ["#pragma warning disable CA1031 //"]),
        ('[SuppressMessage("Design", "CA1031", Justification = "It is the caller\'s.")]', []),
        ('[SuppressMessage("Design", "CA1031")]', ['SuppressMessage("Design", "CA1031")]']),
        ('[SuppressMessage(\n    "Design",\n    "CA1031",\n    Justification = "Because.")]', []),
    ],
)
def test_a_silenced_analyser_without_a_reason_is_seen(source: str, expected: list[str]) -> None:
    assert unexplained(source) == expected


def test_a_silenced_code_without_a_reason_is_seen() -> None:
    assert unexplained_codes("<!-- CA1: why. --><NoWarn>$(NoWarn);CA1;CA2</NoWarn>") == ["CA2"]


def test_what_a_build_or_a_test_complains_of_is_named() -> None:
    printed = (
        "/w/client/A.cs(3,5): error CA1031: Catch less. [/w/client.csproj::TargetFramework=net8.0]\n"
        "/w/client/A.cs(3,5): error CA1031: Catch less. [/w/client.csproj::TargetFramework=netstandard2.0]\n"
        "failed N.Tests.It_works (5ms)\n  from /w/T.dll\n  Assert.True() Failure\nTest run summary: Failed!\n"
    )
    assert complaints(printed) == [
        "/w/client/A.cs(3,5): error CA1031: Catch less.",
        "N.Tests.It_works\n  from /w/T.dll\n  Assert.True() Failure",
    ]
