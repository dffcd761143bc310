"""The client of a model from text to a vector, plain half and generated half, compiled and run."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import text_reader
from csharp_projects import NET10, Dotnet, make_identity, make_model, tensor
from pipeline.core.contract import Contract
from pipeline.dotnet.client import generator, plain_sources
from pipeline.dotnet.client.embedding import list_packages
from pipeline.dotnet.nuget.dependency_groups import group_dependencies

# Its vector has the sum of the token ids, and their number.
VECTOR = tensor("vector", "float32", "batch", 2)
CONTRACT: Contract = text_reader.make_text_contract().model_copy(update={"outputs": [VECTOR]})
TEXTS = ["The nurses!", "", "x", "the " * 12]


def make_vector_model() -> bytes:
    nodes = [
        helper.make_node("Add", ["input_ids", "token_type_ids"], ["typed"]),
        helper.make_node("ReduceSum", ["typed", "one"], ["sum"], keepdims=1),
        helper.make_node("ReduceSum", ["attention_mask", "one"], ["count"], keepdims=1),
        helper.make_node("Concat", ["sum", "count"], ["both"], axis=1),
        helper.make_node("Cast", ["both"], ["vector"], to=TensorProto.FLOAT),
    ]
    return make_model(nodes, CONTRACT, [numpy_helper.from_array(np.array([1]), "one")])


def write_client(folder: Path) -> None:
    """The sources, and the files that a package copies beside the program."""
    model = make_vector_model()
    identity = make_identity("TextSum", model=model, vocabulary_file="TextSum.vocab.txt")
    sources = {
        **plain_sources.read_client(identity.namespace, "TextSum", text=True, embeddings=True),
        **generator.generate(CONTRACT, identity, text_reader.make_character_table().dump()),
    }
    for name, text in sources.items():
        (folder / "client" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "client" / name).write_text(text)
    (folder / identity.model_file).write_bytes(model)
    (folder / identity.vocabulary_file).write_text(text_reader.VOCABULARY)


def format_references(packages: Mapping[str, str]) -> str:
    return "".join(f'<PackageReference Include="{name}" Version="{version}" />' for name, version in packages.items())


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Dotnet:
    sdk = shutil.which("dotnet")
    if not sdk:
        pytest.skip("needs the .NET SDK: `dotnet` is not on PATH")
    return Dotnet(tmp_path_factory.mktemp("embeddings"), sdk)


@pytest.fixture(scope="module")
def lines(machine: Dotnet) -> dict[str, str]:
    """What the program prints, by the first words of a line."""
    # ASP.NET Core has dependency injection and logging.
    packages = {"Microsoft.ML.OnnxRuntime": "1.31.1", **list_packages(CONTRACT), "Microsoft.Extensions.AI": "10.11.0"}
    items = '<FrameworkReference Include="Microsoft.AspNetCore.App" />' + format_references(packages)
    copied = '<None Include="*.onnx;*.txt" CopyToOutputDirectory="PreserveNewest" />'
    folder = machine.project("vectors", NET10, items + copied, "Vectors.cs")
    write_client(folder)
    printed = machine(folder, "run", "-c", "Release").splitlines()
    names = ("alone", "dimensions", "one at a time", "its model", "run", "registered", "keyed", "cached")
    return {name: line.removeprefix(name).strip() for name in names for line in printed if line.startswith(name)}


def expected() -> str:
    tokens = [text_reader.make_python_tokenizer().tokenize(text) for text in TEXTS]
    return " ".join([*(f"{sum(row)},{len(row)}" for row in tokens), str(sum(map(len, tokens)))])


@pytest.mark.parametrize("how", ["alone", "one at a time", "registered", "keyed"])
def test_vectors_are_the_model_s(how: str, lines: dict[str, str]) -> None:
    assert lines[how] == expected()


def test_it_knows_its_model(lines: dict[str, str]) -> None:
    assert (lines["its model"], lines["dimensions"]) == ("True", "2")
    assert lines["run"].replace(" ", ",") == expected().partition(" ")[0]


def test_a_pipeline_around_it_is_what_the_container_gives(lines: dict[str, str]) -> None:
    assert lines["cached"] == expected().partition(" ")[0]


def test_it_compiles_for_net_standard(machine: Dotnet) -> None:
    properties = "<TargetFramework>netstandard2.0</TargetFramework><LangVersion>12</LangVersion><TreatWarningsAsErrors>true</TreatWarningsAsErrors>"
    (group, _) = group_dependencies("cpu", "1.31.1", list_packages(CONTRACT))
    folder = machine.project("standard-vectors", properties, format_references(group.packages))
    write_client(folder)
    machine(folder, "build", "-v", "q")
