"""Networks that are right on the data, and whose graph would be wrong beyond it: carried right, or refused with the reason."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.__main__ import main
from pipeline.core.contract import load_contract
from pipeline.core.golden import load_calls
from pipeline_runs import net

RNG = np.random.default_rng(0)
SERIES = RNG.normal(size=(8, 10, 3)).astype(np.float32)
TIME = "{x: {0: batch, 1: time}}"
SHORT_ONLY = net("x):\n        if x.shape[1] > 24:\n            return x[:, :24].sum(1)\n        return x.mean(1)")


@pytest.fixture
def refused(bring, capsys):
    def run(*arguments, **arrays) -> str:
        with pytest.raises(AssertionError):
            bring(*arguments, **arrays)
        assert main(["export"]) == 1
        return capsys.readouterr().err

    return run


def export_report() -> dict:
    return json.loads(Path("reports/export.json").read_text())


def test_a_branch_on_a_length_beyond_the_data_is_refused_with_line_size_and_bound(refused):
    said = refused(SHORT_ONLY, TIME, x=SERIES)
    assert (
        "(`if x.shape[1] > 24:`): compute the same at every size of an open axis, or set `+model.axes.time.maximum=24`, within which "
        "the graph is right (time <= 24); dynamo and tracer: output 'output'"
    ) in said
    assert (said.count("if x.shape"), said.count("(call time=25)")) == (1, 1)


def test_the_chunks_that_an_exporter_froze_are_a_range_of_sizes(refused):
    said = refused(net("x): return sum(piece.mean(1) ** 2 for piece in x.split(4, 1))"), TIME, x=SERIES)
    assert "`+model.axes.time.maximum=12 +model.axes.time.minimum=9`, within which the graph is right" in said


def test_within_the_bound_it_is_carried_and_the_contract_says_so(bring):
    bring(SHORT_ONLY, TIME, "+model.axes.time.maximum=24", x=SERIES)
    assert (load_contract().axes["time"].sizes[0], load_contract().axes["time"].sizes[-1]) == (1, 24)


def test_a_graph_that_is_right_on_both_sides_keeps_the_calls_as_golden(bring):
    bring(net("x): return x.flip(1).amax(1) if x.shape[1] > 24 else x.amax(1)"), TIME, x=SERIES)
    assert {call.name for call in load_calls() if call.purpose == "guard"} == {"time=24", "time=25"}
    assert ["time=24", "time=25"] in export_report()["assumptions"].values()
    assert load_contract().axes["time"].sizes[-1] == 25


def test_what_the_network_refuses_is_in_the_contract_and_on_the_console(bring):
    printed = bring(net("x): return x.unflatten(1, (-1, 5)).sum(2).mean(1)"), TIME, x=SERIES)
    axis = load_contract().axes["time"]
    assert (axis.multiple_of, axis.refused) == (5, [1, 2, 3, 9, 11, 13])
    assert "; left out, since the network itself cannot answer: time=1, time=2, time=3 and 5 more" in printed["export"]


def test_a_table_that_grew_while_the_network_answered_is_not_exported(bring):
    source = net(
        "x):\n"
        "        if x.shape[1] > self.ramp.shape[0]:\n"
        "            self.ramp = torch.arange(x.shape[1], dtype=torch.float32)\n"
        "        return (x * self.ramp[: x.shape[1], None]).sum(1)",
        "self.ramp = torch.zeros(0)",
    )
    bring(source, TIME, x=SERIES)
    assert load_contract().axes["time"].sizes[-1] == 20


def test_edits_of_a_view_in_place_are_exported(bring):
    printed = bring(
        net(
            "x):\n        y = self.f(x)\n        a, b = y.chunk(2, 1)\n        a.mul_(b)\n        return y",
            "self.f = nn.Linear(3, 4)",
        ),
        "{x: {0: batch}}",
        x=SERIES[:, 0],
    )
    assert printed["validate"].startswith("validate: passed")


def test_a_row_that_is_padding_alone_is_answered_as_pytorch_does(bring):
    source = net("x, keep): return nn.functional.scaled_dot_product_attention(x, x, x, attn_mask=keep[:, None, :])")
    bring(source, "{x: {0: batch, 1: time}, keep: {0: batch, 1: time}}", x=SERIES, keep=RNG.random((8, 10)) > 0.1)
    assert {call.name for call in load_calls() if call.purpose == "mask"} == {"keep all false", "keep all true"}


def test_a_mask_that_the_network_answers_with_nan_is_left_out(bring):
    source = net("x, keep): return (x * keep[..., None]).sum(1) / keep.sum(1, keepdim=True)")
    printed = bring(
        source, "{x: {0: batch, 1: time}, keep: {0: batch, 1: time}}", x=SERIES, keep=RNG.random((8, 10)) > 0.1
    )
    assert "left out, since the network itself cannot answer: keep all false" in printed["export"]


def test_one_row_of_many_that_minds_the_others_is_found(refused):
    rows = np.ones((32, 3), np.float32)
    rows[20] = -1
    said = refused(net("x): return x + torch.where(x < 0, x.sum() * 0 + len(x), 0)"), "{x: {0: batch}}", x=rows)
    assert "answers a row otherwise alone than among others (row 20 of the test split" in said


def test_an_axis_of_which_no_row_meets_the_bounds(refused):
    said = refused(net("x): return x.sum(1)"), TIME, "+model.axes.time.minimum=11", x=SERIES)
    assert (
        "model.axes.time: expected sizes from 11, got rows whose time is 10 (input 'x'): no real row meets that" in said
    )
