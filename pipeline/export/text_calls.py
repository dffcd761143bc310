"""Golden calls of the texts that prove a tokenizer. Pure; imports torch for the network's embeddings."""

from collections.abc import Sequence

import numpy as np
from torch import nn

from pipeline.core.arrays import Array
from pipeline.core.contract import Role, TokenizerSpec
from pipeline.core.errors import PipelineError
from pipeline.core.golden import GoldenCall

# Embeddings are often rounded up to a multiple of 8 to 128 rows, so that matrices fit the hardware.
ROUNDED = 128
# Rows of one call.
ROWS = 64


def check_vocabulary(network: nn.Module, tokenizer: TokenizerSpec) -> None:
    """Raise PipelineError unless some embedding of the network is of the vocabulary's size."""
    size = tokenizer.vocabulary_size
    embeddings = [module.num_embeddings for module in network.modules() if isinstance(module, nn.Embedding)]
    if embeddings and not any(size <= rows < size + ROUNDED for rows in embeddings):
        raise PipelineError(
            f"model.tokenizer.file: expected a vocabulary of as many pieces as the network's embedding has rows ({max(embeddings):,}), "
            f"got {size:,}: give the tokenizer.json that the weights (model.weights) were trained with"
        )


def choose_text_calls(
    tokenizer: TokenizerSpec, texts: Sequence[str], token_ids: Sequence[Sequence[int]]
) -> list[GoldenCall]:
    """The texts in the calls that the C# client makes: those with as many tokens together, without padding; without outputs.

    Args:
        tokenizer: Which inputs the tokens fill.
        texts: The texts.
        token_ids: The tokens of each.
    """
    by_length: dict[int, list[int]] = {}
    for place, row in enumerate(token_ids):
        by_length.setdefault(len(row), []).append(place)
    calls = []
    for length, places in sorted(by_length.items()):
        for start in range(0, len(places), ROWS):
            rows = places[start : start + ROWS]
            ids = np.array([token_ids[place] for place in rows], dtype=np.int64)
            filled: dict[Role, Array] = {"ids": ids, "mask": np.ones_like(ids), "types": np.zeros_like(ids)}
            inputs = {name: filled[role] for role, name in tokenizer.fills.items()}
            name = f"texts of {length} tokens" + (f", part {start // ROWS + 1}" if len(places) > ROWS else "")
            calls.append(GoldenCall(name, "texts", len(rows), {}, inputs, texts=[texts[place] for place in rows]))
    return calls
