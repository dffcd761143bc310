import numpy as np

import sample_reports as samples
from pipeline.compare.policy import Policy, Tolerance
from pipeline.core.golden import GoldenCall
from pipeline.core.reports import ExportReport, GraphSize, SimplifyReport
from pipeline.parity.evidence import DRAWN, EvidenceCollector, GraphHistory, describe_answers

POLICY = Policy(Tolerance(0.1, 0.0))
SIZE = GraphSize(nodes=3, ops={"Conv": 3}, initializers=1, foldable=0, bytes=9)
HISTORY = GraphHistory(
    ExportReport(
        opset=20,
        ir_version=10,
        torch="2",
        exporter="dynamo",
        attempts={},
        golden_calls=1,
        golden_texts=0,
        left_out={},
        before_folding=SIZE,
        graph=SIZE,
    ),
    SimplifyReport(nodes=3, bytes=9, folded_constants=0, before=SIZE, after=SIZE),
    {"torch": "2.13.0"},
    {"test": "4" * 64},
)


def look(outputs: dict, got: dict, policy: Policy = POLICY) -> EvidenceCollector:
    """A collector that has seen one call of two rows."""
    specs = [{**samples.TENSOR, "name": name} for name in outputs]
    collector = EvidenceCollector(samples.contract(outputs=specs), policy)
    call = GoldenCall("rows-2", "rows", 2, {}, {"x": np.zeros((2, 8, 8), np.float32)}, outputs)
    collector.add(call, got, rows=True)
    return collector


def test_a_floating_output_is_sampled():
    collector = look({"y": np.zeros((2, 3))}, {"y": np.full((2, 3), 0.05)})
    evidence = describe_answers({"simplify": collector}, "simplify", HISTORY)
    assert evidence.outputs["y"].used == [0.5]
    assert sum(evidence.outputs["y"].histograms["simplify"].counts) == 6


def test_a_class_number_is_not_sampled_but_seen_in_rows():
    collector = look({"k": np.array([1, 2])}, {"k": np.array([1, 3])})
    assert collector.samples == {}
    assert next(row.row for row in collector.rows.rows()) == 1


def test_answers_of_another_shape_or_type_are_passed_over():
    for answer in (np.zeros((2, 4)), np.zeros((2, 3), np.float32), np.full((2, 3), "a", object)):
        collector = look({"y": np.zeros((2, 3))}, {"y": answer})
        assert (collector.samples, collector.rows.rows()) == ({}, [])


def test_a_missing_answer_is_passed_over():
    assert look({"y": np.zeros((2, 3))}, {}).rows.rows() == []


def test_an_output_without_a_tolerance_is_not_drawn():
    assert look({"y": np.zeros((2, 3))}, {"y": np.zeros((2, 3))}, Policy(Tolerance(0.0, 0.0))).samples == {}


def test_the_worst_outputs_are_drawn():
    outputs = {f"y{number}": np.zeros((2, 1)) for number in range(DRAWN + 5)}
    got = {name: array + 0.001 * place for place, (name, array) in enumerate(outputs.items())}
    evidence = describe_answers({"export": look(outputs, got)}, "export", HISTORY)
    assert list(evidence.outputs) == list(outputs)[5:]


def test_every_graph_has_a_histogram():
    outputs, got = {"y": np.zeros((2, 3))}, {"y": np.zeros((2, 3))}
    collectors = {"export": look(outputs, got), "simplify": look(outputs, {})}
    assert list(describe_answers(collectors, "export", HISTORY).outputs["y"].histograms) == ["export"]


def test_where_the_graph_comes_from():
    evidence = describe_answers({"export": look({}, {})}, "export", HISTORY)
    assert (list(evidence.graphs), evidence.versions, evidence.data_sha256) == (
        ["traced", "export", "simplify"],
        HISTORY.versions,
        HISTORY.data_sha256,
    )
