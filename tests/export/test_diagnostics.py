"""Refusals speak of the network's own source: which line, which operator, what people do about it."""

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.__main__ import main
from pipeline.export.adapter import Adapter
from pipeline.export.diagnostics import SourceLine, SourceWarning, explain, frozen_lines, is_own, locate
from pipeline.export.exporters import suppress_native_stdout
from pipeline.export.outputs import flatten
from pipeline_runs import net

RNG = np.random.default_rng(0)
# Rows of both signs.
ROWS = (RNG.normal(size=(8, 3)) - np.linspace(-1, 1, 8)[:, None]).astype(np.float32)


def line(text: str) -> str:
    """What a refusal says of a line of the test's own network."""
    return rf"importable/networks_\d+\.py, line \d+ \(`{re.escape(text)}`\)"


REFUSED = {
    "a branch on values": (
        net("x):\n        if x[0, 0] > 0:\n            return x * 2\n        return x"),
        [
            "dynamo: " + line("if x[0, 0] > 0:") + ": GuardOnDataDependent",
            "tracer: output 'output', row .*; it froze "
            + line("if x[0, 0] > 0:")
            + ": Converting a tensor to a Python boolean",
            "cannot be exported: "
            + line("if x[0, 0] > 0:")
            + r": take torch\.where \(both sides computed\) or torch\.cond instead of the branch on values; dynamo: ",
        ],
    ),
    "a loop over rows": (
        net("x):\n        made = [row * 2 for row in x]\n        return torch.stack(made)"),
        [
            r"tracing inferred a static shape of \d for dimension x\.shape\[0\]",
            "it froze " + line("made = [row * 2 for row in x]") + ": Iterating over a tensor",
            line("made = [row * 2 for row in x]")
            + ": take operations on the whole tensor instead of a loop over an axis",
        ],
    ),
    "an operator that ONNX has not": (
        net("x):\n        y = x + 1\n        return torch.special.bessel_j0(y)"),
        [
            line("return torch.special.bessel_j0(y)") + r": the operator prims\.bessel_j0 has no counterpart in ONNX",
            "tracer: the operator aten::special_bessel_j0 has no counterpart in ONNX",
            line("return torch.special.bessel_j0(y)") + ": write it with other operators; dynamo: ",
        ],
    ),
    "complex numbers that neither takes": (
        net(
            "x):\n        z = torch.view_as_complex(x[:, :2].contiguous())\n        return torch.linalg.eigvals(z[:, None, None]).abs()"
        ),
        [
            line("return torch.linalg.eigvals(z[:, None, None]).abs()")
            + r": the operator aten\.\w+ has no counterpart in ONNX for complex numbers",
            "compute with real and imaginary parts apart instead of complex numbers; dynamo: ",
        ],
    ),
    "NumPy within forward": (
        net(
            "x):\n        y = np.interp(x.numpy(), [0, 1], [0, 2])\n        return x + torch.from_numpy(y).float()"
        ).replace("class Net", "import numpy as np\n\nclass Net"),
        [
            line("y = np.interp(x.numpy(), [0, 1], [0, 2])"),
            "it froze " + line("y = np.interp(x.numpy(), [0, 1], [0, 2])") + ": Converting a tensor to a NumPy array",
            line("y = np.interp(x.numpy(), [0, 1], [0, 2])")
            + ": take torch's own functions instead of NumPy's within forward",
        ],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_names_the_line_and_what_helps(name, bring, capsys):
    source, says = REFUSED[name]
    with pytest.raises(AssertionError):
        bring(source, "{x: {0: batch}}", x=ROWS)
    capsys.readouterr()
    assert main(["export"]) == 1
    said = capsys.readouterr()
    assert [part for part in says if not re.search(part, said.err)] == [], said.err
    assert (said.err.strip().count("\n"), said.out) == (0, "")


def test_what_is_printed_past_python_is_not_seen(capfd):
    with suppress_native_stdout():
        os.write(1, b"Torch IR graph at exception")
    os.write(1, b"after")
    assert capfd.readouterr().out == "after"


CARRIED = {
    "a number out of a buffer": net("x): return x * self.n.running_var[0].item()", "self.n = nn.BatchNorm1d(3)"),
    "a number out of the input": net("x): return x * 2 + int(x[0, 0] * 0)"),
    "a loop over layers": net(
        "x):\n        for layer in self.l: x = layer(x).relu()\n        return x",
        "self.l = nn.ModuleList([nn.Linear(3, 3)] * 3)",
    ),
    "a branch on sizes": net("x): return x * 2 if x.shape[1] == 3 else x"),
}


@pytest.mark.parametrize("name", CARRIED)
def test_what_only_looks_like_it_is_carried(name, bring):
    assert bring(CARRIED[name], "{x: {0: batch}}", x=ROWS)["validate"].startswith("validate: passed")


def test_an_inverse_stft_is_carried(bring):
    source = net(
        "x):\n        z = torch.stft(x, 16, 8, window=self.w, return_complex=True)\n        return torch.istft(z * 0.5, 16, 8, window=self.w)",
        "self.register_buffer('w', torch.hann_window(16))",
    )
    printed = bring(source, "{x: {0: batch}}", x=RNG.normal(size=(8, 64)).astype(np.float32))
    assert printed["validate"].startswith("validate: passed")
    assert json.loads(Path("reports/export.json").read_text())["exporter"] == "dynamo"


def test_a_small_transformers_classifier_is_carried(bring):
    pytest.importorskip("transformers")
    source = (
        "from transformers import BertConfig, BertForSequenceClassification\n\n"
        "def Net():\n"
        "    return BertForSequenceClassification(BertConfig(vocab_size=40, hidden_size=16, num_hidden_layers=1,\n"
        "        num_attention_heads=2, intermediate_size=32, max_position_embeddings=32, initializer_range=0.5))\n"
    )
    ids = RNG.integers(1, 40, size=(8, 8))
    mask = (np.arange(8) < RNG.integers(3, 9, size=(8, 1))).astype(np.int64)
    axes = "{input_ids: {0: batch, 1: tokens}, attention_mask: {0: batch, 1: tokens}}"
    assert bring(source, axes, input_ids=ids, attention_mask=mask)["validate"].startswith("validate: passed")


def error_of(function, *arguments) -> BaseException:
    try:
        function(*arguments)
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def test_the_user_s_line_goes_before_a_library_s():
    def forward():
        return torch.nn.functional.linear(torch.ones(2, 3), torch.ones(4, 5))

    assert re.fullmatch(
        r".*test_diagnostics\.py, line \d+ \(`return torch\.nn\.functional\.linear\(.*`\)", locate(error_of(forward))
    )


def test_the_first_cause_goes_before_what_it_led_to():
    def forward():
        try:
            return torch.ones(2) + torch.ones(3)
        except RuntimeError as error:
            raise ValueError("later") from error

    said = explain(error_of(forward))
    assert "(`return torch.ones(2) + torch.ones(3)`): RuntimeError: The size of tensor a (2)" in said


@pytest.mark.parametrize(
    ("file", "rank"),
    [
        ("/home/someone/nets.py", 2),
        ("/x/lib/python3.11/site-packages/transformers/models/bert.py", 1),
        ("/x/lib/python3.11/site-packages/torch/nn/modules/linear.py", 0),
        (str(Path(json.__file__)), 0),
        (str(Path(main.__code__.co_filename)), 0),
        ("<string>", 0),
    ],
)
def test_whose_line_it_is(file, rank):
    assert SourceLine(file, 1, "x").rank == rank


def test_no_path_of_this_machine_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(SourceLine(str(tmp_path / "nets" / "a.py"), 3, "x = 1")) == "nets/a.py, line 3 (`x = 1`)"
    assert str(SourceLine("/home/someone/b.py", 3, "x = 1")) == "b.py, line 3 (`x = 1`)"
    assert str(SourceLine("/v/site-packages/kit/c.py", 3, "x = 1")) == "kit/c.py, line 3 (`x = 1`)"


def test_an_error_without_a_line_is_explained_all_the_same():
    assert (
        explain(ValueError("Found conflicts:\n- a static shape\nand more"))
        == "ValueError: Found conflicts: - a static shape"
    )


def test_lines_of_libraries_are_frozen_in_their_own_right_only_where_there_are_no_others(tmp_path):
    (tmp_path / "a.py").write_text("if x > 0:\n")
    mine = SourceWarning(
        str(tmp_path / "a.py"), 1, "Converting a tensor to a Python boolean might cause the trace to be wrong"
    )
    theirs = SourceWarning("/v/site-packages/kit/c.py", 3, "Iterating over a tensor might cause")
    harmless = SourceWarning(
        str(tmp_path / "a.py"), 1, "torch.from_numpy results are registered as constants, this might cause"
    )
    assert frozen_lines([theirs, mine, harmless]) == [
        "a.py, line 1 (`if x > 0:`): Converting a tensor to a Python boolean"
    ]
    assert frozen_lines([theirs]) == ["kit/c.py, line 3 (``): Iterating over a tensor"]
    assert frozen_lines([harmless]) == []


def test_addresses_and_whom_else_to_ask_are_left_out():
    error = RuntimeError(
        "Tried to trace <__torch__.Inner object at 0x55d5230294b0> and stopped. Please feel free to request support or submit a "
        "pull request on PyTorch GitHub: https://github.com/pytorch/pytorch/issues  [Caused by the value 'x defined in (%x"
    )
    assert explain(error) == "RuntimeError: Tried to trace <__torch__.Inner object> and stopped"


def test_an_error_of_the_pipeline_s_code_is_its_own():
    assert is_own(error_of(explain, None))


def test_an_error_that_one_of_the_pipeline_s_led_to_is_its_own():
    def wrap():
        try:
            explain(None)
        except AttributeError as error:
            raise RuntimeError("torch wraps it") from error

    assert is_own(error_of(wrap))


def test_an_error_of_a_network_that_the_pipeline_calls_is_not():
    class Net(torch.nn.Module):
        def forward(self, x):
            return {}[x]

    assert not is_own(error_of(Adapter(Net(), ["x"], {}, []).call_network, torch.ones(1)))


def test_a_sentence_for_people_is_no_error_of_the_pipeline_s_code():
    assert not is_own(error_of(flatten, 3))
