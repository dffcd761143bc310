"""Programs that reference a package with assemblies: C# and Visual Basic, and a C# one that has it through a library for netstandard2.0."""

from pathlib import Path

import pytest
from sample_client import pack_assemblies

from csharp_projects import NET10, Dotnet, run
from pipeline.dotnet.nuget.reference_assemblies import ReferenceAssemblies

SAMPLE = '<PackageReference Include="Acme.Sample" Version="1.0.0" />'
LIBRARY = """namespace Library;

using Acme.Models;

public static class Classifier
{
    public static string Classify(ISample model, params float[] features) => model.Run(features).LabelName;
}
"""
CSHARP = """using Acme.Models;

using var model = Sample.Load();
Console.WriteLine(Library.Classifier.Classify(model, 1, 0, 0, 0) + " " + typeof(Sample).Assembly.GetName().Version);
"""
VISUAL_BASIC = """Imports Acme.Models

Module Program
    Sub Main()
        Using model = Sample.Load()
            Console.WriteLine(model.Run(New Single() {0, 0, 1, 0}).LabelName)
        End Using
    End Sub
End Module
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, sdk: str, references: ReferenceAssemblies) -> Path:
    """The folder of the projects, all built at once."""
    workshop = Dotnet(tmp_path_factory.mktemp("assemblies"), sdk)
    pack_assemblies(workshop.feed, references)
    library = workshop.project(
        "library", "<TargetFramework>netstandard2.0</TargetFramework><LangVersion>12</LangVersion>", SAMPLE
    )
    (library / "Classifier.cs").write_text(LIBRARY)
    csharp = workshop.project("csharp", NET10, '<ProjectReference Include="../library/library.csproj" />')
    (csharp / "Program.cs").write_text(CSHARP)
    basic = workshop.project("basic", "<OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework>", SAMPLE)
    (basic / "basic.csproj").rename(basic / "basic.vbproj")
    (basic / "Program.vb").write_text(VISUAL_BASIC)
    (workshop.root / "all.slnx").write_text(
        '<Solution><Project Path="csharp/csharp.csproj" /><Project Path="library/library.csproj" /><Project Path="basic/basic.vbproj" /></Solution>'
    )
    printed = workshop(workshop.root, "build", "all.slnx", "--nologo")
    assert "0 Warning(s)" in printed, printed
    return workshop.root


def answer(built: Path, sdk: str, project: str) -> str:
    return run([sdk, f"bin/Debug/net10.0/{project}.dll"], built / project).strip()


def test_a_program_has_the_client_and_the_model_through_a_library(built, sdk):
    assert answer(built, sdk, "csharp") == "none 1.0.0.0"


def test_visual_basic_has_the_client(built, sdk):
    assert answer(built, sdk, "basic") == "few"


def test_a_console_program_has_no_part_for_asp_net_core(built):
    assert [path.name for path in (built / "csharp/bin/Debug/net10.0").glob("Acme.*")] == ["Acme.Sample.dll"]
