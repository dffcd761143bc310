"""Batch on any axis or on none, answers of any form, arguments of any kind: what a network may look like."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from pipeline.__main__ import main
from pipeline.core.arrays import load
from pipeline.core.contract import load_contract
from pipeline.core.paths import EXPORTED, GOLDEN_TEST_SPLIT, SIMPLIFIED
from pipeline.core.rows import Rows
from pipeline_runs import golden_inputs, net

RNG = np.random.default_rng(0)
F32 = np.float32


def normal(*shape: int, dtype: str = "float32") -> np.ndarray:
    return RNG.normal(size=shape).astype(dtype)


def shapes() -> dict[str, list[int | str]]:
    contract = load_contract()
    return {tensor.name: tensor.shape for tensor in (*contract.inputs, *contract.outputs)}


def test_a_batch_on_the_second_axis(bring):
    bring(
        net("x): return self.rnn(x)", "self.rnn = nn.GRU(3, 4, num_layers=2)"),
        "{x: {0: time, 1: batch}}",
        x=normal(8, 9, 3),
    )
    assert shapes() == {"x": ["batch", "time", 3], "output_0": ["batch", "time", 4], "output_1": ["batch", 2, 4]}


def test_the_answers_are_those_of_the_network_s_own_axes(bring):
    rows = normal(8, 2, 9)
    bring(net("x): return x.cumsum(0) * torch.arange(1, 10.)[:, None, None]"), "{x: {2: batch}}", x=rows.swapaxes(1, 2))
    np.testing.assert_allclose(
        load(GOLDEN_TEST_SPLIT, "export")["output"],
        rows.swapaxes(1, 2).cumsum(1) * np.arange(1, 10, dtype=F32)[None, :, None],
        rtol=1e-5,
        atol=1e-5,
    )


def test_every_input_may_have_it_elsewhere(bring):
    bring(
        net("series, gain): return series * gain[None, :, None]"),
        "{series: {0: time, 1: batch}, gain: {0: batch}}",
        series=normal(8, 5, 3),
        gain=normal(8),
    )
    assert shapes() == {"series": ["batch", "time", 3], "gain": ["batch"], "output": ["batch", "time", 3]}


NO_BATCH = {
    "a series": (
        net("x): return self.f(x).sum(0)", "self.f = nn.Linear(3, 2)"),
        "{x: {0: time}}",
        {"x": normal(8, 6, 3)},
    ),
    "fixed sizes": (net("x): return x.flip(0)"), "null", {"x": normal(8, 4)}),
    "numbers": (net("x, k): return x * k"), "null", {"x": normal(8), "k": np.arange(8, dtype="int64")}),
    "a set of rows": (net("x): return x - x.mean(0)"), "{x: {0: members}}", {"x": normal(8, 5, 3)}),
}


@pytest.mark.parametrize("name", NO_BATCH)
def test_without_a_batch_a_call_is_one_row(name, bring):
    source, axes, arrays = NO_BATCH[name]
    printed = bring(source, axes, **arrays)
    assert "8 test rows answered, one a call (no axis is named batch)" in printed["export"]
    assert printed["validate"].startswith("validate: passed")
    assert not load_contract().batched
    golden = golden_inputs()
    assert [case for case in golden if case.startswith("row")] == [f"row-{row}" for row in range(1, 9)]
    assert all(len(shape) == arrays[name].ndim - 1 for name, shape in shapes().items() if name in arrays)
    assert {len(array) for array in load(GOLDEN_TEST_SPLIT, "export").values()} == {8}


def test_a_call_of_one_row_is_packed(bring, passes):
    source, axes, arrays = NO_BATCH["a series"]
    bring(source, axes, **arrays)
    assert "Custom.1.0.0-g" in passes("package")
    with Path("reports/parity.json").open() as file:
        assert {entry["batch"] for entry in json.load(file)["comparisons"]} == {1, 8}


def test_a_scalar_a_row(bring):
    bring(
        net("x, t): return (x > t[:, None]).sum(1), x.sum(1) * t"),
        "{x: {0: batch}, t: {0: batch}}",
        x=normal(8, 4),
        t=normal(8),
    )
    assert shapes()["t"] == ["batch"]


EMPTY = {
    "linear": (net("x): return self.f(x).softmax(-1)", "self.f = nn.Linear(4, 2)"), "{x: {0: batch}}", normal(8, 4)),
    "convolution": (
        net("x): return self.f(x).flatten(1)", "self.f = nn.Conv1d(2, 3, 3, padding=1)"),
        "{x: {0: batch}}",
        normal(8, 2, 6),
    ),
    "attention": (
        net(
            "x): return self.f(x, x, x, need_weights=False)[0]",
            "self.f = nn.MultiheadAttention(8, 2, batch_first=True)",
        ),
        "{x: {0: batch, 1: time}}",
        normal(8, 5, 8),
    ),
}


# Not a recurrent network: onnxruntime 1.31.1 itself aborts in its GRU without rows. The C# client never asks for none.
@pytest.mark.parametrize("name", EMPTY)
def test_no_rows_have_no_answers_of_the_right_shape(name, bring):
    source, axes, rows = EMPTY[name]
    bring(source, axes, x=rows)
    expected = (0, *load(GOLDEN_TEST_SPLIT, "export")["output"].shape[1:])
    for path in (EXPORTED, SIMPLIFIED):
        (answer,) = onnxruntime.InferenceSession(path).run(None, {"x": rows[:0]})
        assert answer.shape == expected


def test_inputs_of_every_dtype(bring):
    dtypes = ["int8", "int16", "int32", "int64", "uint8", "float16", "float32", "float64", "bool"]
    arrays = {f"in_{of}": RNG.integers(0, 2 if of == "bool" else 100, size=(8, 4)).astype(of) for of in dtypes}
    printed = bring(
        net(
            "**given): return {'sum': sum(x.double() for x in given.values()), **{f'out_{n[3:]}': x.flip(1) for n, x in given.items()}}"
        ),
        f"{{{', '.join(f'{name}: {{0: batch}}' for name in arrays)}}}",
        **arrays,
    )
    assert printed["validate"].startswith("validate: passed")
    assert [tensor.dtype for tensor in load_contract().inputs] == dtypes
    assert [tensor.dtype for tensor in load_contract().outputs] == ["float64", *dtypes]


DATACLASS = """
from dataclasses import dataclass
from typing import Any

@dataclass
class Answer:
    scores: torch.Tensor
    extra: Any = None
    layers: Any = None

class Net(nn.Module):
    def forward(self, x):
        return Answer(x.softmax(-1), layers=(x * 2, {"deep": x - 1}))
"""
# name: (source, names of the outputs)
ANSWERS = {
    "dataclass": (DATACLASS, ["scores", "layers.0", "layers.1.deep"]),
    "list": (net("x): return [x + 1, x * 2]"), ["output_0", "output_1"]),
    "none": (net("x): return x + 1, None, x * 2"), ["output_0", "output_1"]),
    "like an input": (net("x): return {'x': x * 2, 'y': x + 1}"), ["x_output", "y"]),
    "the input itself": (net("x): return {'x': x}"), ["x_output"]),
    "dots and spaces": (net("x): return {'a.b': x * 2, 'c d': x + 1, 'é/ü': x - 1}"), ["a.b", "c d", "é/ü"]),
    "numbers as keys": (net("x): return {3: x * 2, 1: x + 1}"), ["output_3", "output_1"]),
    "the same tensor twice": (net("x): y = x * 2; return {'one': y, 'two': y}"), ["one", "two"]),
    "constant": (net("x): return {'y': x * 2, 'version': torch.full((x.shape[0],), 7)}"), ["y", "version"]),
    "whole": (net("x): return {'best': x.argmax(1), 'any': x.any(1)}"), ["best", "any"]),
}


@pytest.mark.parametrize(("name", "exporter"), [*((name, "auto") for name in ANSWERS), ("dataclass", "tracer")])
def test_answers_of_every_form(name, exporter, bring):
    source, names = ANSWERS[name]
    printed = bring(source, "{x: {0: batch}}", f"export.exporter={exporter}", x=normal(8, 4))
    assert json.loads(Path("reports/export.json").read_text())["exporter"] == exporter.replace("auto", "dynamo")
    assert [tensor.name for tensor in load_contract().outputs] == names
    assert printed["validate"].startswith("validate: passed")


def test_arguments_by_position(bring):
    x, y, z = normal(8, 4), normal(8, 4), normal(8, 4)
    bring(
        net("x, /, *rest): return x - rest[0] * rest[1]"),
        "{x: {0: batch}, y: {0: batch}, z: {0: batch}}",
        x=x,
        y=y,
        z=z,
    )
    np.testing.assert_allclose(load(GOLDEN_TEST_SPLIT, "export")["output"], x - y * z, rtol=1e-5, atol=1e-6)


REFUSED = {
    "an input without the batch": (
        net("x, table): return x + table"),
        "{x: {0: batch}, table: {}}",
        {"x": normal(8, 3), "table": normal(8, 3)},
        "model.dynamic_axes.table: expected an axis named batch, as 'x' has: rows travel together",
    ),
    "two of that name": (
        net("x): return x"),
        "{x: {0: batch, 1: batch}}",
        {"x": normal(8, 8)},
        "expected one axis named batch, got axes [0, 1]",
    ),
    "an axis that a row has not": (
        net("x): return x"),
        "{x: {1: time}}",
        {"x": normal(8, 3)},
        "expected axes from 0 to 0, got 1: 'x' has shape [3] in a call of one row, for no axis is named batch",
    ),
    "a constant without rows": (
        net("x): return {'y': x * 2, 'version': torch.ones(2)}"),
        "{x: {0: batch}}",
        {"x": normal(8, 3)},
        "output 'version': expected an answer for each of 8 rows, got shape [2]: keep the batch axis; what is the same",
    ),
    "rows that answer each other": (
        net("x): return x @ x.T"),
        "{x: {0: batch}}",
        {"x": normal(8, 3)},
        "answers a row otherwise alone than among others",
    ),
    "sizes that values decide": (
        net("x): return x[x > 0]"),
        "null",
        {"x": normal(8, 9)},
        "output 'output': expected one shape for rows of one size, got",
    ),
    "an array too many": (
        net("x): return x"),
        "{x: {0: batch}, y: {0: batch}}",
        {"x": normal(8, 3), "y": normal(8)},
        "Net.forward(x) takes no 'y', got the arrays ['x', 'y']: leave it out of the data",
    ),
    "an array too few": (
        net("x, y): return x"),
        "{x: {0: batch}}",
        {"x": normal(8, 3)},
        "Net.forward(x, y) needs 'y', got the arrays ['x']: add an array of that name to the data",
    ),
    "another dtype": (
        net("x): return self.f(x)", "self.f = nn.Linear(3, 2)"),
        "{x: {0: batch}}",
        {"x": normal(8, 3, dtype="float64")},
        "save the array in the dtype that forward takes, such as `array.astype('float32')`",
    ),
    "another rank": (
        net("x): return self.f(x)", "self.f = nn.Conv2d(3, 2, 3)"),
        "{x: {0: batch}}",
        {"x": normal(8, 3)},
        "forward(self, x): return self.f(x)`): RuntimeError: Expected 3D (unbatched) or 4D (batched) input to conv2d",
    ),
    "complex numbers": (
        net("x): return torch.fft.rfft(x)"),
        "{x: {0: batch}}",
        {"x": normal(8, 4)},
        "got complex64 at the top",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_call_can_be_is_refused_in_one_sentence(name, bring, capsys):
    source, axes, arrays, says = REFUSED[name]
    with pytest.raises(AssertionError):
        bring(source, axes, **arrays)
    assert main(["export"]) == 1
    said = capsys.readouterr().err
    assert says in said
    assert said.strip().count("\n") == 0


STEADY = {
    "batch norm that trains itself": (
        net("x): self.norm.train(); return self.norm(x)", "self.norm = nn.BatchNorm1d(3, momentum=None)"),
        "(in training mode although eval() was called: norm)",
    ),
    "a network that evaluates never": (
        net(
            "x): return self.drop(x)\n\n    def train(self, mode=True): return super().train(True)",
            "self.drop = nn.Dropout(0.5)",
        ),
        "otherwise when it is run again (output 'output') (in training mode although eval() was called: the network itself, drop)",
    ),
    "dropout by function": (
        net("x): return nn.functional.dropout(x, 0.5)"),
        "functional.dropout needs `training=self.training`",
    ),
    "random numbers": (
        net("x): return x + torch.rand(3)"),
        "keep random numbers out of forward: Net answers golden call",
    ),
    "memory": (
        net("x): self.seen += 1; return x + self.seen", "self.register_buffer('seen', torch.zeros(1))"),
        "keep memory of earlier calls out of forward: Net answers golden call",
    ),
    "statistics over the batch": (
        net("x): return nn.functional.batch_norm(x, None, None, training=True)"),
        "itself cannot answer {'x': 'float32[1, 3]'}",
    ),
    "mean over rows": (
        net("x): return x - x.mean(0)"),
        "answers a row otherwise alone than among others (row 0 of the test split: output 'output', row 0",
    ),
}


@pytest.mark.parametrize("name", STEADY)
def test_a_network_that_is_no_function_of_its_row_is_refused(name, bring, capsys):
    source, says = STEADY[name]
    with pytest.raises(AssertionError):
        bring(source, "{x: {0: batch}}", x=normal(8, 3))
    assert main(["export"]) == 1
    said = capsys.readouterr().err
    assert says in said
    assert said.strip().count("\n") == 0


def test_layers_that_eval_reaches_are_not_spoken_of(bring):
    source = net("x): return self.f(x)", "self.f = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5)).train()")
    assert "training" not in "".join(bring(source, "{x: {0: batch}}", x=normal(8, 3)).values())


def test_rows_of_many_calls_are_gathered_in_order():
    rows = Rows({"x": np.arange(600)}, batched=True)
    calls = list(rows.all())
    assert [len(call["x"]) for call in calls] == [256, 256, 88]
    np.testing.assert_array_equal(rows.gather(calls)["x"], np.arange(600))


def test_one_row_a_call_is_stacked():
    rows = Rows({"x": np.arange(6).reshape(3, 2)}, batched=False)
    calls = list(rows.all())
    assert [call["x"].shape for call in calls] == [(2,)] * 3
    np.testing.assert_array_equal(rows.gather(calls)["x"], np.arange(6).reshape(3, 2))


def test_training_puts_the_batch_where_the_network_has_it(empty, module, passes, fails):
    source = (
        net("series): return self.logits(series).softmax(-1)", "self.rnn = nn.GRU(1, 4); self.head = nn.Linear(4, 3)")
        + "\n    def logits(self, series):\n        return self.head(self.rnn(series)[0][-1])\n"
    )
    rows = normal(60, 9, 1)
    np.savez("rows.npz", series=rows, target=np.arange(60) % 3)
    command = (
        "params",
        "model=custom",
        f"model.net._target_={module(source)}.Net",
        "data.path=rows.npz",
        "train=default",
        "train.epochs=1",
    )
    passes(*command, "model.dynamic_axes={series: {0: time, 1: batch}}")
    for stage in ("prepare", "train", "export"):
        passes(stage)
    assert shapes() == {"series": ["batch", "time", 1], "output": ["batch", 3]}
    passes(*command, "model.dynamic_axes={series: {0: time}}")
    assert "expected an axis named batch in model.dynamic_axes: training takes many rows a call" in fails("train")
