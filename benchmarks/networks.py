"""Networks of many kinds, with rows to prove them on: what benchmarks/reach.py sends down the road."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

import classifiers


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
    """Layers, what is computed with them, one row of each input, and the dynamic axes.

    `axes` are those beside the batch, which is then first; `own` are all of them where it is elsewhere, or nowhere.
    """

    layers: Callable[[], dict[str, nn.Module]]
    answer: Callable[..., Any]
    x: tuple[str, tuple[int, ...]]
    y: tuple[str, tuple[int, ...]] | None = None
    axes: dict[str, dict[int, str]] = {}  # noqa: RUF012 (never changed)
    own: dict[str, dict[int, str]] | None = None


def axes(kind: str) -> dict[str, dict[int, str]]:
    """The dynamic axes of the network's arguments: model.dynamic_axes."""
    entry = ZOO[kind]
    if entry.own is not None:
        return entry.own
    return {name: {0: "batch", **entry.axes.get(name, {})} for name in rows(kind, 1)}


def rows(kind: str, count: int = 12) -> dict[str, np.ndarray]:
    """`count` rows of each input: normal floats, small integers, booleans, or masks of 3 or more ones."""
    rng = np.random.default_rng(0)
    made = {}
    for name, spec in (("x", ZOO[kind].x), ("y", ZOO[kind].y)):
        if spec is not None:
            made[name] = _values(spec[0], (count, *spec[1]), rng)
    return made


def _values(kind: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    if kind == "mask":
        return (np.arange(shape[1]) < rng.integers(3, shape[1] + 1, size=(shape[0], 1))).astype(np.int64)
    dtype = np.dtype(kind)
    if dtype.kind == "f":
        return rng.normal(size=shape).astype(dtype)
    return rng.integers(0, 2 if dtype.kind == "b" else 10, size=shape).astype(dtype)


def calls(kind: str) -> list[dict[str, np.ndarray]]:
    """Inputs as the network itself takes them: 2, 1 and 7 rows at once, or single rows where it knows no batch."""
    arrays, found = rows(kind), []
    batch = {name: axis for name, named in axes(kind).items() for axis, called in named.items() if called == "batch"}
    for count in (2, 1, 7):
        found.append(
            {
                name: np.moveaxis(array[:count], 0, batch[name]) if batch else array[count, ...]
                for name, array in arrays.items()
            }
        )
    return found


def nothing() -> dict[str, nn.Module]:
    return {}


def _complex(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    return torch.view_as_complex(torch.stack([x, x], -1)).abs()


def _spectrum(x: Tensor) -> Tensor:
    return torch.stft(x, 16, 8, window=torch.hann_window(16), return_complex=True)


def _wave(spectrum: Tensor) -> Tensor:
    return torch.istft(spectrum, 16, 8, window=torch.hann_window(16))


def _mel(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    return torch.log(layers["mel"](_spectrum(x).abs().pow(2).mT) + 100)


def _griffin_lim(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    size = _spectrum(x).abs()
    phase = torch.zeros_like(size)
    for _ in range(3):
        phase = _spectrum(_wave(torch.polar(size, phase))).angle()
    return _wave(torch.polar(size, phase))


def _rotary(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    time, half = x.shape[1], x.shape[2] // 2
    angle = torch.outer(torch.arange(time).float(), 10000 ** (-torch.arange(half) / half))
    turned = torch.view_as_complex(x.unflatten(2, (half, 2))) * torch.polar(torch.ones_like(angle), angle)
    return torch.view_as_real(turned).flatten(2)


@dataclass
class Answer:
    scores: Tensor
    nothing: Tensor | None
    layers: list[Tensor]


def _trains_itself(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    answer: Tensor = layers["n"].train()(x)
    return answer


def _item_of_input(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    return x[:, : int(x[0, 0].abs()) + 1]


def _numpy(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    return x + torch.from_numpy(np.interp(x.numpy(), [0, 1], [0, 2]).astype(np.float32))


def _in_place(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    x += 1
    return x * 2


def _branch(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    return x * 2 if x.sum() > 0 else -x


def _item(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    return x * layers["norm"].running_var[0].item()


def _shared() -> dict[str, nn.Module]:
    one, two = nn.Linear(4, 4), nn.Linear(4, 4)
    two.weight = one.weight
    return {"a": one, "b": two}


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
    "STFT magnitude, complex": Entry(
        nothing, lambda n, x: _spectrum(x).abs(), (F32, (64,)), axes={"x": {1: "samples"}}
    ),
    "log mel spectrogram": Entry(
        lambda: {"mel": nn.Linear(9, 4, bias=False)}, _mel, (F32, (64,)), axes={"x": {1: "samples"}}
    ),
    "inverse STFT": Entry(nothing, lambda n, x: _wave(_spectrum(x) * 0.5), (F32, (64,))),
    "Griffin-Lim, 3 rounds": Entry(nothing, _griffin_lim, (F32, (64,))),
    "rotary embedding, complex": Entry(nothing, _rotary, (F32, (6, 8)), axes=TIME),
    "convolution by FFT": Entry(
        nothing,
        lambda n, x: torch.fft.irfft(torch.fft.rfft(x, 64) * torch.fft.rfft(torch.ones(5), 64), 64),
        (F32, (32,)),
    ),
    "complex numbers": Entry(nothing, _complex, (F32, (8,))),
    "branch on values": Entry(nothing, _branch, (F32, (5,))),
    "BatchNorm and dropout": Entry(
        lambda: {"n": nn.BatchNorm1d(5), "d": nn.Dropout(0.5)}, lambda n, x: n["d"](n["n"](x)), (F32, (5,))
    ),
    "edits its input": Entry(nothing, _in_place, (F32, (5,))),
    "buffer read by .item()": Entry(lambda: {"norm": nn.BatchNorm1d(5)}, _item, (F32, (5,))),
    "cumulative sum, any length": Entry(nothing, lambda n, x: x.cumsum(1), (F32, (6,)), axes=TIME),
    "constant output": Entry(nothing, lambda n, x: {"x2": x * 2, "version": torch.ones(x.shape[0])}, (F32, (5,))),
    "loop over rows": Entry(nothing, lambda n, x: torch.stack([row * 2 for row in x]), (F32, (5,))),
    "int8": Entry(nothing, lambda n, x: x.float().mean(1), ("int8", (5,))),
    "int16": Entry(nothing, lambda n, x: x.float().mean(1), ("int16", (5,))),
    "int32": Entry(nothing, lambda n, x: x * 2, ("int32", (5,))),
    "a number a row": Entry(nothing, lambda n, x, y: x * y[:, None], (F32, (5,)), (F32, ())),
    "shared weights": Entry(_shared, lambda n, x: n["b"](n["a"](x)), (F32, (4,))),
    "nested dataclass output": Entry(nothing, lambda n, x: Answer(x * 2, None, [x + 1, x - 1]), (F32, (5,))),
    "output named like an input": Entry(nothing, lambda n, x: {"x": x * 2, "with space": x}, (F32, (5,))),
    "batch second": Entry(
        lambda: {"rnn": nn.LSTM(3, 4, num_layers=2)},
        lambda n, x: n["rnn"](x)[:2],
        (F32, (9, 3)),
        own={"x": {0: "time", 1: "batch"}},
    ),
    "no batch": Entry(
        lambda: {"l": nn.Linear(3, 2)}, lambda n, x: n["l"](x).amax(0), (F32, (9, 3)), own={"x": {0: "time"}}
    ),
    "no batch, fixed": Entry(nothing, lambda n, x: x.flip(0), (F32, (5,)), own={"x": {}}),
    "BatchNorm that trains itself": Entry(lambda: {"n": nn.BatchNorm1d(5)}, _trains_itself, (F32, (5,))),
    "dropout by function": Entry(nothing, lambda n, x: functional.dropout(x, 0.5), (F32, (5,))),
    "size from values": Entry(nothing, _item_of_input, (F32, (5,))),
    "NumPy in forward": Entry(nothing, _numpy, (F32, (5,))),
    "eigenvalues": Entry(nothing, lambda n, x: torch.linalg.eigvalsh(x @ x.mT), (F32, (3, 3))),
}
if classifiers.THERE:
    TOKENS = {"x": {1: "tokens"}, "y": {1: "tokens"}}
    ZOO |= {
        f"transformers {name}": Entry(
            lambda make=make: {"m": make()},
            lambda n, x, y: n["m"](input_ids=x, attention_mask=y),
            ("int64", (8,)),
            ("mask", (8,)),
            axes=TOKENS,
        )
        for name, make in classifiers.TEXT.items()
    }
    ZOO |= {
        f"transformers {name}": Entry(lambda make=make: {"m": make()}, lambda n, x: n["m"](x), (F32, (3, 32, 32)))
        for name, make in classifiers.IMAGES.items()
    }
    ZOO |= {
        f"transformers {name}": Entry(
            lambda make=make: {"m": make()}, lambda n, x: n["m"](x), (F32, (400,)), axes={"x": {1: "samples"}}
        )
        for name, make in classifiers.SOUND.items()
    }
