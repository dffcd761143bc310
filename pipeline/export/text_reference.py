"""PyTorch's answers to the texts that prove a tokeniser. Imports torch."""

import numpy as np
from torch import nn

from pipeline.core.arrays import Array
from pipeline.core.contract import Role, TokenizerSpec
from pipeline.core.errors import PipelineError
from pipeline.core.golden_texts import GoldenTexts, load_tokens
from pipeline.core.rows import Rows
from pipeline.export.adapter import Adapter
from pipeline.export.golden_calls import answer_rows, check_answers

# Embeddings are often rounded up to a multiple of 8 to 128 rows, so that matrices fit the hardware.
ROUNDED = 128
# Texts that the network answers at once.
TOGETHER = 64


def check_vocabulary(network: nn.Module, tokenizer: TokenizerSpec) -> None:
    """Raise PipelineError unless some embedding of the network is of the vocabulary's size."""
    size = tokenizer.vocabulary_size
    found = [module.num_embeddings for module in network.modules() if isinstance(module, nn.Embedding)]
    if found and not any(size <= rows < size + ROUNDED for rows in found):
        raise PipelineError(
            f"model.tokenizer.file: expected a vocabulary of as many pieces as the network's embedding has rows ({max(found):,}), got "
            f"{size:,}: give the tokenizer.json that the weights (model.weights) were trained with"
        )


def answer_texts(adapter: Adapter, tokenizer: TokenizerSpec | None) -> GoldenTexts:
    """The texts with their tokens and the answers to those, as the C# client asks: rows of one length together, nothing padded.

    None without a tokeniser.
    """
    if tokenizer is None:
        return GoldenTexts([], [], {})
    texts, rows = load_tokens()
    found: dict[str, list[Array]] = {}
    for length in sorted({len(row) for row in rows}):
        places = [place for place, row in enumerate(rows) if len(row) == length]
        for start in range(0, len(places), TOGETHER):
            some = places[start : start + TOGETHER]
            ids = np.array([rows[place] for place in some], dtype=np.int64)
            made: dict[Role, Array] = {"ids": ids, "mask": np.ones_like(ids), "types": np.zeros_like(ids)}
            asked = {name: made[role] for role, name in tokenizer.fills.items()}
            answered = answer_rows(adapter, Rows(asked, batched=True))
            check_answers({f"texts of {length} tokens": answered}, type(adapter.network).__name__)
            for name, array in answered.items():
                own = found.setdefault(name, [np.empty(0)] * len(rows))
                for place, values in zip(some, array, strict=True):
                    own[place] = values.reshape(-1)
    return GoldenTexts(texts, rows, found)
