"""Every C# block of README.md and of docs/ is compiled, in one program, with the client of a model such as digits; so are the README's of packages."""

from pathlib import Path

import pytest
from client import snapshots

import text_reader
from code_blocks import CodeBlock, pages, read_blocks
from csharp_blocks import GIVEN, IGNORED, write_files
from csharp_projects import make_contract, make_identity, run, tensor
from pipeline.core.parity_report import ParityReport
from pipeline.dotnet import sdk
from pipeline.dotnet.client.embedding import find_embedding
from pipeline.dotnet.client.generator import generate, generate_aspnetcore
from pipeline.dotnet.client.identity import Identity
from pipeline.dotnet.client.plain_sources import read_aspnetcore, read_client
from pipeline.dotnet.nuget import readme

LABELS = [str(digit) for digit in range(10)]
DIGITS = make_contract(
    "digits",
    [tensor("pixels", "float32", "batch", 64, minimum=0.0, maximum=16.0)],
    [
        tensor("label", "int64", "batch", labels=LABELS),
        tensor("probabilities", "float32", "batch", 10, labels=LABELS),
    ],
)
IDENTITY = make_identity("Digits", package_id="Digits", namespace="Torch2DotNet")
PACKAGES = {
    "Microsoft.Bcl.AsyncInterfaces": "10.0.15",
    "Microsoft.Extensions.AI": "10.11.0",
    "Microsoft.Extensions.Diagnostics.Testing": "10.11.0",
    "Microsoft.ML.OnnxRuntime": "1.31.1",
    "Moq": "4.21.0",
    "NSubstitute": "6.1.0",
    "OpenTelemetry.Extensions.Hosting": "1.20.1",
    "xunit.v3.extensibility.core": "4.0.2",
}
PROJECT = """<Project Sdk="Microsoft.NET.Sdk.Web">
  <PropertyGroup>
    <TargetFramework>net10.0</TargetFramework>
    <OutputType>Library</OutputType>
    <ImplicitUsings>enable</ImplicitUsings>
    <Nullable>enable</Nullable>
    <WarningsAsErrors>nullable</WarningsAsErrors>
    <RunAnalyzers>false</RunAnalyzers>
    <NoWarn>$(NoWarn);NU1603;{ignored}</NoWarn>
  </PropertyGroup>
  <ItemGroup>{items}</ItemGroup>
</Project>
"""
PAGE_BLOCKS = [block for path in pages() for block in read_blocks(path) if block.is_compiled]
VECTOR = tensor("vector", "float32", "batch", 2)
# Of a model of rows, one with text and a tokenizer, one with sizes that are passed, one without a batch axis, one from text to a vector.
READMES = {name: snapshots.list_contracts()[name] for name in ("tiny", "text_sum", "image", "whole")} | {
    "minilm": text_reader.make_text_contract().model_copy(update={"outputs": [VECTOR]})
}


def identify(name: str) -> Identity:
    """As the pages call it: minilm is theirs."""
    class_name = "".join(word.capitalize() for word in name.split("_"))
    names = {"namespace": "Torch2DotNet"} if name == "minilm" else {}
    return make_identity(class_name, **names, **{"vocabulary_file": "v.txt"} if READMES[name].tokenizer else {})


def read_readme_blocks(folder: Path) -> list[CodeBlock]:
    """The C# of each contract's README."""
    parity = ParityReport.model_construct(onnxruntime="1.31.1", task=None, comparisons=[], exempt={})
    blocks = []
    for name, contract in READMES.items():
        page = folder / f"README_{name}.md"
        page.write_text(readme.write(contract, identify(name), parity))
        blocks += [block for block in read_blocks(page) if block.is_compiled]
    return blocks


def write_program(folder: Path, blocks: list[CodeBlock], *others: str) -> None:
    """A project of the client of digits, of those of `others`, and of the blocks."""
    characters = text_reader.make_character_table().dump()
    clients = {IDENTITY: DIGITS, **{identify(name): READMES[name] for name in others}}
    sources = {"Given.cs": GIVEN}
    for identity, contract in clients.items():
        parts = (
            read_client(
                identity.namespace,
                identity.class_name,
                text=contract.tokenizer is not None,
                embeddings=find_embedding(contract) is not None,
            ),
            generate(contract, identity, characters),
            {
                **read_aspnetcore(identity.namespace, identity.class_name),
                **generate_aspnetcore(contract, identity),
            },
        )
        for part, texts in zip(("plain", "generated", "aspnetcore"), parts, strict=True):
            sources |= {f"{identity.class_name}/{part}/{name}": text for name, text in texts.items()}
    sources |= write_files(blocks)
    for name, text in sources.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    items = "".join(f'<PackageReference Include="{name}" Version="{version}" />' for name, version in PACKAGES.items())
    (folder / f"{folder.name}.csproj").write_text(PROJECT.format(items=items, ignored=IGNORED))


def test_every_page_for_csharp_developers_has_blocks():
    with_blocks = {block.page for block in PAGE_BLOCKS}
    assert {"README.md", "docs/index.md"} <= with_blocks
    assert {
        f"docs/dotnet/{name}.md" for name in ("start", "testing", "services", "telemetry", "onnxruntime")
    } <= with_blocks


def build(folder: Path) -> None:
    """Build it; where that fails, so does the test, with the compiler's messages."""
    dotnet = sdk.find()
    if dotnet is None:
        pytest.skip("needs the .NET SDK: there is none on PATH, in DOTNET_ROOT or in ~/.dotnet")
    run([str(dotnet), "build", "-v", "q"], folder)


def test_they_compile(tmp_path):
    write_program(tmp_path / "blocks", [*PAGE_BLOCKS, *read_readme_blocks(tmp_path)], *READMES)
    build(tmp_path / "blocks")


def test_a_call_that_the_client_does_not_have_is_refused_with_its_page_and_line(tmp_path):
    block = CodeBlock("docs/wrong.md", 7, 9, "csharp", "", "using Torch2DotNet;\nmodel.Answer(pixels);\n", "", "")
    write_program(tmp_path / "wrong", [block])
    with pytest.raises(AssertionError, match=r"docs/wrong\.md\(9,7\): error CS1061"):
        build(tmp_path / "wrong")
