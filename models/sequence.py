"""Tells which kind of wave a series is, however long it is."""

import torch
from torch import Tensor, nn


class SequenceNet(nn.Module):
    """A GRU over a padded series: the mean of its states where the mask says that there is a value.

    Args:
        hidden: Size of the GRU's state, in each direction.
        classes: Kinds of waves.
    """

    def __init__(self, hidden: int = 24, classes: int = 3) -> None:
        super().__init__()
        self.rnn = nn.GRU(1, hidden, batch_first=True)
        self.classify = nn.Linear(2 * hidden, classes)

    def logits(self, series: Tensor, mask: Tensor) -> Tensor:
        """What training compares with the target: float32 [batch, classes]."""
        there = mask.unsqueeze(-1).to(series.dtype)
        states, _ = self.rnn(series * there)
        mean = (states * there).sum(dim=1) / there.sum(dim=1).clamp(min=1)
        largest = (states * there - (1 - there)).amax(dim=1)  # a state is above -1: what is not there never wins
        return self.classify(torch.cat([mean, largest], dim=-1))

    def forward(self, series: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """The answer: kind, int64 [batch], and probabilities, float32 [batch, classes].

        Args:
            series: float32 [batch, time, 1].
            mask: bool [batch, time]; false where the series is only padded.
        """
        probabilities = torch.softmax(self.logits(series, mask), dim=-1)
        return {"kind": probabilities.argmax(dim=-1), "probabilities": probabilities}
