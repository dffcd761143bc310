"""What `locate` refuses, in one sentence."""

import json
from pathlib import Path

from broken_graphs import edit_graph, leave_out

from pipeline.core.paths import CHECKPOINT, DEPARTURE, PARITY_REPORT, SIMPLIFIED


def test_a_report_of_another_build_is_refused(digits, fails):
    edit_graph(SIMPLIFIED, leave_out("Relu"))
    assert "reports/parity.json is of another build than build/simplified/model.onnx" in fails("locate")


def test_a_missing_report_is_refused(digits, fails):
    PARITY_REPORT.unlink()
    assert "reports/parity.json is missing: it is written by `python -m pipeline validate`" in fails("locate")


def test_a_call_that_there_is_not_is_refused(digits, fails):
    assert "--call: expected a golden call of reports/parity.json, got 'rows-99': give one of " in fails(
        "locate", "--call", "rows-99"
    )


def test_a_graph_that_has_no_values_to_compare_is_refused(digits, fails):
    report = json.loads(PARITY_REPORT.read_text())
    report["comparisons"][0] |= {"case": "contract", "passed": False, "problem": "output 'label' is missing"}
    PARITY_REPORT.write_text(json.dumps(report))
    assert (
        "no value can be compared, since the graph is not what the contract says: output 'label' is missing"
        in fails("locate")
    )


def test_missing_weights_are_refused(digits, find, fails):
    find(leave_out("Relu"))
    CHECKPOINT.unlink()
    assert "build/weights/checkpoint.safetensors is missing" in fails("locate")


def test_a_row_of_the_test_split_is_a_call(digits, passes, find):
    find(leave_out("Relu"))
    report = json.loads(PARITY_REPORT.read_text())
    report["comparisons"] = [entry for entry in report["comparisons"] if entry["case"] == "test"]
    PARITY_REPORT.write_text(json.dumps(report))
    passes("locate")
    assert json.loads((DEPARTURE / "departure.json").read_text())["call"].startswith("test, row ")


def test_fingerprint_clears_what_an_earlier_build_left(digits, find, passes):
    find(leave_out("Relu"))
    passes("fingerprint")
    assert not Path(DEPARTURE).exists()
