"""The sample's client, compiled by the real compiler of the SDK."""

import re
import zlib
from dataclasses import replace
from uuid import UUID

import pytest
from sample_client import write_sources

from pipeline.dotnet.nuget.assemblies import compile_client, write_attributes
from pipeline.dotnet.nuget.csharp_compiler import CompileError
from pipeline.dotnet.nuget.reference_assemblies import ReferenceAssemblies

SOURCES = write_sources()
# The mark before the compressed symbols, and the kind of what holds a source in them (the portable PDB format v1.0).
EMBEDDED_PDB = b"MPDB"
EMBEDDED_SOURCE = UUID("0E8A571B-6926-466E-B4AD-8AB04611F5FE").bytes_le


@pytest.fixture(scope="module")
def files(references: ReferenceAssemblies) -> dict[str, bytes]:
    return compile_client(SOURCES, "Acme.Sample", "2.1.3-g123abc", references)


def test_two_frameworks_and_asp_net_core_have_an_assembly_and_its_documentation(files):
    assert list(files) == [
        "aspnetcore/net8.0/Acme.Sample.AspNetCore.dll",
        "aspnetcore/net8.0/Acme.Sample.AspNetCore.xml",
        "lib/net8.0/Acme.Sample.dll",
        "lib/net8.0/Acme.Sample.xml",
        "lib/netstandard2.0/Acme.Sample.dll",
        "lib/netstandard2.0/Acme.Sample.xml",
    ]


def test_the_same_sources_give_the_same_bytes_in_another_folder(files, references):
    """Each time the folder is a new one."""
    assert compile_client(SOURCES, "Acme.Sample", "2.1.3-g123abc", references) == files


def test_a_resource_is_in_the_assemblies_of_the_client_alone(files):
    carriers = [path for path, content in files.items() if b"Sample.golden/golden.json" in content]
    assert carriers == ["lib/net8.0/Acme.Sample.dll", "lib/netstandard2.0/Acme.Sample.dll"]


def test_debug_information_and_sources_are_in_the_assembly_under_names_of_no_machine(files):
    content = files["lib/net8.0/Acme.Sample.dll"]
    place = content.index(EMBEDDED_PDB)
    symbols = zlib.decompressobj(-zlib.MAX_WBITS).decompress(content[place + 8 :])
    assert b"Batcher.cs" in symbols
    assert EMBEDDED_SOURCE in symbols
    assert b"torch2dotnet-client-" not in symbols


@pytest.mark.parametrize("framework", ["net8.0", "netstandard2.0"])
def test_every_public_member_is_documented(files, framework):
    """What is not is an error of the compiler (CS1591): only the names have to be looked at. Of internal types there is none."""
    names = set(re.findall(r'member name="([^"]+)"', files[f"lib/{framework}/Acme.Sample.xml"].decode()))
    assert {
        "T:Acme.Models.Sample",
        "P:Acme.Models.SampleOutput.Label",
        "M:Acme.Models.ISample.Run(System.Single[])",
    } <= names
    assert not [name for name in names if "Acme.Models.SampleEngine." in name.partition("(")[0]]


def test_the_version_by_which_programs_bind_has_the_major_part_alone():
    text = write_attributes("Acme.Sample", "2.1.3-g123abc", "net8.0")
    assert 'AssemblyVersion("2.0.0.0")' in text
    assert 'AssemblyFileVersion("2.1.3.0")' in text
    assert 'AssemblyInformationalVersion("2.1.3-g123abc")' in text


def test_a_number_that_no_assembly_can_have_is_cut():
    assert 'AssemblyFileVersion("1.65534.0.0")' in write_attributes("Acme.Sample", "1.20260101.0", "net8.0")


def test_only_net_8_says_that_it_can_be_trimmed():
    said = [
        framework
        for framework in ("netstandard2.0", "net8.0")
        if "IsTrimmable" in write_attributes("A", "1.0.0", framework)
    ]
    assert said == ["net8.0"]


def test_what_the_compiler_warns_of_is_an_error_with_its_place(references):
    """A public member without documentation, for instance."""
    text = "/// <summary>A.</summary>\npublic class Broken { public void Undocumented() { } }"
    broken = replace(SOURCES, client={**SOURCES.client, "Broken.cs": text}, aspnetcore={})
    with pytest.raises(CompileError, match=r"^Acme\.Sample does not compile: Broken\.cs, line 2: CS1591: "):
        compile_client(broken, "Acme.Sample", "1.0.0", references)
