"""Tells from a patient's measurements how far diabetes will have progressed within a year."""

from typing import Any

import torch
from torch import Tensor

from models.tabular import TabularNet


class ProgressionNet(TabularNet):
    """The columns of `TabularNet`, and one number out, in the target's own unit: the scale is learnt from the training split.

    Args:
        columns: Arguments of `TabularNet`, but for its classes.
    """

    def __init__(self, **columns: Any) -> None:
        super().__init__(**columns, classes=1)
        self.register_buffer("target_mean", torch.zeros(()))
        self.register_buffer("target_scale", torch.ones(()))

    def adapt(self, target: Tensor, **columns: Tensor) -> None:
        """Learn the columns' statistics, and the mean and standard deviation of the target."""
        super().adapt(target, **columns)
        self.target_mean.copy_(target.mean())
        self.target_scale.copy_(target.std())

    def logits(self, **columns: Tensor) -> Tensor:
        """What training compares with the target: float32 [batch]."""
        return super().logits(**columns).squeeze(-1) * self.target_scale + self.target_mean

    def forward(self, **columns: Tensor) -> dict[str, Tensor]:
        """The answer: progression, float32 [batch], from columns of shape [batch]."""
        return {"progression": self.logits(**columns)}
