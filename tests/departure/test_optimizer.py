"""A graph that is right as it is and wrong once onnxruntime has optimized it: by Pad_Fusion, and by a stand-in that errs elsewhere."""

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from broken_graphs import find_node, leave_out
from onnx import helper, numpy_helper

from pipeline.__main__ import main
from pipeline.core.departure import Departure, read_departure
from pipeline.core.golden import load_calls
from pipeline.core.paths import DEPARTURE, SIMPLIFIED
from pipeline.departure import location, optimizer
from pipeline.departure.pieces import Pieces
from pipeline.graph.session import write_optimized
from pipeline_runs import net, reseal

PICTURES = np.random.default_rng(5).normal(size=(8, 2, 6, 6)).astype(np.float32)
# `export` refuses a graph in which a pool follows a pad; here zeros are put before the values by other means.
POOLED = net(
    "x): y = -self.first(x).abs(); return self.last(self.pool(torch.cat((torch.zeros_like(y[:, :, :1]), y), 2)).flatten(1))",
    "self.first = nn.Conv2d(2, 3, 1); self.pool = nn.MaxPool2d(2, 2); self.last = nn.Linear(27, 4)",
)


def pad_before_pool(model):
    """The same in an operator, as a simplifier might have it."""
    concat = find_node(model, "Concat", -1)
    sizes = numpy_helper.from_array(np.array([0, 0, 1, 0, 0, 0, 0, 0]), "sizes")
    model.graph.initializer.append(sizes)
    pad = helper.make_node("Pad", [concat.input[1], "sizes"], list(concat.output), "padded")
    concat.CopyFrom(pad)


@pytest.fixture
def padded(bring, passes) -> Departure:
    """Of a graph in which onnxruntime's Pad_Fusion loses zeros."""
    bring(POOLED, "{x: {0: batch}}", x=PICTURES)
    model = onnx.load(SIMPLIFIED)
    pad_before_pool(model)
    onnx.save(model, SIMPLIFIED)
    reseal(SIMPLIFIED)
    assert main(["validate"]) == 1
    passes("locate")
    return read_departure()


def test_pad_fusion_is_an_optimizer_as_cause(padded):
    assert (padded.cause, padded.unoptimized) == ("optimizer", True)


def test_the_pool_that_lost_its_zeros_is_named(padded):
    first = padded.candidates[0]
    assert (first.operator, first.value, first.source.module) == ("MaxPool", "max_pool2d", "pool")


def test_the_smallest_graph_has_both_nodes_that_were_fused(padded):
    kept = onnx.load(DEPARTURE / "departing.onnx")
    assert [node.op_type for node in kept.graph.node] == ["Pad", "MaxPool"]


@pytest.fixture
def departure(digits, monkeypatch, passes) -> Departure:
    """Of a graph whose second Relu onnxruntime drops."""
    wrong = Path("optimized.onnx").resolve()
    model = onnx.load(SIMPLIFIED)
    leave_out("Relu", 1)(model)
    onnx.save(model, wrong)
    compare = location.compare_answers

    def compare_answers(path, inputs, answers, policy, level):
        return compare(wrong if level == "all" else path, inputs, answers, policy, level)

    monkeypatch.setattr(location, "compare_answers", compare_answers)
    monkeypatch.setattr(location, "write_optimized", lambda path, target: Path(shutil.copy(wrong, target)))
    passes("locate")
    return read_departure()


def test_the_optimizer_is_the_cause(departure):
    assert (departure.cause, departure.unoptimized) == ("optimizer", True)


def test_the_node_of_the_optimized_graph_is_named(departure):
    assert departure.candidates[0].nodes == ["Identity node_relu_1"]


def test_its_source_is_that_of_the_plain_graph(departure):
    assert departure.candidates[0].source.module == "features.5"


def test_the_sentence_says_so(departure):
    assert departure.lines[3].startswith(
        "with onnxruntime's optimizer off the answers are right: the optimizer is the cause"
    )


def test_the_whole_graph_is_kept_where_a_piece_of_it_is_optimized_rightly(departure):
    kept = onnx.load(DEPARTURE / "departing.onnx")
    assert [value.name for value in kept.graph.output] == ["label", "probabilities"]


def test_onnxruntimes_own_optimized_graph_can_be_run_piece_by_piece(digits, tmp_path):
    pieces = Pieces(write_optimized(SIMPLIFIED, tmp_path / "optimized.onnx"))
    recording, events = optimizer.record_graph(pieces, load_calls()[0].inputs, tmp_path / "values")
    assert recording.values(events["probabilities"]).shape[1] == 10
