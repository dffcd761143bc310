"""Short names of metrics and losses, and the importable names that they stand for."""

import difflib
from collections.abc import Mapping
from typing import Any

# Metrics that ship, in numpy.
METRICS = {
    name: f"pipeline.metrics.{module}.{name}"
    for module, names in {
        "classification": ("accuracy", "top5", "macro_f1", "auroc", "mean_iou"),
        "regression": ("mae", "rmse", "r2"),
        "error_rates": ("cer", "wer"),
    }.items()
    for name in names
}
LOSSES = {
    "cross_entropy": "torch.nn.CrossEntropyLoss",
    "bce": "torch.nn.BCEWithLogitsLoss",
    "mse": "torch.nn.MSELoss",
    "l1": "torch.nn.L1Loss",
    "huber": "torch.nn.HuberLoss",
}


def expand(value: Any, names: Mapping[str, str]) -> Any:
    """A short name as `{_target_: ...}`; everything else as it is.

    Raises:
        ValueError: A name that is none of `names`.
    """
    if not isinstance(value, str):
        return value
    if value not in names:
        close = difflib.get_close_matches(value, names, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"expected one of {', '.join(names)}, or {{_target_: package.name, kwargs: {{}}}}, got {value!r}{hint}"
        )
    return {"_target_": names[value]}


def shorten(target: str) -> str:
    """What people call the metric or loss: its short name, or the last part of an importable one."""
    return next((name for name, full in {**METRICS, **LOSSES}.items() if full == target), target.rpartition(".")[2])
