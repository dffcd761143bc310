"""The same API is read from sources and from the assemblies that they become."""

from functools import cache

import pytest
from client import snapshots
from sample_client import write_sources

import text_reader
from csharp_projects import PROGRAMS, make_identity
from pipeline.core.errors import PipelineError
from pipeline.dotnet.api.client_api import check_api, list_api_of_assemblies, list_api_of_sources
from pipeline.dotnet.api.source_api import list_source_api
from pipeline.dotnet.client.generator import generate
from pipeline.dotnet.client.plain_sources import read_client
from pipeline.dotnet.nuget.assemblies import ClientSources, compile_client
from pipeline.dotnet.nuget.reference_assemblies import ReferenceAssemblies

SAMPLE = write_sources("Acme.Models", "Sample")


def write_all_sources() -> ClientSources:
    """The sample's client, those of three other kinds, and what is difficult, as one client."""
    texts = {**SAMPLE.client, "PublicApi.cs": (PROGRAMS / "PublicApi.cs").read_text()}
    characters = text_reader.make_character_table().dump()
    contracts = snapshots.list_contracts()
    # Sizes that are passed, text with a tokenizer, no rows; the sample's has rows of one size.
    for name in ("image", "text_sum", "whole"):
        contract = contracts[name]
        class_name = "".join(word.capitalize() for word in name.split("_"))
        identity = make_identity(class_name, **{"vocabulary_file": "v.txt"} if contract.tokenizer else {})
        plain = read_client(identity.namespace, class_name, text=contract.tokenizer is not None)
        own = {**plain, **generate(contract, identity, characters)}
        texts |= {f"{name}/{file}": text for file, text in own.items()}
    return ClientSources(texts, SAMPLE.aspnetcore, {}, SAMPLE.internal_namespace)


SOURCES = write_all_sources()


@pytest.fixture(scope="module")
def assemblies(references: ReferenceAssemblies) -> dict[str, bytes]:
    return compile_client(SOURCES, "Acme.Sample", "1.0.0", references)


@cache
def read_sources() -> tuple[str, ...]:
    return list_api_of_sources(SOURCES.client.values(), SOURCES.aspnetcore.values())


def test_sources_and_assemblies_have_one_api(assemblies):
    assert list_api_of_assemblies(assemblies) == read_sources()


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
        "Acme.Models.Sample.Load(string path, SampleOptions? options = null) -> static Sample",
    ],
)
def test_a_line_is_what_a_reviewer_reads(line):
    assert line in read_sources()


@pytest.mark.parametrize(
    "name", ["NotThere", "NotAMember", "NotVisible", "Hidden", "Deeper", "Invisible", "Raw", "_field"]
)
def test_what_no_consumer_sees_is_not_in_it(name):
    assert [line for line in read_sources() if name in line] == []


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
