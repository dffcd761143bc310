"""The same API is read from sources and from the assemblies that they become."""

import shutil
from pathlib import Path

import pytest

from csharp_projects import PROGRAMS, run
from pipeline.core.errors import PipelineError
from pipeline.dotnet import sdk
from pipeline.dotnet.api.client_api import SYMBOLS, check_api, list_api_of_assemblies, list_api_of_sources
from pipeline.dotnet.api.source_api import list_source_api

CSHARP = Path(__file__).resolve().parents[3] / "pipeline/dotnet/csharp"
CLIENT = [path for folder in ("client", "sample") for path in sorted((CSHARP / folder).rglob("*.cs"))]
DIFFICULT = PROGRAMS / "PublicApi.cs"
SOURCES = [path.read_text() for path in (*CLIENT, DIFFICULT)]


@pytest.fixture(scope="module")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The client of the sample and what is difficult, compiled for both frameworks; path in a package -> content."""
    dotnet = sdk.find()
    if dotnet is None:
        pytest.skip("needs the .NET SDK: `dotnet` is not on PATH")
    folder = tmp_path_factory.mktemp("api")
    project = (CSHARP / "client/client.csproj").read_text()
    project = project.replace("../sample/**/*.cs", f"{CSHARP}/sample/**/*.cs").replace(
        '<Compile Include="**/*.cs" Exclude="bin/**;obj/**" />',
        f'<Compile Include="{CSHARP}/client/**/*.cs" /><Compile Include="PublicApi.cs" />',
    )
    (folder / "client.csproj").write_text(project)
    (folder / "Directory.Build.props").write_text(
        "<Project><PropertyGroup><LangVersion>12</LangVersion><Nullable>enable</Nullable><NoWarn>$(NoWarn);NU1603</NoWarn>"
        "<RunAnalyzers>false</RunAnalyzers></PropertyGroup></Project>"
    )
    shutil.copy(DIFFICULT, folder)
    run([str(dotnet), "build", "-v", "q"], folder)
    return {
        f"lib/{framework}/M.dll": (folder / f"bin/Debug/{framework}/TheModel.dll").read_bytes() for framework in SYMBOLS
    }


def test_sources_and_assemblies_have_one_api(assemblies):
    assert list_api_of_assemblies(assemblies) == list_api_of_sources(SOURCES)


def test_a_member_of_one_framework_is_marked(assemblies):
    lines = list_api_of_assemblies(assemblies)
    assert "Acme.Point.X { get; } -> int [net8.0]" in lines
    assert "Acme.Older.Value -> int [netstandard2.0]" in lines


def test_the_part_for_aspnetcore_is_marked():
    lines = list_api_of_sources(["namespace A; public interface IA { }"], ["namespace A; public class B : IA { }"])
    assert lines == ("A.B -> class : IA [ASP.NET Core]", "A.B.B() [ASP.NET Core]", "A.IA -> interface")


@pytest.mark.parametrize(
    "line",
    [
        "Acme.Colors.Green = 17",
        "Acme.IShape<TKey, TValue> -> interface : IDisposable",
        "Acme.IShape<TKey, TValue>.Find(TKey key, bool exact = true) -> TValue?",
        "Acme.Shape<T> -> abstract class : IDisposable, IFormattable, IShape<string, List<T?>>",
        "Acme.Shape<T>.Shape(string name) -> protected",
        "Acme.Shape<T>.Count { get; } -> int",
        "Acme.Shape<T>.Text -> const string",
        "Acme.Shape<T>.count -> protected int",
        "Acme.Circle.Dispose() -> sealed override void",
        "Acme.Circle.Take(ref int number, out string? text, in long value, Colors color = Colors.Green, float factor = 1.5, "
        'int? maybe = null, string? path = null, string label = "a, \\"b\\"", TimeSpan delay = default, '
        "CancellationToken cancellationToken = default, params string?[]? rest) -> Dictionary<string, float[]?>",
        "Acme.Circle.Convert<TIn, TOut>(Func<TIn, TOut?> convert, TIn value, int offset = -1) -> TOut",
        "Acme.Circle.Nested.Bytes { get; set; } -> ReadOnlyMemory<byte>",
        "Acme.ShapeExtensions.Draw(this Circle circle, long? width = 16) -> static void",
        "Acme.Defaults.Defaults()",
        "TheNamespace.TheModel.Load(string path, TheModelOptions? options = null) -> static TheModel",
    ],
)
def test_a_line_is_what_a_reviewer_reads(line):
    assert line in list_api_of_sources(SOURCES)


@pytest.mark.parametrize(
    "name", ["NotThere", "NotAMember", "NotVisible", "Hidden", "Deeper", "Invisible", "Raw", "_field"]
)
def test_what_no_consumer_sees_is_not_in_it(name):
    assert [line for line in list_api_of_sources(SOURCES) if name in line] == []


def test_an_api_that_its_sources_do_not_have_is_refused(assemblies):
    told = [line for line in list_api_of_assemblies(assemblies) if line != "Acme.Defaults.Defaults()"]
    with pytest.raises(PipelineError, match=r"got `Acme\.Defaults\.Defaults\(\)` in its assemblies alone"):
        check_api(told, assemblies)


def test_an_api_that_its_assemblies_do_not_have_is_refused(assemblies):
    with pytest.raises(PipelineError, match=r"got `A\.B` in its sources alone"):
        check_api([*list_api_of_assemblies(assemblies), "A.B"], assemblies)


def test_a_package_without_assemblies_has_nothing_to_check():
    assert check_api(["A.B"], {"client/A.cs": b"class A { }"}) is None


@pytest.mark.parametrize("content", [b"", b"MZ" + b"\0" * 200, b"\x7fELF" * 100])
def test_what_is_no_assembly(content):
    with pytest.raises(PipelineError, match=rf"expected a \.NET assembly, got {len(content)} bytes of something else"):
        list_api_of_assemblies({"lib/net8.0/M.dll": content})


def test_what_is_no_declaration():
    with pytest.raises(PipelineError, match=r"expected a type in the namespace A, got `int x ;`"):
        list_source_api(["namespace A; int x;"], set())


@pytest.mark.parametrize(
    ("condition", "is_seen"),
    [("NET", True), ("!NET", False), ("OTHER || (NET && !OTHER)", True), ("NET && OTHER", False), ("false", False)],
)
def test_conditions_of_the_preprocessor(condition, is_seen):
    text = f"namespace A;\n#if {condition} // why\npublic enum B {{ }}\n#else\npublic enum C {{ }}\n#endif\n"
    assert list_source_api([text], {"NET"}) == ({"A.B -> enum"} if is_seen else {"A.C -> enum"})
