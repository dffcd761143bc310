"""Networks of many kinds, with rows to prove them on: what benchmarks/reach.py runs the pipeline with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

import classifiers


class Net(nn.Module):
    """The network of NETWORKS with this name: its layers, and the function that it computes with them."""

    def __init__(self, name: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        spec = NETWORKS[name]
        self.layers = nn.ModuleDict(spec.layers())
        self.compute = spec.compute

    def forward(self, x: Tensor, y: Tensor | None = None) -> Any:
        return self.compute(self.layers, x) if y is None else self.compute(self.layers, x, y)


class NetworkSpec(NamedTuple):
    """A network: its layers, the function that it computes with them, its inputs, and their dynamic axes.

    `x` and `y` are the inputs: a dtype (or "mask") and the shape of a row. The batch is their first axis, and `axes` are the
    other dynamic ones; `all_axes` replaces both where the batch is another axis, or none.
    """

    layers: Callable[[], dict[str, nn.Module]]
    compute: Callable[..., Any]
    x: tuple[str, tuple[int, ...]]
    y: tuple[str, tuple[int, ...]] | None = None
    axes: dict[str, dict[int, str]] = {}  # noqa: RUF012 (never changed)
    all_axes: dict[str, dict[int, str]] | None = None


def dynamic_axes(network: str) -> dict[str, dict[int, str]]:
    """The dynamic axes of the network's inputs, as model.dynamic_axes has them."""
    spec = NETWORKS[network]
    if spec.all_axes is not None:
        return spec.all_axes
    return {name: {0: "batch", **spec.axes.get(name, {})} for name in make_rows(network, 1)}


def make_rows(network: str, count: int = 12) -> dict[str, np.ndarray]:
    """`count` rows of each input: normal floats, small integers, booleans, or masks that begin with 3 or more ones."""
    rng = np.random.default_rng(0)
    inputs = {"x": NETWORKS[network].x, "y": NETWORKS[network].y}
    return {name: _draw(spec[0], (count, *spec[1]), rng) for name, spec in inputs.items() if spec is not None}


def _draw(dtype_or_mask: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    if dtype_or_mask == "mask":
        return (np.arange(shape[1]) < rng.integers(3, shape[1] + 1, size=(shape[0], 1))).astype(np.int64)
    dtype = np.dtype(dtype_or_mask)
    if dtype.kind == "f":
        return rng.normal(size=shape).astype(dtype)
    return rng.integers(0, 2 if dtype.kind == "b" else 10, size=shape).astype(dtype)


def make_calls(network: str) -> list[dict[str, np.ndarray]]:
    """Inputs of three calls: of 2, 1 and 7 rows, or of a single row each where the network has no batch axis."""
    rows = make_rows(network)
    batch = {
        name: axis
        for name, names in dynamic_axes(network).items()
        for axis, axis_name in names.items()
        if axis_name == "batch"
    }
    return [
        {
            name: np.moveaxis(array[:count], 0, batch[name]) if batch else array[count, ...]
            for name, array in rows.items()
        }
        for count in (2, 1, 7)
    ]


def no_layers() -> dict[str, nn.Module]:
    return {}


def _complex_magnitude(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    return torch.view_as_complex(torch.stack([x, x], -1)).abs()


def _spectrum(x: Tensor) -> Tensor:
    return torch.stft(x, 16, 8, window=torch.hann_window(16), return_complex=True)


def _signal(spectrum: Tensor) -> Tensor:
    return torch.istft(spectrum, 16, 8, window=torch.hann_window(16))


def _mel(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    return torch.log(layers["mel"](_spectrum(x).abs().pow(2).mT) + 100)


def _griffin_lim(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    magnitude = _spectrum(x).abs()
    phase = torch.zeros_like(magnitude)
    for _ in range(3):
        phase = _spectrum(_signal(torch.polar(magnitude, phase))).angle()
    return _signal(torch.polar(magnitude, phase))


def _rotary(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    time, half = x.shape[1], x.shape[2] // 2
    angle = torch.outer(torch.arange(time).float(), 10000 ** (-torch.arange(half) / half))
    rotated = torch.view_as_complex(x.unflatten(2, (half, 2))) * torch.polar(torch.ones_like(angle), angle)
    return torch.view_as_real(rotated).flatten(2)


@dataclass
class Answer:
    scores: Tensor
    nothing: Tensor | None
    layers: list[Tensor]


def _switch_to_training(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    answer: Tensor = layers["n"].train()(x)
    return answer


def _size_from_values(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    return x[:, : int(x[0, 0].abs()) + 1]


def _numpy_in_forward(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    return x + torch.from_numpy(np.interp(x.numpy(), [0, 1], [0, 2]).astype(np.float32))


def _edit_input(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    x += 1
    return x * 2


def _branch_on_values(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    return x * 2 if x.sum() > 0 else -x


def _buffer_item(layers: nn.ModuleDict, x: Tensor) -> Tensor:
    return x * layers["norm"].running_var[0].item()


def _shared_weights() -> dict[str, nn.Module]:
    one, two = nn.Linear(4, 4), nn.Linear(4, 4)
    two.weight = one.weight
    return {"a": one, "b": two}


F32 = "float32"
TIME = {"x": {1: "time"}}
NETWORKS: dict[str, NetworkSpec] = {
    "LSTM": NetworkSpec(
        lambda: {"rnn": nn.LSTM(3, 4, batch_first=True)}, lambda n, x: n["rnn"](x)[0], (F32, (9, 3)), axes=TIME
    ),
    "bidirectional GRU": NetworkSpec(
        lambda: {"rnn": nn.GRU(3, 4, batch_first=True, bidirectional=True)},
        lambda n, x: n["rnn"](x)[0],
        (F32, (9, 3)),
        axes=TIME,
    ),
    "attention": NetworkSpec(
        lambda: {"a": nn.MultiheadAttention(8, 2, batch_first=True)},
        lambda n, x: n["a"](x, x, x)[0],
        (F32, (6, 8)),
        axes=TIME,
    ),
    "TransformerEncoder": NetworkSpec(
        lambda: {"t": nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)},
        lambda n, x: n["t"](x),
        (F32, (6, 8)),
        axes=TIME,
    ),
    "convolution, any height and width": NetworkSpec(
        lambda: {"c": nn.Conv2d(1, 2, 3, padding=1)},
        lambda n, x: n["c"](x).relu(),
        (F32, (1, 9, 7)),
        axes={"x": {2: "height", 3: "width"}},
    ),
    "transposed convolution": NetworkSpec(
        lambda: {"c": nn.ConvTranspose2d(2, 1, 2, stride=2)}, lambda n, x: n["c"](x), (F32, (2, 4, 4))
    ),
    "adaptive pooling": NetworkSpec(
        no_layers, lambda n, x: functional.adaptive_avg_pool2d(x, 1).flatten(1), (F32, (3, 8, 8))
    ),
    "bilinear resize": NetworkSpec(
        no_layers,
        lambda n, x: functional.interpolate(x, size=(4, 4), mode="bilinear"),
        (F32, (1, 9, 7)),
        axes={"x": {2: "height", 3: "width"}},
    ),
    "EmbeddingBag": NetworkSpec(lambda: {"e": nn.EmbeddingBag(10, 4)}, lambda n, x: n["e"](x), ("int64", (5,))),
    "einsum": NetworkSpec(no_layers, lambda n, x, y: torch.einsum("bij,bkj->bik", x, y), (F32, (3, 4)), (F32, (2, 4))),
    "top-k": NetworkSpec(no_layers, lambda n, x: torch.topk(x, 2), (F32, (5,))),
    "dict output": NetworkSpec(no_layers, lambda n, x: {"double": x * 2, "any.dot": x.sum(1)}, (F32, (5,))),
    "float64": NetworkSpec(no_layers, lambda n, x: x.exp(), ("float64", (5,))),
    "float16": NetworkSpec(no_layers, lambda n, x: x * 2, ("float16", (5,))),
    "uint8 pixels": NetworkSpec(
        no_layers,
        lambda n, x: x.permute(0, 3, 1, 2).float() / 255,
        ("uint8", (5, 4, 3)),
        axes={"x": {1: "height", 2: "width"}},
    ),
    "boolean mask": NetworkSpec(no_layers, lambda n, x, y: torch.where(y, x, 0.0).sum(1), (F32, (5,)), ("bool", (5,))),
    "STFT": NetworkSpec(
        no_layers,
        lambda n, x: torch.stft(x, 16, 8, window=torch.hann_window(16), return_complex=False),
        (F32, (64,)),
        axes={},
    ),
    "STFT magnitude, complex": NetworkSpec(
        no_layers, lambda n, x: _spectrum(x).abs(), (F32, (64,)), axes={"x": {1: "samples"}}
    ),
    "log mel spectrogram": NetworkSpec(
        lambda: {"mel": nn.Linear(9, 4, bias=False)}, _mel, (F32, (64,)), axes={"x": {1: "samples"}}
    ),
    "inverse STFT": NetworkSpec(no_layers, lambda n, x: _signal(_spectrum(x) * 0.5), (F32, (64,))),
    "Griffin-Lim, 3 rounds": NetworkSpec(no_layers, _griffin_lim, (F32, (64,))),
    "rotary embedding, complex": NetworkSpec(no_layers, _rotary, (F32, (6, 8)), axes=TIME),
    "convolution by FFT": NetworkSpec(
        no_layers,
        lambda n, x: torch.fft.irfft(torch.fft.rfft(x, 64) * torch.fft.rfft(torch.ones(5), 64), 64),
        (F32, (32,)),
    ),
    "complex numbers": NetworkSpec(no_layers, _complex_magnitude, (F32, (8,))),
    "branch on values": NetworkSpec(no_layers, _branch_on_values, (F32, (5,))),
    "BatchNorm and dropout": NetworkSpec(
        lambda: {"n": nn.BatchNorm1d(5), "d": nn.Dropout(0.5)}, lambda n, x: n["d"](n["n"](x)), (F32, (5,))
    ),
    "edits its input": NetworkSpec(no_layers, _edit_input, (F32, (5,))),
    "buffer read by .item()": NetworkSpec(lambda: {"norm": nn.BatchNorm1d(5)}, _buffer_item, (F32, (5,))),
    "cumulative sum, any length": NetworkSpec(no_layers, lambda n, x: x.cumsum(1), (F32, (6,)), axes=TIME),
    "constant output": NetworkSpec(
        no_layers, lambda n, x: {"x2": x * 2, "version": torch.ones(x.shape[0])}, (F32, (5,))
    ),
    "loop over rows": NetworkSpec(no_layers, lambda n, x: torch.stack([row * 2 for row in x]), (F32, (5,))),
    "int8": NetworkSpec(no_layers, lambda n, x: x.float().mean(1), ("int8", (5,))),
    "int16": NetworkSpec(no_layers, lambda n, x: x.float().mean(1), ("int16", (5,))),
    "int32": NetworkSpec(no_layers, lambda n, x: x * 2, ("int32", (5,))),
    "a number a row": NetworkSpec(no_layers, lambda n, x, y: x * y[:, None], (F32, (5,)), (F32, ())),
    "shared weights": NetworkSpec(_shared_weights, lambda n, x: n["b"](n["a"](x)), (F32, (4,))),
    "nested dataclass output": NetworkSpec(no_layers, lambda n, x: Answer(x * 2, None, [x + 1, x - 1]), (F32, (5,))),
    "output named like an input": NetworkSpec(no_layers, lambda n, x: {"x": x * 2, "with space": x}, (F32, (5,))),
    "batch second": NetworkSpec(
        lambda: {"rnn": nn.LSTM(3, 4, num_layers=2)},
        lambda n, x: n["rnn"](x)[:2],
        (F32, (9, 3)),
        all_axes={"x": {0: "time", 1: "batch"}},
    ),
    "no batch": NetworkSpec(
        lambda: {"l": nn.Linear(3, 2)}, lambda n, x: n["l"](x).amax(0), (F32, (9, 3)), all_axes={"x": {0: "time"}}
    ),
    "no batch, fixed": NetworkSpec(no_layers, lambda n, x: x.flip(0), (F32, (5,)), all_axes={"x": {}}),
    "BatchNorm that trains itself": NetworkSpec(lambda: {"n": nn.BatchNorm1d(5)}, _switch_to_training, (F32, (5,))),
    "dropout by function": NetworkSpec(no_layers, lambda n, x: functional.dropout(x, 0.5), (F32, (5,))),
    "size from values": NetworkSpec(no_layers, _size_from_values, (F32, (5,))),
    "NumPy in forward": NetworkSpec(no_layers, _numpy_in_forward, (F32, (5,))),
    "eigenvalues": NetworkSpec(no_layers, lambda n, x: torch.linalg.eigvalsh(x @ x.mT), (F32, (3, 3))),
}
if classifiers.INSTALLED:
    TOKENS = {"x": {1: "tokens"}, "y": {1: "tokens"}}
    NETWORKS |= {
        f"transformers {name}": NetworkSpec(
            lambda make=make: {"m": make()},
            lambda n, x, y: n["m"](input_ids=x, attention_mask=y),
            ("int64", (8,)),
            ("mask", (8,)),
            axes=TOKENS,
        )
        for name, make in classifiers.TEXT.items()
    }
    NETWORKS |= {
        f"transformers {name}": NetworkSpec(lambda make=make: {"m": make()}, lambda n, x: n["m"](x), (F32, (3, 32, 32)))
        for name, make in classifiers.IMAGES.items()
    }
    NETWORKS |= {
        f"transformers {name}": NetworkSpec(
            lambda make=make: {"m": make()}, lambda n, x: n["m"](x), (F32, (400,)), axes={"x": {1: "samples"}}
        )
        for name, make in classifiers.SOUND.items()
    }
