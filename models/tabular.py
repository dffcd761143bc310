"""Tells from a patient's measurements whether diabetes will progress more than in half of the patients."""

import torch
from torch import Tensor, nn


class TabularNet(nn.Module):
    """Columns of different kinds, each an input of its own: numbers are imputed and scaled, categories looked up, in here.

    A number that is missing (NaN) counts as the training split's median, and the network is told that it was missing; a
    category that is not known has a vector of its own.

    Args:
        numbers: Names of the columns of numbers.
        categories: Column of text -> how many values its encoder knows; number 0 is a value not known.
        width: Size of the hidden layer.
        dropout: Share of its features dropped while training.
        classes: Answers to choose from.
    """

    def __init__(
        self, numbers: list[str], categories: dict[str, int], width: int = 24, dropout: float = 0.3, classes: int = 2
    ) -> None:
        super().__init__()
        self.numbers = list(numbers)
        self.embed = nn.ModuleDict({name: nn.Embedding(size + 1, 4) for name, size in categories.items()})
        for statistic, value in (("median", 0.0), ("mean", 0.0), ("scale", 1.0)):
            self.register_buffer(statistic, torch.full((len(self.numbers),), value))
        self.layers = nn.Sequential(
            nn.Linear(2 * len(self.numbers) + 4 * len(categories), width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(width, classes),
        )

    def stack(self, columns: dict[str, Tensor]) -> Tensor:
        """The columns of numbers as one table: float32 [batch, numbers]."""
        return torch.stack([columns[name].to(torch.float32) for name in self.numbers], dim=-1)

    def adapt(self, target: Tensor, **columns: Tensor) -> None:
        """Learn each column's median, mean and standard deviation (of what is not missing) from the training split."""
        table = self.stack(columns)
        self.median.copy_(table.nanmedian(dim=0).values)
        self.mean.copy_(table.nanmean(dim=0))
        self.scale.copy_((table - self.mean).square().nanmean(dim=0).sqrt().clamp(min=1e-6))

    def logits(self, **columns: Tensor) -> Tensor:
        """What training compares with the target: float32 [batch, classes]."""
        table = self.stack(columns)
        missing = table.isnan()
        scaled = (torch.where(missing, self.median, table) - self.mean) / self.scale
        looked_up = [embed(columns[name]) for name, embed in self.embed.items()]
        return self.layers(torch.cat([scaled, missing.to(torch.float32), *looked_up], dim=-1))

    def forward(self, **columns: Tensor) -> dict[str, Tensor]:
        """The answer: progression, int64 [batch], and probabilities, float32 [batch, classes], from columns of shape [batch]."""
        probabilities = torch.softmax(self.logits(**columns), dim=-1)
        return {"progression": probabilities.argmax(dim=-1), "probabilities": probabilities}
