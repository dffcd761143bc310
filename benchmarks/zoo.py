"""Networks of many kinds, with rows to prove them on: what benchmarks/reach.py sends down the road."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional


class Net(nn.Module):
    """One function with the layers that it needs; each entry of ZOO is one."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        entry = ZOO[kind]
        self.layers = nn.ModuleDict(entry.layers())
        self.answer = entry.answer

    def forward(self, x: Tensor, y: Tensor | None = None) -> Any:
        return self.answer(self.layers, x) if y is None else self.answer(self.layers, x, y)


class Entry(NamedTuple):
    """Layers, what is computed with them, one row of each input, and the dynamic axes beside the batch."""

    layers: Callable[[], dict[str, nn.Module]]
    answer: Callable[..., Any]
    x: tuple[str, tuple[int, ...]]
    y: tuple[str, tuple[int, ...]] | None = None
    axes: dict[str, dict[int, str]] = {}  # noqa: RUF012 (never changed)


def rows(kind: str, count: int = 12) -> dict[str, np.ndarray]:
    """`count` rows of each input: normal floats, small integers, or booleans."""
    rng = np.random.default_rng(0)
    made = {}
    for name, spec in (("x", ZOO[kind].x), ("y", ZOO[kind].y)):
        if spec is not None:
            dtype, shape = np.dtype(spec[0]), (count, *spec[1])
            values = (
                rng.normal(size=shape)
                if dtype.kind == "f"
                else rng.integers(0, 2 if dtype.kind == "b" else 10, size=shape)
            )
            made[name] = values.astype(dtype)
    return made


def nothing() -> dict[str, nn.Module]:
    return {}


def _inverse_stft(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    return torch.view_as_complex(torch.stack([x, x], -1)).abs()


def _in_place(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    x += 1
    return x * 2


def _branch(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    return x * 2 if x.sum() > 0 else -x


def _item(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    return x * layers["norm"].running_var[0].item()


F32 = "float32"
TIME = {"x": {1: "time"}}
ZOO: dict[str, Entry] = {
    "LSTM": Entry(
        lambda: {"rnn": nn.LSTM(3, 4, batch_first=True)}, lambda n, x: n["rnn"](x)[0], (F32, (9, 3)), axes=TIME
    ),
    "bidirectional GRU": Entry(
        lambda: {"rnn": nn.GRU(3, 4, batch_first=True, bidirectional=True)},
        lambda n, x: n["rnn"](x)[0],
        (F32, (9, 3)),
        axes=TIME,
    ),
    "attention": Entry(
        lambda: {"a": nn.MultiheadAttention(8, 2, batch_first=True)},
        lambda n, x: n["a"](x, x, x)[0],
        (F32, (6, 8)),
        axes=TIME,
    ),
    "TransformerEncoder": Entry(
        lambda: {"t": nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)},
        lambda n, x: n["t"](x),
        (F32, (6, 8)),
        axes=TIME,
    ),
    "convolution, any height and width": Entry(
        lambda: {"c": nn.Conv2d(1, 2, 3, padding=1)},
        lambda n, x: n["c"](x).relu(),
        (F32, (1, 9, 7)),
        axes={"x": {2: "height", 3: "width"}},
    ),
    "transposed convolution": Entry(
        lambda: {"c": nn.ConvTranspose2d(2, 1, 2, stride=2)}, lambda n, x: n["c"](x), (F32, (2, 4, 4))
    ),
    "adaptive pooling": Entry(nothing, lambda n, x: functional.adaptive_avg_pool2d(x, 1).flatten(1), (F32, (3, 8, 8))),
    "bilinear resize": Entry(
        nothing,
        lambda n, x: functional.interpolate(x, size=(4, 4), mode="bilinear"),
        (F32, (1, 9, 7)),
        axes={"x": {2: "height", 3: "width"}},
    ),
    "EmbeddingBag": Entry(lambda: {"e": nn.EmbeddingBag(10, 4)}, lambda n, x: n["e"](x), ("int64", (5,))),
    "einsum": Entry(nothing, lambda n, x, y: torch.einsum("bij,bkj->bik", x, y), (F32, (3, 4)), (F32, (2, 4))),
    "top-k": Entry(nothing, lambda n, x: torch.topk(x, 2), (F32, (5,))),
    "dict output": Entry(nothing, lambda n, x: {"double": x * 2, "any.dot": x.sum(1)}, (F32, (5,))),
    "float64": Entry(nothing, lambda n, x: x.exp(), ("float64", (5,))),
    "float16": Entry(nothing, lambda n, x: x * 2, ("float16", (5,))),
    "uint8 pixels": Entry(
        nothing,
        lambda n, x: x.permute(0, 3, 1, 2).float() / 255,
        ("uint8", (5, 4, 3)),
        axes={"x": {1: "height", 2: "width"}},
    ),
    "boolean mask": Entry(nothing, lambda n, x, y: torch.where(y, x, 0.0).sum(1), (F32, (5,)), ("bool", (5,))),
    "STFT": Entry(
        nothing,
        lambda n, x: torch.stft(x, 16, 8, window=torch.hann_window(16), return_complex=False),
        (F32, (64,)),
        axes={},
    ),
    "complex numbers": Entry(nothing, _inverse_stft, (F32, (8,))),
    "branch on values": Entry(nothing, _branch, (F32, (5,))),
    "BatchNorm and dropout": Entry(
        lambda: {"n": nn.BatchNorm1d(5), "d": nn.Dropout(0.5)}, lambda n, x: n["d"](n["n"](x)), (F32, (5,))
    ),
    "edits its input": Entry(nothing, _in_place, (F32, (5,))),
    "buffer read by .item()": Entry(lambda: {"norm": nn.BatchNorm1d(5)}, _item, (F32, (5,))),
    "cumulative sum, any length": Entry(nothing, lambda n, x: x.cumsum(1), (F32, (6,)), axes=TIME),
    "constant output": Entry(nothing, lambda n, x: {"x2": x * 2, "version": torch.ones(x.shape[0])}, (F32, (5,))),
    "loop over rows": Entry(nothing, lambda n, x: torch.stack([row * 2 for row in x]), (F32, (5,))),
}
