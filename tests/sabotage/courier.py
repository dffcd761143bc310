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
# What the first step of `before` exceeds in one row of sixteen, all in all.
ONE_IN_SIXTEEN = 3.0


class Courier(nn.Module):
    """From a picture and two masked series to a kind, its probabilities, scores of all kinds, an embedding, and a time.

    Args:
        flaw: Which part is made otherwise than a network that is handed on should be; see `FLAWS`.
    """

    def __init__(self, flaw: str = "") -> None:
        super().__init__()
        self.change = FLAWS[flaw]()
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
        features = self.change(features, before)
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


class GrownTable:
    """A table of one cosine a step, kept, and made anew only for a longer series than ever."""

    def __init__(self) -> None:
        self.cosines = torch.ones(0)

    def __call__(self, features: Tensor, before: Tensor) -> Tensor:
        steps = before.shape[1]
        if steps > len(self.cosines):
            self.cosines = torch.arange(float(steps)).cos()
        return features + (before * self.cosines[:steps]).sum(dim=1, keepdim=True) / 9


def _same(features: Tensor, before: Tensor) -> Tensor:
    return features


def _dropout(features: Tensor, before: Tensor) -> Tensor:
    return nn.functional.dropout(features, 0.1, training=True)


def _noise(features: Tensor, before: Tensor) -> Tensor:
    return features + torch.randn_like(features) * 1e-3


def _rows_together(features: Tensor, before: Tensor) -> Tensor:
    return features - features.mean(dim=0, keepdim=True)


def _one_row_in_sixteen_together(features: Tensor, before: Tensor) -> Tensor:
    return torch.where(before[:, :1] > ONE_IN_SIXTEEN, _rows_together(features, before), features)


def _batch_frozen(features: Tensor, before: Tensor) -> Tensor:
    return features.reshape(len(before), -1)  # a number where a tracer must see a size


def _length_frozen(features: Tensor, before: Tensor) -> Tensor:
    return features + before.sum(dim=1, keepdim=True) / len(before[0])


def _branch_on_values(features: Tensor, before: Tensor) -> Tensor:
    return features * 2 if bool(before.sum() > 0) else features


def _branch_on_length(features: Tensor, before: Tensor) -> Tensor:
    return features * 2 if before.shape[1] > TIME else features


def _branch_on_short(features: Tensor, before: Tensor) -> Tensor:
    return features * 2 if before.shape[1] < TIME else features


def _detached_to_numpy(features: Tensor, before: Tensor) -> Tensor:
    return features + torch.from_numpy(before.detach().numpy().sum(axis=1, keepdims=True))


Flaw = Callable[[Tensor, Tensor], Tensor]
# What becomes of the features of a row, by the name of the flaw; `before` is the series, [batch, time]. Each network has its own.
FLAWS: dict[str, Callable[[], Flaw]] = {
    "": lambda: _same,
    "dropout": lambda: _dropout,
    "noise": lambda: _noise,
    "rows together": lambda: _rows_together,
    "one row in sixteen together": lambda: _one_row_in_sixteen_together,
    "batch frozen": lambda: _batch_frozen,
    "length frozen": lambda: _length_frozen,
    "branch on values": lambda: _branch_on_values,
    "branch on a short length": lambda: _branch_on_short,
    "branch on a length beyond the data": lambda: _branch_on_length,
    "detached to numpy": lambda: _detached_to_numpy,
    "grown table": GrownTable,
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
