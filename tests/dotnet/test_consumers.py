"""The client in real .NET projects. Each test builds with the SDK; all are skipped where there is none."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from csharp_projects import STRICT, Dotnet, run, tiny_model

NET10 = "<OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings><Nullable>enable</Nullable>"
HEALTH = '<PackageReference Include="Microsoft.Extensions.Diagnostics.HealthChecks" Version="10.0.15" />'
INJECTION = '<PackageReference Include="Microsoft.Extensions.DependencyInjection" Version="10.0.15" />'
Package = Callable[..., str]


@pytest.fixture(scope="module")
def answers(dotnet: Dotnet) -> tuple[np.ndarray, list[str]]:
    rows = np.random.default_rng(0).uniform(0, 16, size=(9, 4)).astype(np.float32)
    items = "".join(
        f'<PackageReference Include="Acme.{name}" Version="1.0.0" />' for name in ("Tiny", "Mixed", "Scalar")
    )
    folder = dotnet.project("answers", NET10, items, "Answers.cs")
    np.savetxt(folder / "rows.txt", rows, fmt="%.9g")
    dotnet(folder, "build", "-v", "q")
    return rows, dotnet(folder, "run", "--no-build", "rows.txt").splitlines()


@pytest.mark.parametrize("kind", ["rows", "array", "span", "async", "stream", "buffers"])
def test_every_way_to_run_gives_the_runtimes_answers(kind: str, answers: tuple[np.ndarray, list[str]]) -> None:
    rows, lines = answers
    session = onnxruntime.InferenceSession(tiny_model(1))
    label, probabilities = session.run(["label", "probabilities"], {"pixels": rows.reshape(-1, 2, 2)})
    found = [line.split()[1:] for line in lines if line.startswith(f"{kind} ")]
    assert [int(line[0]) for line in found] == label.tolist()
    if kind != "buffers":
        assert [line[1] for line in found] == [["none", 'a_"few"', "many"][number] for number in label]
    np.testing.assert_allclose([[float(value) for value in line[2:]] for line in found], probabilities, atol=1e-6)


def test_no_rows_give_no_answers(answers: tuple[np.ndarray, list[str]]) -> None:
    assert "empty 0" in answers[1]


def test_bound_buffers_allocate_nothing(answers: tuple[np.ndarray, list[str]]) -> None:
    assert "allocated 0" in answers[1]


def test_every_dtype_passes_through(answers: tuple[np.ndarray, list[str]]) -> None:
    assert (
        "mixed 1.5 1.5,-2 1E+300,2 -128,127 -32768,3 -2147483648,4 -9223372036854775808,5 255,6 65535,7 4294967295,8 "
        "18446744073709551615,9 True,False"
    ) in answers[1]


def test_rows_of_several_inputs_keep_their_order(answers: tuple[np.ndarray, list[str]]) -> None:
    assert "several 0/0/0/False 0.5/1/1/True 1/2/2/False 1.5/3/3/True" in answers[1]


def test_scalars_are_passed_as_they_are(answers: tuple[np.ndarray, list[str]]) -> None:
    assert "scalar -0.5 -1 -2" in answers[1]


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (
            "length",
            r"ArgumentException: pixels: expected 4 values \(one row, row-major of shape \[2, 2\]\), got 3. \(Parameter 'pixels'\)",
        ),
        ("null", "ArgumentNullException: pixels: expected 4 values .* got null"),
        ("second row", r"ArgumentException: .*got 2. \(Parameter 'rows\[1\]'\)"),
        ("no file", "TinyException: Expected the model at /nowhere/tiny.onnx, got: .* build again"),
        (
            "other bytes",
            r"TinyException: Expected the model with SHA-256 \w{64} \(\d+ bytes\), got \w{64} \(3 bytes\) from the bytes",
        ),
        ("other stream", "TinyException: .* from the stream"),
        ("too old", "TinyException: Expected onnxruntime 1.16 or later, got 1.15.1: add a reference"),
        ("option", r"ArgumentOutOfRangeException: Expected at least 1. \(Parameter 'MaxBatchSize'\)"),
        ("no batch", "ArgumentOutOfRangeException: Expected at least 1 row"),
        ("no such class", "MixedException: onnxruntime could not run the model"),
        ("not a number", "ArgumentException: pixels: expected numbers from 0 to 16, got NaN at index 2"),
        ("out of range", "ArgumentException: .*got 16.5 at index 1"),
        ("too small", r"ArgumentException: x: expected numbers from 0.25 to .*, got 0. \(Parameter 'rows\[1\]'\)"),
        ("buffers of a disposed model", "ObjectDisposedException"),
        ("disposed", "ObjectDisposedException"),
    ],
)
def test_a_failure_says_what_was_expected(what: str, expected: str, answers: tuple[np.ndarray, list[str]]) -> None:
    (line,) = (line for line in answers[1] if line.startswith(f"throws {what}: "))
    assert re.match(f"throws {what}: {expected}", line)


def test_micro_batching_under_stress(dotnet: Dotnet, package: Package) -> None:
    folder = dotnet.project("stress", NET10, package("Acme.Tiny") + package("Acme.Mixed"), "Stress.cs")
    dotnet(folder, "build", "-v", "q", "-c", "Release")
    lines = dotnet(folder, "run", "--no-build", "-c", "Release").splitlines()
    assert [line for line in lines if line.startswith("concurrency") and not line.endswith("wrong 0, missing 0")] == []
    assert [line for line in lines if not line.startswith("concurrency")] == [
        "full: TinyException",
        "canceled: TaskCanceledException",
        "canceled before: TaskCanceledException",
        "disposed: ObjectDisposedException",
        "delay ends: True",
        "full batch runs: True",
        "good row of a bad batch: MixedException",
        "bad row: MixedException",
        "after: 1",
        "disposed under load",
    ]


def test_old_and_strict_compilers_have_nothing_to_say(dotnet: Dotnet, package: Package) -> None:
    frameworks = "<TargetFrameworks>net10.0;net8.0;netstandard2.0;net48</TargetFrameworks>"
    public = "<TinyVisibility>public</TinyVisibility><MixedVisibility>public</MixedVisibility><ScalarVisibility>public</ScalarVisibility>"
    nullable = "<Nullable Condition=\"$(TargetFramework.Contains('.0')) and !$(TargetFramework.StartsWith('netstandard'))\">enable</Nullable>"
    reference = '<PackageReference Include="Microsoft.NETFramework.ReferenceAssemblies" Version="1.0.3" PrivateAssets="all" Condition="$(TargetFramework)==\'net48\'" />'
    items = "".join(map(package, ("Acme.Tiny", "Acme.Mixed", "Acme.Scalar"))) + HEALTH + reference
    folder = dotnet.project("strict", frameworks + public + STRICT + nullable, items)
    assert "warning" not in dotnet(folder, "build", "-v", "m", "--no-incremental")
    documented = (folder / "bin/Debug/net8.0/strict.xml").read_text()
    assert 'name="M:Microsoft.Extensions.DependencyInjection.TinyServiceCollectionExtensions.AddTiny' in documented


def test_a_mistyped_visibility_is_an_error(dotnet: Dotnet, package: Package) -> None:
    folder = dotnet.project(
        "mistyped", NET10 + "<TinyVisibility>publik</TinyVisibility>", package("Acme.Tiny"), "Small.cs"
    )
    with pytest.raises(AssertionError, match="TinyVisibility: expected internal or public, got publik"):
        dotnet(folder, "build", "-v", "q")


def test_a_missing_native_library_is_explained(dotnet: Dotnet, package: Package) -> None:
    folder = dotnet.project("native", NET10, package("Acme.Tiny"), "Small.cs")
    dotnet(folder, "build", "-v", "q")
    for library in (folder / "bin").rglob("libonnxruntime.so"):
        library.unlink()
    with pytest.raises(
        AssertionError, match=r"TinyException: Expected the native library of Microsoft\.ML\.OnnxRuntime"
    ):
        dotnet(folder, "run", "--no-build")


def test_services_and_health_checks(dotnet: Dotnet, package: Package) -> None:
    logging = '<PackageReference Include="Microsoft.Extensions.Logging" Version="10.0.15" />'
    items = package("Acme.Tiny") + package("Acme.Mixed") + HEALTH + INJECTION + logging
    folder = dotnet.project("services", NET10, items, "Services.cs")
    assert dotnet(folder, "run").splitlines() == [
        "singleton True",
        "options 1 7",
        "health tiny Healthy",
        "health mixed Healthy",
        "without its file: Unhealthy MixedException",
    ]


@pytest.mark.parametrize("visibility", ["internal", "public"])
def test_a_project_behind_a_library_can_use_the_client(visibility: str, dotnet: Dotnet, package: Package) -> None:
    library = dotnet.project(
        f"behind-{visibility}/library",
        f"<TargetFramework>net10.0</TargetFramework><TinyVisibility>{visibility}</TinyVisibility>",
        package("Acme.Tiny"),
    )
    app = dotnet.project(
        f"behind-{visibility}/app",
        NET10 + "<TreatWarningsAsErrors>true</TreatWarningsAsErrors>",
        '<ProjectReference Include="../library/library.csproj" />',
        "Small.cs",
    )
    assert dotnet(app, "run").strip().startswith("1.0.0 ")
    owner = library if visibility == "public" else app
    assert b"TinyBatcher" in (owner / f"bin/Debug/net10.0/{owner.name}.dll").read_bytes()
    assert (b"TinyBatcher" in (app / "bin/Debug/net10.0/app.dll").read_bytes()) == (visibility == "internal")


def test_another_version_of_the_package_replaces_the_model(dotnet: Dotnet, package: Package) -> None:
    for version in ("1.0.0", "2.0.0", "1.0.0"):
        folder = dotnet.project(
            "replace", NET10.replace("net10.0", "net8.0"), package("Acme.Tiny", version), "Small.cs"
        )
        assert dotnet(folder, "run").startswith(version)
        assert len(list((folder / "bin/Debug/net8.0").glob("*.onnx"))) == 1
        dotnet(folder, "publish", "-v", "q", "-o", "published")
        assert run([dotnet.sdk, "published/replace.dll"], folder).startswith(version)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["PublishAot", "PublishSingleFile"])
def test_it_publishes_for_a_runtime(how: str, dotnet: Dotnet, package: Package) -> None:
    properties = f"<{how}>true</{how}><RuntimeIdentifier>linux-x64</RuntimeIdentifier><SelfContained>true</SelfContained>{STRICT}"
    folder = dotnet.project(how, NET10 + properties, package("Acme.Tiny"), "Small.cs")
    dotnet(folder, "publish", "-v", "q", "-o", "published")
    assert run([str(Path("published") / how)], folder).startswith("1.0.0 ")
