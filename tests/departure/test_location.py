"""Seeded faults: which node is named, of which module, and what is said of it."""

import html

import numpy as np
import pytest
from broken_graphs import (
    break_both,
    change_attribute,
    change_operator,
    change_weight,
    freeze_sizes,
    leave_out,
    round_to_bfloat16,
)

from pipeline.__main__ import main
from pipeline.core.departure import read_departure
from pipeline.core.parity_report import TEST_CASE, ParityReport
from pipeline.core.paths import DEPARTURE, EXPORTED, PARITY_PAGE
from pipeline.core.reports import read_report


@pytest.mark.parametrize(
    ("edit", "node", "module"),
    [
        pytest.param(change_weight("Conv", 1), "Conv node_Conv_22", "features.4", id="weight"),
        pytest.param(change_weight("Gemm", place=2), "Gemm node_linear", "classify.1", id="bias"),
        pytest.param(change_attribute("Softmax", "axis", 0), "Softmax node_softmax", "", id="attribute"),
        pytest.param(change_operator("Relu", "Sigmoid", 1), "Sigmoid node_relu_1", "features.5", id="operator"),
        pytest.param(leave_out("Relu"), "Identity node_relu", "features.2", id="left out"),
        pytest.param(round_to_bfloat16("Conv"), "Cast narrow", "features.1", id="bfloat16"),
        pytest.param(freeze_sizes("Reshape", [64, -1]), "Reshape node_Reshape_25", "features.7", id="frozen"),
    ],
)
def test_a_fault_of_digits_is_found(edit, node, module, digits, find):
    departure = find(edit)
    first = departure.candidates[0]
    assert (departure.cause, first.nodes[0], first.source.module) == ("node", node, module)


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        pytest.param(change_weight("GRU", place=2), ("GRU", "rnn"), id="weight"),
        pytest.param(leave_out("Max"), ("Identity", ""), id="left out"),
        pytest.param(change_weight("Gemm"), ("Gemm", "classify"), id="layer"),
    ],
)
def test_a_fault_of_a_sequence_is_found(edit, named, sequence_run, enter, find):
    enter(sequence_run)
    first = find(edit).candidates[0]
    assert (first.operator, first.source.module) == named


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        pytest.param(
            change_attribute("LayerNormalization", "epsilon", 0.5),
            ("LayerNormalization", "layers.layers.0.norm1"),
            id="attribute",
        ),
        pytest.param(change_weight("Gemm", -1), ("Gemm", "head"), id="weight"),
        pytest.param(
            change_attribute("Softmax", "axis", 0), ("Softmax", "layers.layers.0.self_attn"), id="inside attention"
        ),
    ],
)
def test_a_fault_of_attention_is_found(edit, named, attention_run, enter, find):
    enter(attention_run)
    first = find(edit).candidates[0]
    assert (first.operator, first.source.module) == named


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        pytest.param(change_weight("Conv", 1), ("Conv", "features.3"), id="weight"),
        pytest.param(leave_out("Relu", 1), ("Identity", "features.5"), id="left out"),
    ],
)
def test_a_fault_of_a_traced_graph_is_found(edit, named, traced_run, enter, find):
    enter(traced_run)
    first = find(edit).candidates[0]
    assert (first.operator, first.source.module) == named


def test_the_first_graph_that_was_refused_is_looked_at(digits, passes):
    break_both(leave_out("Relu"))
    assert main(["validate"]) == 1
    passes("locate")
    assert read_departure().stage == "export"


def test_another_graph_is_looked_at_on_demand(digits, passes):
    break_both(leave_out("Relu"))
    assert main(["validate"]) == 1
    passes("locate", "--stage", "simplify")
    assert read_departure().stage == "simplify"


def test_a_fault_of_the_exported_graph_alone_is_that_graphs(digits, find):
    assert find(leave_out("Relu"), EXPORTED).stage == "export"


def test_the_error_before_and_after(digits, find):
    first = find(change_weight("Gemm")).candidates[0]
    assert first.before < 1 < first.local
    np.testing.assert_allclose(first.cumulative, first.local, rtol=0.1)


def test_the_line_is_the_one_that_ran_and_not_the_one_that_called_it(digits, find):
    source = find(change_weight("Gemm")).candidates[0].source
    assert (source.file, source.line) == ("models/digits.py", 31)


def test_it_says_so_in_five_lines(digits, find, passes):
    lines = find(change_weight("Gemm")).lines
    assert [line.split()[:3] for line in lines] == [
        ["the", "graph", "departs"],
        ["it", "comes", "from"],
        ["error", "in", "units"],
        ["with", "onnxruntime's", "optimizer"],
        ["reports/departure/:", "the", "smallest"],
    ]


def test_the_gates_page_says_it_too(digits, find):
    shown = "".join(f"<li>{html.escape(line)}</li>" for line in find(change_weight("Gemm")).lines)
    assert f"<h3>Where it began</h3><ul>{shown}</ul>" in PARITY_PAGE.read_text()


def test_the_page_of_a_gate_that_passed_is_left_alone(digits, passes):
    before = PARITY_PAGE.read_bytes()
    passes("locate")
    assert PARITY_PAGE.read_bytes() == before


def test_the_same_fault_gives_the_same_bytes(digits, find, passes):
    find(change_weight("Gemm"))
    before = {path.name: path.read_bytes() for path in DEPARTURE.iterdir()}
    passes("locate")
    assert {path.name: path.read_bytes() for path in DEPARTURE.iterdir()} == before


def test_nothing_departs_where_the_gate_has_passed(digits, passes):
    printed = passes("locate")
    assert "locate: nothing departs: build/simplified/model.onnx" in printed
    report = read_report(ParityReport).comparisons
    golden = [entry.used or 0.0 for entry in report if entry.stage == "simplify" and entry.case != TEST_CASE]
    assert f"uses {max(golden):.2%} of what is allowed" in printed
    assert not read_departure().departs
