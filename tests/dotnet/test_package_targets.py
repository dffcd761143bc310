"""The package's MSBuild files in real projects: as assemblies and as source, at first and at second hand, with packages.config."""

import zipfile
from pathlib import Path

import pytest
from sample_packages import MODEL_FILE, identify_sample, pack_sample, pack_targets, read_sources

from csharp_projects import NET10, NET48_REFERENCE, Dotnet, run
from pipeline.dotnet.nuget.targets import describe_targets

REFERENCE = '<PackageReference Include="TheModel" Version="{}" />'
ASSEMBLIES, SOURCE = REFERENCE.format("1.0.0"), REFERENCE.format("2.0.0")
LIBRARY = "<TargetFramework>netstandard2.0</TargetFramework>"
WEB = '<FrameworkReference Include="Microsoft.AspNetCore.App" />'
RUN = """using System;
using System.Linq;
using System.Reflection;
using TheNamespace;

using TheModel model = TheModel.Load();
Assembly assembly = typeof(TheModel).Assembly;
Console.WriteLine(string.Join(' ', assembly.GetManifestResourceNames().Prepend(assembly.GetName().Name)));
Console.WriteLine(model.Run([1f, 0f, 0f, 0f]).Label);
"""
HANDLE = "System.Console.WriteLine(new TheNamespace.TheModelExceptionHandler().GetType().Assembly.GetName().Name);"
# IAsyncDisposable of netstandard2.0 is another assembly's than that of the program.
DISPOSAL = """public static class Disposal
{
    public static System.Threading.Tasks.ValueTask Dispose(TheNamespace.TheModel model)
    {
        System.IAsyncDisposable disposable = model;
        return disposable.DisposeAsync();
    }
}
"""
DISPOSE = RUN.replace("using TheModel model", "TheModel model") + "await Disposal.Dispose(model);"
NOTHING = "return;"
# Name -> properties, what it references, its program; a library has none.
PROJECTS = {
    "source": (NET10, SOURCE, RUN),
    "source_library": (LIBRARY + "<LangVersion>12</LangVersion>", SOURCE, ""),
    "source_second_hand": (NET10, '<ProjectReference Include="../source_library/source_library.csproj" />', RUN),
    "source_left_out": (NET10 + "<TheModelClient>false</TheModelClient>", SOURCE, NOTHING),
    "source_web": (NET10, SOURCE + WEB, HANDLE),
    "assembly": (NET10, ASSEMBLIES, RUN),
    "assembly_library": (LIBRARY, ASSEMBLIES, ""),
    "assembly_second_hand": (
        NET10,
        '<ProjectReference Include="../assembly_library/assembly_library.csproj" />',
        DISPOSE,
    ),
    "assembly_web": (NET10, '<ProjectReference Include="../assembly_library/assembly_library.csproj" />' + WEB, HANDLE),
}
OLD_PROJECT = """<Project xmlns="http://schemas.microsoft.com/developer/msbuild/2003">
  <Import Project="$(MSBuildExtensionsPath)/$(MSBuildToolsVersion)/Microsoft.Common.props" />
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <OutputPath>bin/</OutputPath>
    <TargetFrameworkVersion>v4.8</TargetFrameworkVersion>
    <TargetFrameworkRootPath>{frameworks}</TargetFrameworkRootPath>
  </PropertyGroup>
  <ItemGroup>
    <Compile Include="Program.cs" />
    <Reference Include="{package}/lib/netstandard2.0/TheModel.dll" />
  </ItemGroup>
  <Import Project="$(MSBuildToolsPath)/Microsoft.CSharp.targets" />
  <Import Project="{package}/build/TheModel.targets" />
</Project>
"""


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory, sdk: str, sample_client: dict[str, bytes]) -> Dotnet:
    workshop = Dotnet(tmp_path_factory.mktemp("targets"), sdk)
    pack_sample(workshop.feed, sample_client)
    client, aspnetcore = read_sources("client"), read_sources("aspnetcore")
    names = [tuple(path.partition("/")[2] for path in files) for files in (client, aspnetcore)]
    targets = describe_targets(identify_sample("TheModel", "2.0.0"), *names, ("golden.json", "rows.de.bin"))
    pack_targets(
        workshop.feed, targets, {**client, **aspnetcore, "golden/golden.json": b"[]", "golden/rows.de.bin": b"\0"}
    )
    return workshop


@pytest.fixture(scope="module")
def built(workshop: Dotnet) -> Path:
    """The folder of all projects, which are built."""
    for name, (properties, items, program) in PROJECTS.items():
        folder = workshop.project(name, properties + "<TreatWarningsAsErrors>true</TreatWarningsAsErrors>", items)
        if program:
            (folder / "Program.cs").write_text(program)
    (workshop.root / "assembly_library" / "Disposal.cs").write_text(DISPOSAL)
    projects = "".join(f'<Project Path="{name}/{name}.csproj" />' for name in PROJECTS)
    (workshop.root / "all.slnx").write_text(f"<Solution>{projects}</Solution>")
    workshop(workshop.root, "build", "all.slnx", "--nologo", "-v", "q")
    return workshop.root


def run_project(built: Path, name: str, sdk: str) -> list[str]:
    return run([sdk, f"bin/Debug/net10.0/{name}.dll"], built / name).split()


@pytest.mark.parametrize(
    ("project", "assembly"),
    [
        ("source", "source"),
        ("source_second_hand", "source_library"),
        ("source_web", "source_web"),
        ("assembly", "TheModel"),
        ("assembly_second_hand", "TheModel"),
        ("assembly_web", "TheModel.AspNetCore"),
    ],
)
def test_where_the_client_comes_from(project: str, assembly: str, built: Path, sdk: str) -> None:
    assert run_project(built, project, sdk)[0] == assembly


def test_golden_files_are_resources_of_what_compiles_the_client(built: Path, sdk: str) -> None:
    _, *resources, label = run_project(built, "source", sdk)
    assert (resources, label) == (["TheModel.golden/golden.json", "TheModel.golden/rows.de.bin"], "0")


@pytest.mark.parametrize("project", [name for name, (*_, program) in PROJECTS.items() if program])
def test_the_model_stands_beside_every_program(project: str, built: Path) -> None:
    assert [path.name for path in (built / project / "bin/Debug/net10.0").glob("*.onnx")] == [MODEL_FILE]


def test_a_client_that_is_left_out_is_not_compiled(built: Path) -> None:
    assert b"TheModelOptions" not in (built / "source_left_out/bin/Debug/net10.0/source_left_out.dll").read_bytes()


@pytest.mark.parametrize("project", ["assembly", "source"])
def test_a_console_program_never_sees_asp_net_core(project: str, built: Path) -> None:
    folder = built / project / "bin/Debug/net10.0"
    assert not (folder / "TheModel.AspNetCore.dll").exists()
    assert b"TheModelExceptionHandler" not in (folder / f"{project}.dll").read_bytes()


@pytest.mark.parametrize("language", ["", "<LangVersion>11.0</LangVersion>", "<LangVersion>ISO-2</LangVersion>"])
def test_a_language_that_is_too_old_is_one_sentence(language: str, workshop: Dotnet) -> None:
    folder = workshop.project("old_language", LIBRARY + language, SOURCE)
    with pytest.raises(
        AssertionError, match="error T2D0006: The source of TheModel expects C# 12 or later, got LangVersion"
    ) as caught:
        workshop(folder, "build", "-v", "q")
    assert "error CS" not in str(caught.value)


@pytest.fixture(scope="module")
def frameworks(workshop: Dotnet) -> Path:
    """Where the reference assemblies of .NET Framework lie."""
    folder = workshop.project("frameworks", "<TargetFramework>net48</TargetFramework>", NET48_REFERENCE)
    workshop(folder, "restore")
    return next(workshop.root.glob("packages/microsoft.netframework.referenceassemblies.net48/*/build"))


def make_old_project(workshop: Dotnet, frameworks: Path, version: str) -> Path:
    """A project as Visual Studio writes it for packages.config."""
    folder = workshop.root / f"packages_config_{version}"
    folder.mkdir()
    with zipfile.ZipFile(workshop.feed / f"TheModel.{version}.nupkg") as archive:
        archive.extractall(folder / "package")
    (folder / "Program.cs").write_text("internal static class Program { private static void Main() { } }")
    (folder / "old.csproj").write_text(OLD_PROJECT.format(frameworks=frameworks, package=folder / "package"))
    return folder


def test_packages_config_reads_the_folder_build(workshop: Dotnet, frameworks: Path) -> None:
    folder = make_old_project(workshop, frameworks, "1.0.0")
    workshop(folder, "msbuild", "old.csproj", "-v:q")
    assert [path.name for path in (folder / "bin").glob("*.onnx")] == [MODEL_FILE]


def test_packages_config_compiles_the_source(workshop: Dotnet, frameworks: Path) -> None:
    folder = make_old_project(workshop, frameworks, "2.0.0")
    with pytest.raises(
        AssertionError, match=r"error T2D0006: The source of TheModel expects C# 12 or later, got LangVersion 7\.3"
    ):
        workshop(folder, "msbuild", "old.csproj", "-v:q")
