import re

import numpy as np
import onnx
import pytest
import torch

from pipeline.core.arrays import load
from pipeline.core.contract import load_contract
from pipeline.core.paths import CHECKPOINT, EXPORTED, GOLDEN_TEST_SPLIT, TEST_SPLIT
from pipeline.export import attempts, reference
from pipeline.export.attempts import find_mismatch
from pipeline.graph import onnx_model, signature
from pipeline.network.factory import build, load_weights, save_weights
from pipeline_runs import SMALL, golden_inputs, golden_outputs, net, reseal


def test_the_golden_answers_are_pytorch_s(digits, params):
    network = build(params(*SMALL).model.net)
    load_weights(network, CHECKPOINT, "train")
    network.eval()
    inputs = golden_inputs()
    outputs = golden_outputs()
    assert list(inputs) == list(outputs)
    for case in inputs:
        with torch.no_grad():
            said = network(torch.from_numpy(inputs[case]["pixels"]))
        for name, array in outputs[case].items():
            np.testing.assert_array_equal(array, said[name].numpy())


def test_the_whole_test_split_is_answered_in_its_order(digits, params):
    network = build(params(*SMALL).model.net)
    load_weights(network, CHECKPOINT, "train")
    rows = torch.from_numpy(load(TEST_SPLIT, "prepare")["pixels"])
    with torch.no_grad():
        said = network.eval()(rows)["probabilities"].numpy()
    answers = load(GOLDEN_TEST_SPLIT, "export")
    assert answers["label"].shape == (359,)
    np.testing.assert_allclose(answers["probabilities"], said, atol=1e-6)


def test_the_network_that_answers_is_the_one_that_is_exported(linear, configure, module, passes):
    """Though it holds random numbers that are no weights and follow no seed of torch's."""
    noisy = """
    import random

    class Net(nn.Linear):
        def __init__(self, **sizes):
            super().__init__(**sizes)
            self.register_buffer("noise", torch.tensor(random.random()), persistent=False)

        def forward(self, input):
            return super().forward(input) + self.noise
    """
    configure(f"model.net._target_={module(noisy)}.Net")
    for stage in ("train", "export", "simplify", "validate"):
        passes(stage)


def test_names_of_several_outputs(exporting, passes):
    exporting(
        "y = self.linear(input); return y, (y.sum(1), {'k': y > 0})",
        "~model.outputs.output",
        *(f"+model.outputs.{name}={{}}" for name in "abc"),
    )
    passes("export")
    outputs = load_contract().outputs
    assert [(t.name, t.dtype, t.shape) for t in outputs] == [
        ("a", "float32", ["batch", 5]),
        ("b", "float32", ["batch"]),
        ("c", "bool", ["batch", 5]),
    ]
    passes("simplify")
    passes("validate")


@pytest.mark.parametrize(
    "edit", [lambda p: p.unlink(), lambda p: p.write_bytes(p.read_bytes()[:40])], ids=["missing", "truncated"]
)
@pytest.mark.parametrize(("path", "stage"), [(CHECKPOINT, "train"), (TEST_SPLIT, "prepare")])
def test_what_it_reads_must_be_whole(edit, path, stage, linear, fails):
    edit(path)
    said = fails("export")
    assert f"error: export: {path}" in said
    assert stage in said


def test_a_checkpoint_that_does_not_fit(linear, fails):
    save_weights({"weight": torch.ones(5, 9), "bias": torch.zeros(5)}, CHECKPOINT)
    reseal(CHECKPOINT)
    assert f"{CHECKPOINT} does not fit Linear: weight has shape [5, 9], expected [5, 10]. Train again" in fails(
        "export"
    )


@pytest.mark.parametrize(
    ("forward", "says"),
    [
        ("return self.linear(input.log())", "itself answers NaN in output 'output', golden call 'rows-1', row 0"),
        ("return [self.linear(input), 3]", "the network's answer: expected tensors, got int at [1]"),
        ("return None", "the network's answer: expected tensors, got NoneType at the top"),
        (
            "return {'other': self.linear(input)}",
            "model.outputs: expected the network's own outputs ['other'], got ['output']",
        ),
        (
            "return self.linear(input), input",
            "model.outputs: expected 2 names, as many as the network answers, got ['output']",
        ),
    ],
    ids=["nan", "number", "none", "name", "count"],
)
def test_an_answer_that_proves_nothing(forward, says, exporting, fails):
    exporting(forward)
    assert says in fails("export")


@pytest.mark.parametrize(
    ("forward", "advice"),
    [
        (
            "return torch.stack([self.linear(row) for row in input])",
            "take operations on the whole tensor instead of a loop",
        ),
        (
            "return self.linear(input) * (2 if input.shape[0] == 2 else 1)",
            "compute the same at every size of an open axis",
        ),
    ],
    ids=["loop", "branch"],
)
def test_a_frozen_batch_axis_is_refused(forward, advice, exporting, fails):
    target = exporting(forward)
    said = fails("export")
    line = rf"networks_\d+\.py, line \d+ \(`{re.escape(forward)}`\)"
    assert re.search(
        rf"model\.net\._target_={target} cannot be exported: {line}: {advice}.*; dynamo( and tracer)?: .*", said
    )


def test_a_graph_whose_axis_is_not_dynamic_loses_nothing(exporting, fails, monkeypatch):
    exporting("return 2 * self.linear(input)")
    monkeypatch.setattr(
        signature, "mismatches", lambda *_, **__: ["input 'input': expected shape ['batch', 10], got [2, 10]"]
    )
    assert "the exported graph is not what model.dynamic_axes asks for: input 'input'" in fails("export")


@pytest.mark.parametrize(
    ("forward", "says"),
    [
        ("return self.linear(input.reshape(2, 10))", "invalid for input of size 30"),
        ("return self.linear(input).mean()", "output"),
    ],
    ids=["raises", "scalar"],
)
def test_a_network_that_cannot_answer_rows_is_explained(forward, says, exporting, fails):
    exporting(forward)
    assert says in fails("export")


def test_a_network_with_another_argument_is_explained(exporting, fails):
    exporting("pass\n\n    def forward(self, pixels):\n        return self.linear(pixels)")
    assert "'input'" in fails("export")


def test_a_choice_that_depends_on_the_data_is_explained(exporting, fails):
    exporting("return self.linear(input) if input.sum() > 0 else self.linear(-input)")
    said = fails("export")
    line = r"networks_\d+\.py, line \d+ \(`return self\.linear\(input\) if input\.sum\(\) > 0 else self\.linear\(-input\)`\)"
    assert re.search(f"; dynamo: {line}: GuardOnDataDependentSymNode", said)
    # The tracer takes it, and freezes the branch that its example took.
    assert re.search(f"; tracer: output 'output', row .*; it froze {line}", said)


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("+model.dynamic_axes.input={5: x}", "model.dynamic_axes.input: expected axes from 0 to 1, got 5"),
        (
            "+model.dynamic_axes.other={0: batch}",
            "build/data/test.npz: expected an array for the input 'other', got ['input']",
        ),
        ("+model.inputs.other={}", "expected an array for the input 'other'"),
    ],
)
def test_axes_and_inputs_that_the_data_does_not_have(override, says, linear, configure, fails):
    configure(override)
    assert says in fails("export")


def test_a_number_where_the_graph_has_a_dynamic_axis_is_refused(linear, fails, monkeypatch):
    monkeypatch.setattr(reference, "infer_output_shapes", lambda *_: {"output": [8, 5]})
    assert (
        "dynamo and tracer: the exported graph is not what model.dynamic_axes asks for: output 'output': expected shape [8, 5], "
        in fails("export")
    )


def test_an_axis_that_the_graph_leaves_open_is_fixed_once_the_golden_calls_have_shown_its_size(bring, monkeypatch):
    proven = []

    def compare_and_note(file, golden, policy):
        proven.extend(signature.signature(list(onnx.load(file).graph.output)))
        return find_mismatch(file, golden, policy)

    monkeypatch.setattr(attempts, "find_mismatch", compare_and_note)
    bring(
        net("x): return self.f(x)", "self.f = nn.EmbeddingBag(10, 4)"),
        "{x: {0: batch}}",
        "export.exporter=tracer",
        x=np.arange(40).reshape(8, 5) % 10,
    )
    (name, dtype, shape) = signature.signature(list(onnx_model.load(EXPORTED, "export").graph.output))[0]
    assert (name, dtype, shape) == ("output", "float32", ["batch", 4])
    assert isinstance(proven[0][2][1], str)
