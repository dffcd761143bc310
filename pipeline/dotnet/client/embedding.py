"""Which models turn a text into a vector: their client is a generator of embeddings for Microsoft.Extensions.AI. Pure."""

from typing import NamedTuple

from pipeline.core.contract import BATCH, Contract

# It compiles with 9.5.0 too. It asks for later versions of packages of .NET Standard than the client does (DependencyGroup).
PACKAGE, VERSION = "Microsoft.Extensions.AI.Abstractions", "10.11.0"


class EmbeddingOutput(NamedTuple):
    """The output that has the vectors: its name, and the number of values of one."""

    name: str
    width: int


def find_embedding(contract: Contract) -> EmbeddingOutput | None:
    """The output of a model that takes text and answers with one vector and nothing else; None for any other model.

    Scores of classes, which have labels, are no embedding.
    """
    if contract.tokenizer is None or len(contract.outputs) != 1:
        return None
    (output,) = contract.outputs
    if output.dtype != "float32" or output.labels or len(output.shape) != 2 or output.shape[0] != BATCH:
        return None
    width = output.shape[1]
    return EmbeddingOutput(output.name, width) if isinstance(width, int) else None


def list_packages(contract: Contract) -> dict[str, str]:
    """NuGet packages that this model's client needs beside those of every client, with their lowest versions."""
    return {PACKAGE: VERSION} if find_embedding(contract) else {}
