"""Turns a sentence into an embedding: a transformers encoder, its tokens' mean, its direction."""

from torch import Tensor, nn
from transformers import BertConfig, BertModel


class MiniLM(BertModel):
    """A BERT encoder whose answer is a sentence's embedding.

    It is a BertModel, not one that holds one, so that its weights keep the names that they have in the files.

    Args:
        config: Path of the encoder's config.json.
    """

    def __init__(self, config: str) -> None:
        super().__init__(BertConfig.from_json_file(config))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> dict[str, Tensor]:
        """The answer: embedding, float32 [batch, hidden size], of length 1.

        Args:
            input_ids: int64 [batch, tokens].
            attention_mask: int64 [batch, tokens]; 0 where a row is only padded.
        """
        states = super().forward(input_ids, attention_mask).last_hidden_state
        there = attention_mask.unsqueeze(-1).to(states.dtype)
        mean = (states * there).sum(dim=1) / there.sum(dim=1).clamp(min=1)
        return {"embedding": nn.functional.normalize(mean, dim=-1)}
