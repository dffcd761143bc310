"""The network whose hand-off is broken here: small, with a layer of every kind whose parts can be moved, and its flawed versions.

Every answer has a scale near one, and the rows differ, so that a change of any part can be seen.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

ROWS, TIME = 40, 9
LABELS = ("letter", "parcel", "crate")
AXES = (
    "{image: {0: batch}, before: {0: batch, 1: time}, after: {0: batch, 1: time}, mask: {0: batch, 1: time}, "
    "sent: {0: batch}}"
)
# As in model.outputs; the names of the classes are what a client reads.
_NAMES = f"{{labels: [{', '.join(LABELS)}]}}"
OUTPUTS = f"{{kind: {_NAMES}, probabilities: {_NAMES}, scores: {_NAMES}, embedding: {{}}, due: {{}}}}"
SECONDS_OF_A_DAY = 86_400


class Courier(nn.Module):
    """From a picture and two masked series to a kind, its probabilities, scores of all kinds, an embedding, and a time.

    Args:
        flaw: Which part is made otherwise than a network that is handed on should be; see `FLAWS`.
    """

    def __init__(self, flaw: str = "") -> None:
        super().__init__()
        self.flaw = flaw
        self.look = nn.Conv2d(3, 4, 3, padding=1)
        self.read = nn.GRU(2, 6, batch_first=True)
        self.norm = nn.LayerNorm(10)
        self.embed = nn.Linear(10, 6)
        self.score = nn.Linear(6, len(LABELS))
        self.register_buffer("mean", torch.tensor([120.0, 110.0, 90.0]).reshape(3, 1, 1))
        self.register_buffer("scale", torch.tensor([60.0, 50.0, 70.0]).reshape(3, 1, 1))

    def forward(self, image: Tensor, before: Tensor, after: Tensor, mask: Tensor, sent: Tensor) -> dict[str, Tensor]:
        seen = torch.relu(self.look((image - self.mean) / self.scale))
        seen = nn.functional.avg_pool2d(
            nn.functional.interpolate(seen, scale_factor=2.0, mode="bilinear"), 3, stride=2, padding=1
        )
        seen = seen.mean(dim=(2, 3))
        there = mask.unsqueeze(-1).to(before.dtype)
        states, _ = self.read(torch.stack([before, after], dim=-1) * there)
        heard = (states * there).sum(dim=1) / there.sum(dim=1).clamp(min=1)
        features = self.norm(torch.cat([seen, heard], dim=1))
        features = FLAWS[self.flaw](features, before)
        embedding = torch.tanh(self.embed(features)) * 3
        scores = self.score(embedding).clamp(-4, 4)
        probabilities = torch.softmax(scores, dim=1)
        kind = probabilities.argmax(dim=1)
        due = sent + kind * SECONDS_OF_A_DAY
        return {"kind": kind, "probabilities": probabilities, "scores": scores, "embedding": embedding, "due": due}


class Rates(nn.Module):
    """Rates a second, of about 1e-7."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.rate = nn.Linear(10, 8), nn.Linear(8, 5)

    def forward(self, levels: Tensor) -> Tensor:
        return self.rate(torch.tanh(self.hidden(levels))) * 1e-7


def _branch_on_values(features: Tensor, before: Tensor) -> Tensor:
    return features * 2 if bool(before.sum() > 0) else features


def _branch_on_length(features: Tensor, before: Tensor) -> Tensor:
    return features * 2 if before.shape[1] > TIME else features


def _branch_on_short(features: Tensor, before: Tensor) -> Tensor:
    return features * 2 if before.shape[1] < TIME else features


# What becomes of the features of a row, by the name of the flaw; `before` is the series, [batch, time].
FLAWS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "": lambda features, before: features,
    "dropout": lambda features, before: nn.functional.dropout(features, 0.1, training=True),
    "noise": lambda features, before: features + torch.randn_like(features) * 1e-3,
    "rows together": lambda features, before: features - features.mean(dim=0, keepdim=True),
    # A number where a tracer must see a size.
    "batch frozen": lambda features, before: features.reshape(len(before), -1),
    "length frozen": lambda features, before: features + before.sum(dim=1, keepdim=True) / len(before[0]),
    "branch on values": _branch_on_values,
    "branch on a short length": _branch_on_short,
    "branch on a length beyond the data": _branch_on_length,
    "detached to numpy": lambda features, before: (
        features + torch.from_numpy(before.detach().numpy().sum(axis=1, keepdims=True))
    ),
}


def rows() -> dict[str, np.ndarray]:
    """The rows, whose masks, series and pictures all differ."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(3, TIME + 1, ROWS)
    return {
        "image": rng.integers(0, 256, (ROWS, 3, 6, 6)).astype(np.float32),
        "before": rng.normal(0, 2, (ROWS, TIME)).astype(np.float32),
        "after": rng.normal(1, 2, (ROWS, TIME)).astype(np.float32),
        "mask": np.arange(TIME) < lengths[:, None],
        "sent": rng.integers(0, 4_000_000_000, ROWS),
    }
