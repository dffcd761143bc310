"""A cause is told where the network answers otherwise without it, and nowhere else."""

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.core.contract import OutputScale
from pipeline.export.adapter import Adapter
from pipeline.export.causes import explain_departure

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(4, 6)).astype(np.float32)
TIES = RNG.integers(0, 3, (4, 6)).astype(np.float32)
SERIES = RNG.normal(size=(4, 6, 4)).astype(np.float32)


def explain(network: nn.Module, rows: np.ndarray, scale: float = 1.0) -> str:
    adapter = Adapter(network, ["x"], {"x": 0}, []).eval()
    scales = {"output": OutputScale(scale=scale)}
    return explain_departure(adapter, {"rows": ({"x": rows}, adapter.answer({"x": rows}))}, scales)


def module(forward) -> nn.Module:
    return type("Net", (nn.Module,), {"forward": staticmethod(forward)})()


@pytest.mark.parametrize("question", [torch.onnx.is_in_onnx_export, torch.compiler.is_exporting, torch.jit.is_tracing])
def test_a_network_that_asks_whether_it_is_exported(question):
    name = question.__name__
    owner = {"is_in_onnx_export": torch.onnx, "is_exporting": torch.compiler, "is_tracing": torch.jit}[name]
    said = explain(module(lambda x: x if getattr(owner, name)() else x * 2), ROWS)
    assert "test_causes.py, line " in said
    assert f"asks {name}() and answers otherwise while the network is exported: leave that branch out" in said


def test_one_that_asks_and_answers_the_same():
    assert explain(module(lambda x: x * 2 if torch.onnx.is_in_onnx_export() else x + x), ROWS) == ""


def test_answers_that_are_small_are_compared_at_their_own_scale():
    small = module(lambda x: x * (1e-7 if torch.jit.is_tracing() else 2e-7))
    assert "asks is_tracing()" in explain(small, ROWS, scale=1e-7)


class Encoder(nn.Module):
    def __init__(self, **options) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), 1, **options)

    def forward(self, x):
        return self.body(x, src_key_padding_mask=torch.arange(6).expand(len(x), 6) > 3)


def test_a_transformer_s_fast_path():
    assert explain(Encoder(), SERIES).startswith(
        "make nn.TransformerEncoder (body) with enable_nested_tensor=False: its fast path cuts rows"
    )


def test_a_transformer_that_does_not_take_it():
    assert explain(Encoder(enable_nested_tensor=False), SERIES) == ""


TIED = {
    "topk": lambda x: x.topk(2).indices,
    "argsort": lambda x: x.argsort(1),
    "sort": lambda x: x.sort(1, descending=True)[1],
    "max": lambda x: torch.max(x, 1)[1],
    "argmin": lambda x: x.argmin(1),
    "what follows from it": lambda x: torch.arange(6.0)[x.topk(1).indices],
}


@pytest.mark.parametrize("name", TIED)
def test_equal_values(name):
    operator = "topk" if name not in ("argsort", "sort", "max", "argmin") else name
    said = explain(module(TIED[name]), TIES)
    assert f"`): {operator} meets equal values, and which of them it names differs from one runtime to the next" in said
    assert explain(module(TIED[name]), ROWS) == ""


@pytest.mark.parametrize(
    "forward",
    [
        lambda x: x.topk(2).values,
        lambda x: x.sort(dim=1, stable=True)[1],
        lambda x: x.max(1).values,
        lambda x: torch.max(x, x),
    ],
    ids=["values", "a stable order", "the largest", "of two"],
)
def test_where_equal_values_make_no_difference(forward):
    assert explain(module(forward), TIES) == ""


class Packed(nn.Module):
    def __init__(self, padding: float) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.padding, self.rnn = padding, nn.GRU(4, 3, batch_first=True)

    def forward(self, x):
        packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor([6, 5, 4, 2]), batch_first=True)
        return nn.utils.rnn.pad_packed_sequence(self.rnn(packed)[0], batch_first=True, padding_value=self.padding)[0]


def test_padding_of_packed_rows():
    said = explain(Packed(-1.0), SERIES)
    assert "leave padding_value of pad_packed_sequence at 0, and write another value with torch.where" in said
    assert explain(Packed(0.0), SERIES) == ""


def test_a_network_without_any_of_these():
    assert explain(module(lambda x: x.tanh()), ROWS) == ""
