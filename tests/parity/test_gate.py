import pytest

from pipeline.core.parity_report import Comparison, PairedScore, TaskReport
from pipeline.parity.gate import explain_failure

ALIKE = Comparison.model_construct(passed=True, values=1)


@pytest.mark.parametrize(("direction", "verb"), [("higher", "falls"), ("lower", "rises")])
def test_a_metric_that_is_worse_in_its_direction(direction, verb):
    paired = PairedScore(changed=3, better=1, worse=2, loss=0.5, bound=0.9, bound_of="worse rows")
    task = TaskReport(
        metric="rate",
        direction=direction,
        rows=9,
        eager=1.0,
        export=1.0,
        simplify=1.5,
        budget=0.1,
        paired={"simplify": paired},
        passed=False,
    )
    assert explain_failure([ALIKE], task=task) == (
        f"the rate on 9 test rows {verb} by more than parity.task_budget=0.1: PyTorch 1.0000, export 1.0000, simplify 1.5000; "
        "simplify: 3 rows changed their answer (2 worse, 1 better)"
    )


def test_a_graph_that_has_no_metric_is_explained():
    task = TaskReport(
        metric="f1",
        rows=9,
        eager=1.0,
        export=1.0,
        simplify=None,
        budget=0.1,
        problems={"simplify": "f1: expected two classes"},
        passed=False,
    )
    assert explain_failure([ALIKE], task=task).endswith(
        "export 1.0000, simplify none; simplify: f1: expected two classes"
    )


def test_rows_that_are_not_told_apart():
    paired = PairedScore(changed=3, better=None, worse=None, loss=0.5, bound=0.9, bound_of="loss")
    task = TaskReport(
        metric="f1", rows=9, eager=1.0, export=None, simplify=0.5, budget=0.1, paired={"simplify": paired}, passed=False
    )
    assert explain_failure([ALIKE], task=task).endswith("simplify: 3 rows changed their answer")
