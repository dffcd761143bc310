"""The client's files in a package, in both forms."""

import sys
from pathlib import Path

import pytest

from csharp_projects import TINY, make_identity
from pipeline.core.errors import PipelineError
from pipeline.dotnet.client import generator
from pipeline.dotnet.nuget import client_files
from pipeline.dotnet.nuget.client_files import write_client
from pipeline.dotnet.nuget.client_form import ClientForm
from pipeline.dotnet.nuget.csharp_compiler import CompileError
from pipeline.dotnet.nuget.ingredients import Ingredients
from pipeline.dotnet.nuget.reference_assemblies import ReferenceAssemblies

IDENTITY = make_identity("Tiny")
ASSEMBLY = ClientForm("assembly", ReferenceAssemblies(Path(sys.executable), Path(sys.executable), {}))
SOURCE = ClientForm("source")


@pytest.fixture(autouse=True)
def _generated(monkeypatch):
    """One generated file, in place of the client of a whole contract."""
    monkeypatch.setattr(generator, "generate", lambda *_: {"Tiny.g.cs": "class Tiny\n{\n    float[] pixels;\n}\n"})


def ingredients(form: ClientForm) -> Ingredients:
    return Ingredients(TINY, Path("model.onnx"), form.name, [], b"", "none")


def test_source_is_the_plain_client_and_the_generated_one_and_msbuild_compiles_them_all():
    files = write_client(ingredients(SOURCE), SOURCE, IDENTITY)
    assert {"client/Tiny.g.cs", "client/TinyOptions.cs", "client/running/Batcher.cs"} <= set(files)
    msbuild = files["buildTransitive/Acme.Tiny.targets"].decode()
    sources = [path for path in files if path.endswith(".cs")]
    assert [path for path in sources if f"../{path}" not in msbuild] == []
    assert any(path.startswith("aspnetcore/") for path in sources)


def test_assemblies_come_without_source(monkeypatch):
    monkeypatch.setattr(client_files, "compile_client", lambda *_: {"lib/net8.0/Acme.Tiny.dll": b"MZ"})
    files = write_client(ingredients(ASSEMBLY), ASSEMBLY, IDENTITY)
    assert set(files) == {
        "lib/net8.0/Acme.Tiny.dll",
        "build/Acme.Tiny.targets",
        "buildTransitive/Acme.Tiny.targets",
        "buildTransitive/Torch2DotNet.RuntimeChecks.targets",
    }


def test_what_does_not_compile_names_what_it_comes_from(monkeypatch):
    def fail(*_):
        raise CompileError("Acme.Tiny does not compile: Tiny.g.cs, line 3: CS1: m", "Tiny.g.cs", 3, 13)

    monkeypatch.setattr(client_files, "compile_client", fail)
    with pytest.raises(PipelineError, match=r'line 3: CS1: m; what stands there comes from the input "pixels"'):
        write_client(ingredients(ASSEMBLY), ASSEMBLY, IDENTITY)


def test_another_form_is_another_content(tmp_path):
    model = tmp_path / "model.onnx"
    model.write_bytes(b"")
    first, second = (
        Ingredients(TINY, model, form.name, [], b"", "none").describe_content(IDENTITY) for form in (ASSEMBLY, SOURCE)
    )
    assert {part for part, digest in first.parts.items() if digest != second.parts[part]} == {"client"}
