"""Which native library of onnxruntime a program gets, and what MSBuild says of it: programs with the runtimes that there are, built at once."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from sample_packages import pack_sample

from csharp_projects import NET10, Dotnet, run

ONNXRUNTIME = "Microsoft.ML.OnnxRuntime"
GPU = f"{ONNXRUNTIME}.Gpu.Linux"
PROGRAM = """using Microsoft.ML.OnnxRuntime;
using TheNamespace;

using TheModel model = TheModel.Load(new TheModelOptions { Provider = "CUDA, CPU" });
Console.WriteLine(OrtEnv.Instance().GetVersionString() + " " + model.Run([1f, 0f, 0f, 0f]).Label);
"""
REFUSED = f'<PackageReference Include="{ONNXRUNTIME}" Version="1.31.1" ExcludeAssets="all" />'


def reference(package: str, version: str, further: str = "") -> str:
    return f'<PackageReference Include="{package}" Version="{version}" {further}/>'


def platform(identifier: str) -> str:
    return f"<RuntimeIdentifier>{identifier}</RuntimeIdentifier><SelfContained>false</SelfContained><UseAppHost>false</UseAppHost>"


def versionless(items: str) -> str:
    """The references as central package management wants them."""
    return re.sub(r' Version="[^"]*"', "", items)


CPU = reference("TheModel", "1.0.0")
MANAGED = reference("TheModel", "2.0.0")
MANAGED_130 = reference("TheModel", "3.0.0")
LIBRARY = "<TargetFramework>net10.0</TargetFramework>"
CENTRAL_VERSIONS = f"""<Project>
  <PropertyGroup><ManagePackageVersionsCentrally>true</ManagePackageVersionsCentrally></PropertyGroup>
  <ItemGroup>
    <PackageVersion Include="TheModel" Version="1.0.0" />
    <PackageVersion Include="{GPU}" Version="1.31.0" />
    <PackageVersion Include="{ONNXRUNTIME}" Version="1.31.1" />
  </ItemGroup>
</Project>
"""
# Name -> properties, and what it references. Those that run have a program of the model.
PROJECTS = {
    "cpu": (NET10, CPU),
    "managed_and_cpu_1_30": (NET10, MANAGED_130 + reference(ONNXRUNTIME, "1.30.0")),
    "managed_and_cpu_1_31": (NET10, MANAGED_130 + reference(ONNXRUNTIME, "1.31.1")),
    "managed_and_gpu": (NET10, MANAGED_130 + reference(GPU, "1.31.0")),
    "patch_below": (NET10, MANAGED + reference(GPU, "1.31.0")),
    "native_too_old": (NET10, MANAGED + reference(ONNXRUNTIME, "1.30.0")),
    "below_the_bound": (NET10, CPU + reference(ONNXRUNTIME, "1.30.0", 'NoWarn="NU1605" ')),
    "below_the_bound_of_managed": (
        NET10,
        MANAGED + reference(ONNXRUNTIME, "1.30.0") + reference(f"{ONNXRUNTIME}.Managed", "1.30.0", 'NoWarn="NU1605" '),
    ),
    "two_natives": (NET10, CPU + reference(GPU, "1.31.0")),
    "two_natives_for_linux": (NET10 + platform("linux-x64"), CPU + reference(GPU, "1.31.0")),
    "centrally": (NET10, versionless(CPU + reference(GPU, "1.31.0"))),
    "cured_centrally": (NET10, versionless(CPU + reference(GPU, "1.31.0") + REFUSED)),
    "cured": (NET10, CPU + reference(GPU, "1.31.0") + REFUSED),
    "no_native": (NET10, MANAGED),
    "no_native_by_own_choice": (NET10, CPU + REFUSED),
    "no_native_in_a_test": (LIBRARY + "<IsTestProject>true</IsTestProject>", MANAGED),
    "no_native_in_a_library": (LIBRARY, MANAGED),
    "file_of_its_own": (NET10, MANAGED + '<None Include="libonnxruntime.so" CopyToOutputDirectory="Always" />'),
    "musl": (NET10 + platform("linux-musl-x64"), CPU),
    "other_platform": (NET10 + platform("linux-riscv64"), CPU),
    "other_platform_without_native": (NET10 + platform("linux-riscv64"), MANAGED),
    "suppressed": (NET10 + "<NoWarn>$(NoWarn);T2D0001</NoWarn>", MANAGED),
    "turned_off": (NET10 + "<Torch2DotNetChecks>false</Torch2DotNetChecks>", MANAGED),
    "warnings_as_errors": (NET10 + "<TreatWarningsAsErrors>true</TreatWarningsAsErrors>", MANAGED),
    "two_packages": (NET10, MANAGED + reference("Another", "1.0.0")),
}
RUNNING = (
    "cpu", "managed_and_cpu_1_30", "managed_and_cpu_1_31", "managed_and_gpu", "patch_below", "below_the_bound",
    "below_the_bound_of_managed", "cured", "cured_centrally",
)  # fmt: skip


class Built(NamedTuple):
    """Where the projects lie, and what MSBuild warned of in each: codes and sentences."""

    root: Path
    warnings: dict[str, list[str]]

    def codes(self, project: str) -> list[str]:
        return [warning.partition(":")[0] for warning in self.warnings[project]]

    def run(self, project: str, sdk: str) -> str:
        return run([sdk, f"bin/Debug/net10.0/{project}.dll"], self.root / project).strip()


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory, sdk: str, sample_client: dict[str, bytes]) -> Dotnet:
    workshop = Dotnet(tmp_path_factory.mktemp("runtimes"), sdk)
    pack_sample(workshop.feed, sample_client)
    pack_sample(workshop.feed, sample_client, "managed", name="TheModel 2.0.0")
    pack_sample(workshop.feed, sample_client, "managed", "1.30.0", name="TheModel 3.0.0")
    pack_sample(workshop.feed, {}, "managed", name="Another 1.0.0")
    return workshop


@pytest.fixture(scope="module")
def built(workshop: Dotnet) -> Built:
    for name, (properties, items) in PROJECTS.items():
        folder = workshop.project(name, properties, items)
        if "<OutputType>Exe" in properties:
            (folder / "Program.cs").write_text(PROGRAM if name in RUNNING else "return;")
    (workshop.root / "file_of_its_own" / "libonnxruntime.so").write_bytes(b"")
    for name in ("centrally", "cured_centrally"):
        (workshop.root / name / "Directory.Packages.props").write_text(CENTRAL_VERSIONS)
    projects = "".join(f'<Project Path="{name}/{name}.csproj" />' for name in PROJECTS)
    (workshop.root / "all.slnx").write_text(f"<Solution>{projects}</Solution>")
    # What is printed when it has ended repeats the warnings.
    printed = workshop(workshop.root, "build", "all.slnx", "--nologo").partition("Build succeeded")[0]
    warnings: dict[str, list[str]] = {name: [] for name in PROJECTS}
    for warning, project in re.findall(r"warning ((?:T2D|MSB|CS|NETSDK)\d+: .*) \[.*/(\w+)\.csproj", printed):
        warnings[project].append(warning)
    return Built(workshop.root, warnings)


@pytest.mark.parametrize(
    ("project", "codes"),
    [
        ("cpu", []),
        ("managed_and_cpu_1_30", []),
        ("managed_and_cpu_1_31", []),
        ("managed_and_gpu", []),
        ("patch_below", []),
        ("below_the_bound", []),
        ("below_the_bound_of_managed", []),
        ("cured", []),
        ("cured_centrally", []),
        ("file_of_its_own", []),
        ("no_native_in_a_library", []),
        ("suppressed", []),
        ("turned_off", []),
        ("no_native", ["T2D0001"]),
        ("no_native_by_own_choice", ["T2D0001"]),
        ("no_native_in_a_test", ["T2D0001"]),
        ("other_platform_without_native", ["T2D0001"]),
        ("two_packages", ["T2D0001"]),
        ("warnings_as_errors", ["T2D0001"]),
        ("two_natives", ["T2D0002"]),
        ("two_natives_for_linux", ["T2D0002"]),
        ("centrally", ["T2D0002"]),
        ("native_too_old", ["T2D0003"]),
        ("musl", ["T2D0004"]),
        ("other_platform", ["T2D0005"]),
    ],
)
def test_what_is_warned_of(project: str, codes: list[str], built: Built) -> None:
    assert built.codes(project) == codes


@pytest.mark.parametrize(
    ("project", "version"),
    [
        ("cpu", "1.31.1"),
        ("managed_and_cpu_1_30", "1.30.0"),
        ("managed_and_cpu_1_31", "1.31.1"),
        ("managed_and_gpu", "1.31.0"),
        ("patch_below", "1.31.0"),
        ("below_the_bound", "1.30.0"),
        ("below_the_bound_of_managed", "1.30.0"),
        ("cured", "1.31.0"),
        ("cured_centrally", "1.31.0"),
    ],
)
def test_the_program_runs_on_the_native_library_that_it_chose(
    project: str, version: str, built: Built, sdk: str
) -> None:
    assert built.run(project, sdk) == f"{version} 0"


def test_the_cure_copies_the_other_packages_library(built: Built) -> None:
    folders = {
        name: built.root / name / "bin/Debug/net10.0/runtimes/linux-x64/native" for name in ("cured", "managed_and_gpu")
    }
    assert len({(folder / "libonnxruntime.so").stat().st_size for folder in folders.values()}) == 1


def test_without_the_cure_it_runs_on_the_processor(built: Built) -> None:
    """What the warning is for: the package of the GPU is there, and its library is not."""
    assert not (built.root / "two_natives/bin/Debug/net10.0/libonnxruntime.so").exists()
    native = "bin/Debug/net10.0/runtimes/linux-x64/native/libonnxruntime.so"
    sizes = [(built.root / name / native).stat().st_size for name in ("two_natives", "cpu")]
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize(
    ("project", "line"),
    [
        ("no_native", f'<PackageReference Include="{ONNXRUNTIME}" Version="1.31.1" /> in this project'),
        ("two_natives", f"{REFUSED} in this project"),
        ("centrally", f'<PackageReference Include="{ONNXRUNTIME}" ExcludeAssets="all" /> in this project'),
        ("centrally", f'<PackageVersion Include="{ONNXRUNTIME}" Version="1.31.1" /> in Directory.Packages.props'),
        ("native_too_old", f'<PackageReference Include="{ONNXRUNTIME}" Version="1.31.1" /> in this project'),
        ("musl", "<RuntimeIdentifier>linux-x64</RuntimeIdentifier> in this project"),
        ("other_platform", "<RuntimeIdentifier>linux-x64</RuntimeIdentifier>, in this project"),
    ],
)
def test_the_line_to_write(project: str, line: str, built: Built) -> None:
    assert line in built.warnings[project][0]


def test_two_natives_are_named_with_their_versions(built: Built) -> None:
    assert f"got {ONNXRUNTIME} 1.31.1 and {GPU} 1.31.0, whose" in built.warnings["two_natives"][0]


def test_a_warning_says_where_it_is_explained(built: Built) -> None:
    assert built.warnings["no_native"][0].endswith("(README of TheModel, Warnings)")


def test_a_warning_becomes_an_error_by_its_code(workshop: Dotnet) -> None:
    folder = workshop.project("asked_for", NET10 + "<WarningsAsErrors>T2D0001</WarningsAsErrors>", MANAGED)
    (folder / "Program.cs").write_text("return;")
    with pytest.raises(AssertionError, match="error T2D0001: Expected a package with onnxruntime's native library"):
        workshop(folder, "build")
