"""Which models turn a text into a vector, and what is generated for them."""

import pytest

import text_reader
from csharp_projects import make_identity, tensor
from pipeline.core.contract import Contract, TensorSpec
from pipeline.dotnet.client.embedding import find_embedding, list_packages
from pipeline.dotnet.client.generator import generate
from pipeline.dotnet.nuget.dependency_groups import group_dependencies

VECTOR = tensor("sentence vector", "float32", "batch", 384)


def with_outputs(*outputs: TensorSpec) -> Contract:
    return text_reader.make_text_contract().model_copy(update={"outputs": list(outputs)})


def test_a_text_and_its_vector() -> None:
    assert find_embedding(with_outputs(VECTOR)) == ("sentence vector", 384)


@pytest.mark.parametrize(
    "outputs",
    [
        [VECTOR, tensor("tokens", "int64", "batch")],
        [tensor("vector", "float64", "batch", 384)],
        [tensor("vector", "float16", "batch", 384)],
        [tensor("vectors", "float32", "batch", "tokens", 384)],
        [tensor("vectors", "float32", "batch", "tokens")],
        [tensor("score", "float32", "batch")],
        [tensor("vector", "float32", 1, 384)],
        [tensor("scores", "float32", "batch", 2, labels=["good", "bad"])],
    ],
    ids=[
        "two outputs",
        "float64",
        "float16",
        "a vector a token",
        "a number a token",
        "a number",
        "no batch",
        "classes",
    ],
)
def test_outputs_that_are_no_vector_of_a_text(outputs: list[TensorSpec]) -> None:
    assert find_embedding(with_outputs(*outputs)) is None


def test_a_model_that_takes_no_text() -> None:
    assert find_embedding(text_reader.WITHOUT_TOKENIZER.model_copy(update={"outputs": [VECTOR]})) is None


def test_only_its_package_asks_for_the_interface() -> None:
    assert list_packages(with_outputs(VECTOR)) == {"Microsoft.Extensions.AI.Abstractions": "10.11.0"}
    assert list_packages(text_reader.make_text_contract()) == {}


def generate_client(contract: Contract) -> dict[str, str]:
    identity = make_identity("TextSum", vocabulary_file="TextSum.vocab.txt")
    return generate(contract, identity, text_reader.make_character_table().dump())


def test_the_client_says_its_width_and_gives_its_output() -> None:
    source = generate_client(with_outputs(VECTOR))["TextSum.Embeddings.g.cs"]
    assert "int IEmbeddingModel.Dimensions => 384;" in source
    assert "return _output.SentenceVector;" in source
    assert "services.AddTextSumEmbeddings();" in source


def test_another_client_does_not_mention_embeddings() -> None:
    sources = generate_client(text_reader.make_text_contract())
    assert [name for name, text in sources.items() if "mbedding" in text] == []


def test_what_the_interface_s_package_brings_later_is_not_asked_for_earlier() -> None:
    standard, net = (
        group.packages for group in group_dependencies("cpu", "1.31.1", list_packages(with_outputs(VECTOR)))
    )
    assert standard["Microsoft.Extensions.AI.Abstractions"] == net["Microsoft.Extensions.AI.Abstractions"] == "10.11.0"
    assert not {"System.Text.Json", "Microsoft.Bcl.AsyncInterfaces"} & set(standard)
    assert "System.Diagnostics.DiagnosticSource" in standard
