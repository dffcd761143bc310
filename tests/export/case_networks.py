"""Small networks of the kinds that people bring, and what becomes of each: carried, or refused in these words."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

from pipeline_runs import net

RNG = np.random.default_rng(5)
ROWS = (RNG.normal(size=(8, 4)) - np.linspace(-1, 1, 8)[:, None]).astype(np.float32)
PAIR = {"a": ROWS, "b": ROWS[::-1].copy()}
PICTURES = RNG.normal(size=(8, 2, 6, 6)).astype(np.float32)
SERIES = RNG.normal(size=(8, 6, 4)).astype(np.float32)
BYTES = RNG.integers(0, 256, (8, 5), dtype=np.uint8)
TIES = RNG.integers(0, 3, (8, 6)).astype(np.float32)
IDS = RNG.integers(0, 9, (8, 5))


class Case(NamedTuple):
    """The network's source, its arrays, its what a refusal says (nothing: it is carried), its open axes, and what a trainer did to its weights."""

    source: str
    arrays: dict[str, np.ndarray]
    says: tuple[str, ...] = ()
    axes: str = ""
    weights: Callable[[dict], dict] | None = None


LINEAR = "self.l = nn.Linear(4, 3)"
X = {"x": ROWS}

CASES: dict[str, Case] = {
    # Weights.
    "DataParallel's prefix": Case(
        net("x): return self.l(x)", LINEAR),
        X,
        weights=lambda state: {f"module.{k}": v for k, v in state.items()},
    ),
    "Lightning's prefix": Case(
        net("x): return self.l(x)", LINEAR),
        X,
        weights=lambda state: {"state_dict": {f"net.{k}": v for k, v in state.items()}},
    ),
    "averaged weights": Case(
        net("x): return self.l(x)", LINEAR),
        X,
        weights=lambda state: {"n_averaged": torch.tensor(3), **{f"module.{k}": v for k, v in state.items()}},
    ),
    "a compiled part": Case(
        net("x): return self.l(x)", LINEAR),
        X,
        weights=lambda state: {k.replace("l.", "l._orig_mod."): v for k, v in state.items()},
    ),
    # Lazy.
    "a lazy network without weights": Case(
        net("x): return self.b(self.a(x).relu())", "self.a = nn.LazyLinear(5); self.b = nn.LazyLinear(2)"), X
    ),
    "a lazy convolution": Case(
        net("x): return self.n(self.c(x))", "self.c = nn.LazyConv2d(3, 3); self.n = nn.LazyBatchNorm2d()"),
        {"x": PICTURES},
    ),
    # Arguments.
    "a list": Case(net("parts): return torch.stack(parts).sum(0)"), {"parts_0": ROWS, "parts_1": ROWS * 2}),
    "a tuple": Case(net("pair: tuple): return pair[0] - pair[1]"), {"pair_0": ROWS, "pair_1": ROWS * 2}),
    "a dict without annotation": Case(net("batch): return batch['a'] - batch['b']"), PAIR),
    "a dict and an array": Case(net("batch: dict, scale): return batch['a'] * scale"), {"a": ROWS, "scale": ROWS}),
    "a named tuple": Case(
        "from typing import NamedTuple\n\nclass Batch(NamedTuple):\n    a: torch.Tensor\n    b: torch.Tensor\n\n"
        + net("batch: Batch): return batch.a - batch.b"),
        PAIR,
    ),
    "a dataclass": Case(
        "import dataclasses\n\n@dataclasses.dataclass\nclass Batch:\n    a: torch.Tensor\n    b: torch.Tensor\n\n"
        + net("batch: Batch): return batch.a - batch.b"),
        PAIR,
    ),
    "a set": Case(
        net("parts: set): return sum(parts)"),
        PAIR,
        (
            r"Net\.forward\(parts\) takes no 'a', got the arrays \['a', 'b'\]: name an array 'parts', or bring a module whose forward\(a, b\) calls",
        ),
    ),
    # Answers.
    "squeeze of the batch": Case(net("x): return self.l(x)[:, :1].squeeze()", LINEAR), X),
    # Modules.
    "a traced module": Case(
        "def Net():\n    torch.manual_seed(0)\n    return torch.jit.trace(nn.Linear(4, 3), torch.zeros(2, 4))\n",
        {"input": ROWS},
    ),
    "a scripted part": Case(net("x): return self.l(x) * 2", "self.l = torch.jit.script(nn.Linear(4, 3))"), X),
    "a scripted loop": Case(
        "class Loop(nn.Module):\n    def forward(self, x: torch.Tensor):\n        y = x\n        for place in range(x.size(1)):\n"
        "            y = y + x[:, place:place + 1]\n        return y\n\ndef Net():\n    return torch.jit.script(Loop())\n",
        X,
    ),
    "hooks": Case(net("x): return self.l(x)", f"{LINEAR}; self.l.register_forward_hook(lambda m, i, o: o * 2)"), X),
    "dropout in evaluation": Case(net("x): return nn.functional.dropout(x, 0.5, self.training) + 1"), X),
    "a print": Case(net("x):\n        print('called with', tuple(x.shape))\n        return x + 1"), X),
    "a function of its own with a derivative": Case(
        "class Double(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x):\n        return x * 2\n\n"
        "    @staticmethod\n    def backward(ctx, grad):\n        return grad * 2\n\n"
        + net("x): return Double.apply(x)"),
        X,
    ),
    "forces": Case(
        net(
            "x):\n        with torch.enable_grad():\n            x = x.detach().requires_grad_()\n"
            "            energy = self.l(x).tanh().sum(1)\n        return torch.autograd.grad(energy.sum(), x)[0].detach()",
            LINEAR,
        ),
        X,
    ),
    "a derivative without gradients": Case(
        net("x):\n        x = x.requires_grad_()\n        return torch.autograd.grad((x ** 2).sum(), x)[0]"),
        X,
    ),
    "weight norm": Case(
        net("x): return self.l(x)", "self.l = nn.utils.parametrizations.weight_norm(nn.Linear(4, 3))"), X
    ),
    "an edit of a view": Case(
        net(
            "x):\n        y = self.l(x)\n        y[:, 0] += 1\n        a, b = y.split([1, 2], 1)\n        a.mul_(2)\n        return y",
            LINEAR,
        ),
        X,
    ),
    # Operators.
    "wrap-around": Case(net("x): return x * 3 - 7"), {"x": BYTES}),
    "signs of booleans": Case(net("x): return torch.minimum(x > 0, x > 1)"), X),
    "pooling to any size": Case(
        net("x): return nn.functional.adaptive_max_pool2d(x, 4)"),
        {"x": PICTURES},
        axes="{x: {0: batch, 2: height, 3: width}}",
    ),
    "places of equal values": Case(
        net("x): return x.topk(2).indices"),
        {"x": TIES},
        (
            r"networks_\d+\.py, line \d+ \(`def forward\(self, x\): return x\.topk\(2\)\.indices`\): topk meets equal values",
            "torch.sort",
        ),
    ),
    "half precision": Case(net("x): return self.l(x.half()).float()", "self.l = nn.Linear(4, 3).half()"), X),
    "bfloat16": Case(
        net("x): return self.l(x.bfloat16()).float()", "self.l = nn.Linear(4, 3).bfloat16()"),
        X,
        (r"call `\.float\(\)` on the network, .*\(l compute in bfloat16\)", "has no Gemm for bfloat16"),
    ),
    "an answer in bfloat16": Case(
        net("x): return x.bfloat16()"), X, (r"expected numbers that C# has, got bfloat16 .*answer `\.float\(\)`",)
    ),
    "unique values": Case(
        net("x): return torch.unique(x)"),
        {"x": TIES},
        (r"line \d+ \(`.*`\): unique answers as many values as it meets",),
    ),
    "places that are not zero": Case(
        net("x): return torch.nonzero(x > 0)"),
        X,
        (r"nonzero answers as many values as it meets, .* answer a fixed number of values",),
    ),
    "as many as a value says": Case(
        net("x): return x[:, : int(x.argmax())]"), X, (r"answers a row otherwise alone than among others",)
    ),
    "a branch on a value": Case(
        net("x):\n        if x.sum() > 0:\n            return x\n        return -x"),
        X,
        (r"networks_\d+\.py, line \d+ \(`if x\.sum\(\) > 0:`\): take torch\.where",),
    ),
    "complex numbers": Case(
        net("x): return torch.linalg.eigvals(torch.complex(x, x)[:, :, None] * torch.ones(4)).abs()"),
        X,
        ("real and imaginary parts apart",),
    ),
    "an answer of complex numbers": Case(net("x): return torch.fft.fft(x)"), X, (r"view_as_real",)),
    "a Fourier transform": Case(net("x): return torch.fft.rfft(x).abs()"), X),
    "NumPy in forward": Case(
        "import numpy as np\n\n" + net("x): return torch.from_numpy(np.interp(x.numpy(), [0, 1], [0, 2]))"),
        X,
        ("torch's own functions instead of NumPy's",),
    ),
    "an operator that ONNX has not": Case(
        net("x): return torch.special.bessel_j0(x)"),
        X,
        (r"bessel_j0\(x\)`\): write it with other operators", "bessel_j0 has no counterpart"),
    ),
    "another answer when exported, which the tracer does not ask": Case(
        net("x): return x if torch.compiler.is_exporting() else x * 2"), X
    ),
    "another answer when exported": Case(
        net("x): return x if torch.onnx.is_in_onnx_export() else x * 2"),
        X,
        (
            r"networks_\d+\.py, line \d+ \(`.*`\) asks is_in_onnx_export\(\) and answers otherwise while the network is exported: leave",
        ),
    ),
    "packed rows that are padded with zeros": Case(
        net(
            "x, n):\n        p = nn.utils.rnn.pack_padded_sequence(x, n, batch_first=True, enforce_sorted=False)\n"
            "        return nn.utils.rnn.pad_packed_sequence(self.r(p)[0], batch_first=True, total_length=x.shape[1])[0]",
            "self.r = nn.GRU(4, 3, batch_first=True)",
        ),
        {"x": SERIES, "n": RNG.integers(1, 7, 8)},
    ),
    "another answer when traced": Case(
        net("x): return x if torch.jit.is_tracing() or torch.compiler.is_compiling() else x * 2"),
        X,
        (r"answers otherwise while the network is exported",),
    ),
    "random numbers": Case(
        net("x): return x + torch.randn_like(x)"), X, ("answers golden call .* otherwise when it is run again",)
    ),
    "Python's random numbers": Case(
        "import random\n\n" + net("x): return x * random.random()"), X, ("otherwise when it is run again",)
    ),
    "dropout left on": Case(
        net("x): return nn.functional.dropout(x, 0.5)"), X, (r"functional\.dropout needs `training=self\.training`",)
    ),
    "a quantized module": Case(
        "def Net():\n    torch.manual_seed(0)\n    net = nn.Sequential(nn.Linear(4, 3))\n    return torch.ao.quantization.quantize_dynamic(net, {nn.Linear}, torch.qint8)\n",
        {"input": ROWS},
        (r"expected tensors of numbers, got dtype in .* bring the network before it was quantized",),
    ),
    "fake quantization": Case(net("x): return torch.fake_quantize_per_tensor_affine(x, 0.1, 0, -128, 127)"), X),
    "a convolution of its own type": Case(
        net("x): return self.c(x)", "self.c = nn.Conv1d(6, 3, 1, dtype=torch.float64)"),
        {"x": SERIES},
        (r"save the array in the dtype that forward takes, such as `array\.astype\('float64'\)`",),
    ),
    "a mean over the batch": Case(net("x): return x - x.mean(0)"), X, ("otherwise alone than among others",)),
    "an LSTM with projections": Case(
        net("x): return self.r(x)[0]", "self.r = nn.LSTM(4, 5, proj_size=2, batch_first=True, bidirectional=True)"),
        {"x": SERIES},
        axes="{x: {0: batch, 1: time}}",
    ),
    "a transformer's fast path": Case(
        net(
            "x):\n        return self.t(x, src_key_padding_mask=x[:, :, 0] > 0.5)",
            "self.t = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), 1)",
        ),
        {"x": SERIES},
        (r"make nn\.TransformerEncoder \(t\) with enable_nested_tensor=False",),
    ),
    "packed rows": Case(
        net(
            "x, n):\n        p = nn.utils.rnn.pack_padded_sequence(x, n, batch_first=True, enforce_sorted=False)\n"
            "        return nn.utils.rnn.pad_packed_sequence(self.r(p)[0], batch_first=True, padding_value=-1.0, total_length=x.shape[1])[0]",
            "self.r = nn.GRU(4, 3, batch_first=True)",
        ),
        {"x": SERIES, "n": RNG.integers(1, 7, 8)},
        (r"leave padding_value of pad_packed_sequence at 0",),
    ),
    "a sparse answer": Case(net("x): return x.to_sparse()"), X, (r"to_dense",)),
    "scatter without itself": Case(
        net("x, i): return torch.zeros(len(x), 3).scatter_reduce(1, i % 3, x, 'mean', include_self=False)"),
        {"x": RNG.normal(size=(8, 5)).astype(np.float32), "i": IDS},
    ),
    "in evaluation alone it fails": Case(
        net(
            "x):\n        if not self.training:\n            raise RuntimeError('only for training')\n        return x"
        ),
        X,
        ("only for training", "evaluation mode"),
    ),
    "an einsum of three": Case(net("x): return torch.einsum('bi,bj,bk->bijk', x, x, x)"), X),
}
