"""A graph that is right as it is and wrong once onnxruntime has optimized it: an optimizer that errs stands in for onnxruntime's."""

import shutil
from pathlib import Path

import onnx
import pytest
from broken_graphs import leave_out

from pipeline.core.departure import Departure, read_departure
from pipeline.core.golden import load_calls
from pipeline.core.paths import DEPARTURE, SIMPLIFIED
from pipeline.departure import location, optimizer
from pipeline.departure.pieces import Pieces


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
    monkeypatch.setattr(optimizer, "write_optimized", lambda path, target: Path(shutil.copy(wrong, target)))
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
    pieces = Pieces(optimizer.write_optimized(SIMPLIFIED, tmp_path / "optimized.onnx"))
    recording, events = optimizer.record_graph(pieces, load_calls()[0].inputs, tmp_path / "values")
    assert recording.values(events["probabilities"]).shape[1] == 10
