"""Every kind of project that uses a package with assemblies, built at once; each program replays the golden calls of the package."""

from pathlib import Path
from typing import NamedTuple

import pytest
from golden_packages import INTERNAL, MODEL, REFERENCE, RENAMED, expect_line, make_calls, pack_of_another_project

from csharp_projects import NET10, NET48_REFERENCE, OLD_AND_NEW, PROGRAMS, STRICT, TINY, Cargo, Dotnet, run

LIBRARY = """namespace Library;

using Acme.Models;

public static class Prover
{
    public static string Prove(ITiny model, params float[] pixels)
    {
        TinySelfTestResult result = ((Tiny)model).SelfTest();
        return (result.Passed ? "passed " : "failed ") + result.Calls + " " + result.Diagnostics.Provider + " " + model.Run(pixels).Label;
    }
}
"""
BEHIND = """using Acme.Models;

using Tiny model = Tiny.Load();
Console.WriteLine(Library.Prover.Prove(model, 1, 2, 3, 4));
"""
BASIC = """Imports Acme.Models

Module Program
    Sub Main()
        Using model = Tiny.Load()
            Dim result = model.SelfTest()
            Dim answer = model.Run(New Single() {1, 2, 3, 4})
            System.Console.WriteLine(If(result.Passed, "passed", "failed") & $" {result.Calls} {result.Diagnostics.Provider} {answer.Label}")
        End Using
    End Sub
End Module
"""
UNDER_TEST = """namespace Product;

using Acme.Models;

internal static class Reader
{
    internal static long Read(ITiny model, float[] pixels) => model.Run(pixels).Label;
}
"""
TEST = """using Acme.Models;

using Tiny model = Tiny.Load();
TinySelfTestResult result = model.SelfTest();
Console.WriteLine($"{(result.Passed ? "passed" : "failed")} {result.Calls} {result.Diagnostics.Provider} {Product.Reader.Read(model, [1f, 2f, 3f, 4f])}");
"""
# What strict analysers look at: nullability, disposal, asynchronous calls and exceptions, through the client's public types.
ANALYSED = """using System.Globalization;
using System.Runtime.CompilerServices;
using Acme.Models;
using Microsoft.Extensions.DependencyInjection;

var services = new ServiceCollection();
services.AddTiny(options => options.ValidateInputs = true);
ServiceProvider provider = services.BuildServiceProvider();
await using ConfiguredAsyncDisposable disposal = provider.ConfigureAwait(false);
ITiny model = provider.GetRequiredService<ITiny>();
float[] pixels = [1f, 2f, 3f, 4f];
TinyOutput answer = await model.RunAsync(pixels, CancellationToken.None).ConfigureAwait(false);
TinySelfTestResult result = provider.GetRequiredService<Tiny>().SelfTest();
string state = result.Passed ? "passed" : "failed";
string label = answer.Label.ToString(CultureInfo.InvariantCulture);
await Console.Out.WriteLineAsync($"{state} {result.Calls.ToString(CultureInfo.InvariantCulture)} {result.Diagnostics.Provider} {label}").ConfigureAwait(false);
"""
TWO = """using Acme.Models;
using Microsoft.Extensions.DependencyInjection;

var services = new ServiceCollection();
services.AddTiny().AddOther();
await using ServiceProvider provider = services.BuildServiceProvider();
TinySelfTestResult tiny = provider.GetRequiredService<Tiny>().SelfTest();
OtherSelfTestResult other = provider.GetRequiredService<Other>().SelfTest();
long[] labels = [(await provider.GetRequiredService<ITiny>().RunAsync([1f, 2f, 3f, 4f])).Label, (await provider.GetRequiredService<IOther>().RunAsync([1f, 2f, 3f, 4f])).Label];
string state = tiny.Passed && other.Passed && labels[0] == labels[1] ? "passed" : "failed";
Console.WriteLine($"{state} {tiny.Calls} {other.Diagnostics.Provider} {labels[1]}");
"""
WEB = """using Acme.Models;

System.Reflection.Assembly handler = typeof(TinyExceptionHandler).Assembly;
using Tiny model = Tiny.Load();
TinySelfTestResult result = model.SelfTest();
string state = result.Passed && handler == typeof(Tiny).Assembly ? "passed" : "failed";
Console.WriteLine($"{state} {result.Calls} {result.Diagnostics.Provider} {model.Run([1f, 2f, 3f, 4f]).Label}");
"""
SELF_TEST = (PROGRAMS / "SelfTest.cs").read_text()
CENTRAL_VERSIONS = """<Project>
  <PropertyGroup><ManagePackageVersionsCentrally>true</ManagePackageVersionsCentrally></PropertyGroup>
  <ItemGroup><PackageVersion Include="Acme.Tiny" Version="1.0.0" /></ItemGroup>
</Project>
"""
CONTAINER = '<PackageReference Include="Microsoft.Extensions.DependencyInjection" Version="10.0.15" />'
ANALYSER = '<PackageReference Include="Meziantou.Analyzer" Version="3.0.321" PrivateAssets="all" />'
OTHER = '<PackageReference Include="Acme.Other" Version="1.0.0" />'
ASP_NET_CORE = '<FrameworkReference Include="Microsoft.AspNetCore.App" />'
PACKED = "<PackageId>Acme.{0}</PackageId><Version>1.0.0</Version><GeneratePackageOnBuild>true</GeneratePackageOnBuild><PackageOutputPath>../feed</PackageOutputPath>"
SPACED = "ein Ordner für Grüße"


class Project(NamedTuple):
    properties: str
    items: str
    source: str
    file: str = "Program.cs"


PROJECTS = {
    "program": Project(NET10, REFERENCE, SELF_TEST),
    "basic": Project("<OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework>", REFERENCE, BASIC, "Program.vb"),
    "library": Project(
        f"<TargetFramework>netstandard2.0</TargetFramework><LangVersion>12</LangVersion>{PACKED.format('Library')}",
        REFERENCE,
        LIBRARY,
    ),
    "behind_library": Project(NET10, '<ProjectReference Include="../library/library.csproj" />', BEHIND),
    "central": Project(NET10, REFERENCE.replace(' Version="1.0.0"', ""), SELF_TEST),
    "locked": Project(f"{NET10}<RestorePackagesWithLockFile>true</RestorePackagesWithLockFile>", REFERENCE, SELF_TEST),
    SPACED: Project(NET10, REFERENCE, SELF_TEST),
    "analysed": Project(NET10 + STRICT, REFERENCE + CONTAINER + ANALYSER, ANALYSED),
    "product": Project(
        "<TargetFramework>net10.0</TargetFramework>", f'{REFERENCE}<InternalsVisibleTo Include="product_tests" />', UNDER_TEST
    ),
    "product_tests": Project(
        NET10 + "<IsTestProject>true</IsTestProject>",
        f'{REFERENCE}<ProjectReference Include="../product/product.csproj" />',
        TEST,
    ),
    "two_clients": Project(NET10, REFERENCE + OTHER + CONTAINER, TWO),
    "tool": Project(
        f"{NET10}<PackAsTool>true</PackAsTool><ToolCommandName>prove-tiny</ToolCommandName>{PACKED.format('Tool')}",
        REFERENCE,
        SELF_TEST,
    ),
    "frameworks": Project(OLD_AND_NEW + STRICT, REFERENCE + NET48_REFERENCE, UNDER_TEST),
}  # fmt: skip
RUNNING = [name for name in PROJECTS if name not in ("library", "product", "tool", "frameworks")]


def make_project(workshop: Dotnet, name: str, project: Project) -> Path:
    folder = workshop.project(name, project.properties, project.items)
    (folder / project.file).write_text(project.source)
    file = folder / f"{name}.csproj"
    return file.rename(file.with_suffix(".vbproj")) if project.file.endswith("vb") else file


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory, sdk: str) -> Dotnet:
    workshop = Dotnet(tmp_path_factory.mktemp("consumers"), sdk)
    workshop.pack(TINY, MODEL, "Tiny", cargo=Cargo(calls=make_calls()))
    pack_of_another_project(workshop, tmp_path_factory.mktemp("other") / "csharp")
    return workshop


@pytest.fixture(scope="module")
def built(workshop: Dotnet, sdk: str) -> Path:
    """The folder of all projects, which are built without a warning."""
    files = [make_project(workshop, name, project) for name, project in PROJECTS.items()]
    (workshop.root / "central/Directory.Packages.props").write_text(CENTRAL_VERSIONS)
    source = Dotnet(workshop.root / "source", sdk, "source")
    source.pack(TINY, MODEL, "Tiny", cargo=Cargo(calls=make_calls()))
    files.append(make_project(source, "compiled", Project(NET10, REFERENCE + ASP_NET_CORE, WEB)))
    projects = "".join(f'<Project Path="{file.relative_to(workshop.root)}" />' for file in files)
    (workshop.root / "all.slnx").write_text(f"<Solution>{projects}</Solution>")
    printed = workshop(workshop.root, "build", "all.slnx", "--nologo")
    assert "0 Warning(s)" in printed, printed
    return workshop.root


def run_project(built: Path, sdk: str, project: str) -> str:
    return run([sdk, f"bin/Debug/net10.0/{Path(project).name}.dll"], built / project).strip()


@pytest.mark.parametrize("project", [*RUNNING, "source/compiled"])
def test_a_program_proves_its_model(project: str, built: Path, sdk: str) -> None:
    assert run_project(built, sdk, project) == expect_line()


@pytest.mark.parametrize("project", RUNNING)
def test_a_console_program_has_no_part_for_asp_net_core(project: str, built: Path) -> None:
    names = {path.name for path in (built / project / "bin/Debug/net10.0").glob("Acme.*.dll")}
    assert names == {"Acme.Tiny.dll", "Acme.Other.dll"} if project == "two_clients" else names == {"Acme.Tiny.dll"}


def test_clients_of_two_versions_of_this_project_differ_within(built: Path) -> None:
    folder = built / "two_clients/bin/Debug/net10.0"
    contents = [(folder / f"Acme.{name}.dll").read_bytes() for name in ("Tiny", "Other")]
    assert [[word.encode() in content for word in (INTERNAL, RENAMED)] for content in contents] == [
        [True, False],
        [False, True],
    ]


def test_a_locked_restore_finds_what_was_locked(workshop: Dotnet, built: Path) -> None:
    assert '"Acme.Tiny"' in (built / "locked/packages.lock.json").read_text()
    workshop(built / "locked", "restore", "--locked-mode", "--force")


def test_a_packed_library_brings_client_and_model(workshop: Dotnet, built: Path, sdk: str) -> None:
    folder = workshop.project("behind_package", NET10, '<PackageReference Include="Acme.Library" Version="1.0.0" />')
    (folder / "Program.cs").write_text(BEHIND)
    assert "0 Warning(s)" in workshop(folder, "build", "--nologo")
    assert run_project(built, sdk, "behind_package") == expect_line()


def test_a_tool_has_its_model(workshop: Dotnet, built: Path) -> None:
    folder = built / "tools"
    install = ("tool", "install", "Acme.Tool", "--tool-path", str(folder), "--source", str(workshop.feed))
    workshop(built, *install)
    assert run([str(folder / "prove-tiny")], built).strip() == expect_line()


def test_a_program_of_one_file_has_its_model(workshop: Dotnet, built: Path) -> None:
    properties = {
        "RestoreAdditionalProjectSources": workshop.feed,
        "RestorePackagesPath": workshop.root / "packages",
        "ArtifactsPath": workshop.root / "one_file",
        "PublishAot": "false",
    }
    lines = ["#:package Acme.Tiny@1.0.0", *(f"#:property {name}={value}" for name, value in properties.items())]
    (built / "prove.cs").write_text("\n".join(lines) + "\n" + SELF_TEST)
    assert workshop(built, "run", "prove.cs").strip() == expect_line()
