"""Small networks that benchmarks/false_alarms.py trains again and again; those that ship are the other ones."""

import torch
from torch import Tensor, nn


class Mlp(nn.Module):
    """Scanned digits through one hidden layer.

    Args:
        sharpness: The scores are multiplied by it: of a large one, probabilities are too small for normal numbers.
    """

    def __init__(self, sharpness: float = 1.0) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
        self.sharpness = sharpness

    def logits(self, pixels: Tensor) -> Tensor:
        return self.layers(pixels.flatten(1) / 16)

    def forward(self, pixels: Tensor) -> dict[str, Tensor]:
        probabilities = torch.softmax(self.logits(pixels) * self.sharpness, dim=-1)
        return {"label": probabilities.argmax(dim=-1), "probabilities": probabilities}


class Encoder(nn.Module):
    """Padded series through a transformer's encoder, and the mean of what the mask leaves."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.embed = nn.Linear(1, width)
        layer = nn.TransformerEncoderLayer(width, 2, 2 * width, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.classify = nn.Linear(width, 3)

    def logits(self, series: Tensor, mask: Tensor) -> Tensor:
        there = mask.unsqueeze(-1).to(series.dtype)
        states = self.layers(self.embed(series), src_key_padding_mask=~mask)
        return self.classify((states * there).sum(dim=1) / there.sum(dim=1).clamp(min=1))

    def forward(self, series: Tensor, mask: Tensor) -> dict[str, Tensor]:
        probabilities = torch.softmax(self.logits(series, mask), dim=-1)
        return {"kind": probabilities.argmax(dim=-1), "probabilities": probabilities}
