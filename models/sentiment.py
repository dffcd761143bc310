"""Tells whether a text is for or against."""

import torch
from torch import Tensor, nn

# Two neighbours become one number by these (primes), as in fastText's hashing of word pairs.
FACTOR, PAIRS = 1_000_003, 131_071


class SentimentNet(nn.Module):
    """A bag of words and of pairs of neighbouring words (Joulin et al., Bag of tricks for efficient text classification, 2017).

    Args:
        vocabulary: Words that the encoder knows at most; numbers 0 (padding) and 1 (not known) come on top.
        width: Size of a word's vector.
        classes: Labels.
        dropout: Share of features dropped while training.
        word_dropout: Share of words left out while training, so that no single one decides.
    """

    def __init__(
        self, vocabulary: int, width: int = 16, classes: int = 2, dropout: float = 0.7, word_dropout: float = 0.3
    ) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary + 2, width, padding_idx=0)
        self.pairs = nn.Embedding(PAIRS + 1, width, padding_idx=0)
        for table in (self.words, self.pairs):
            nn.init.normal_(
                table.weight[1:], std=0.01
            )  # the padding stays zero: a text means the same beside a longer one
        self.word_dropout = word_dropout
        self.classify = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, classes))

    def logits(self, text: Tensor) -> Tensor:
        """What training compares with the target: float32 [batch, classes], from word numbers [batch, words], 0 where padded."""
        if self.training:
            text = torch.where(torch.rand(text.shape, device=text.device) < self.word_dropout, 0, text)
        left, right = text[:, :-1], text[:, 1:]
        pairs = torch.where((left > 0) & (right > 0), (left * FACTOR + right) % PAIRS + 1, 0)
        count = (text > 0).sum(dim=1, keepdim=True).clamp(min=1)
        total = self.words(text).sum(dim=1) + self.pairs(pairs).sum(dim=1)
        return self.classify(torch.tanh(total / count.sqrt()))

    def forward(self, text: Tensor) -> dict[str, Tensor]:
        """The answer: label, int64 [batch], and probabilities, float32 [batch, classes]."""
        probabilities = torch.softmax(self.logits(text), dim=-1)
        return {"label": probabilities.argmax(dim=-1), "probabilities": probabilities}
