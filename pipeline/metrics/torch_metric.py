"""Metrics of tensors: torchmetrics' classes and functions. Imports torch, where such a metric is configured."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from pipeline.core.arrays import Array, is_text


def takes_tensors(metric: Callable[..., Any], kwargs: Mapping[str, Any] | None = None) -> Callable[..., Any]:
    """`metric` as a function of arrays. What it has gathered before is forgotten: each call is of all rows."""

    def measure(answers: Array, target: Array) -> Any:
        if reset := getattr(metric, "reset", None):
            reset()
        preds, wanted = as_tensor(answers), as_tensor(target)
        if isinstance(preds, torch.Tensor) and isinstance(wanted, torch.Tensor) and wanted.is_floating_point():
            wanted = wanted.to(preds.dtype) if preds.is_floating_point() else wanted
        return metric(preds, wanted, **(kwargs or {}))

    return measure


def as_tensor(array: Array) -> torch.Tensor | list[str]:
    """An array as torch takes it; texts as a list."""
    return array.tolist() if is_text(array) else torch.from_numpy(array)
