"""Reads one handwritten digit."""

import torch
from torch import Tensor, nn


class DigitsNet(nn.Module):
    """A small CNN: scanned ink in, digit out; scaling, softmax and argmax are part of the network.

    Args:
        width: Channels of the first convolution; the second has twice as many.
        dropout: Share of features dropped while training.
    """

    def __init__(self, width: int = 32, dropout: float = 0.25) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, padding=1),
            nn.BatchNorm2d(2 * width),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
        )
        self.classify = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * width * 16, 10))

    def logits(self, pixels: Tensor) -> Tensor:
        """What training compares with the target: float32 [batch, 10], from pixels [batch, 8, 8] of 0 to 16."""
        return self.classify(self.features(pixels.unsqueeze(1) / 16))

    def forward(self, pixels: Tensor) -> dict[str, Tensor]:
        """The answer: label, int64 [batch], and probabilities, float32 [batch, 10]."""
        probabilities = torch.softmax(self.logits(pixels), dim=-1)
        return {"label": probabilities.argmax(dim=-1), "probabilities": probabilities}
