import re

import numpy as np

import sample_reports as samples
from pipeline.registry.pictures.canvas import INNER
from pipeline.registry.pictures.task_picture import picture_task
from sample_reports import CLASS, CONFUSION, TASK, VALUES


def picture(detail, **task):
    return picture_task(samples.parity(task={**TASK, "rows": 100, **task}, task_detail=detail))


def text(drawn) -> str:
    return "".join(drawn.parts)


def test_classes_have_a_confusion_matrix():
    drawn = picture(CONFUSION)
    assert (drawn.name, drawn.title) == ("confusion", "84 of 100 test rows get the right class")
    assert "accuracy 0.96" in drawn.subtitle


def test_recall_and_precision_stand_beside_each_row():
    numbers = re.findall(r'text-anchor="end">([\d.]+)</text>', text(picture(CONFUSION)))
    assert numbers == ["0.7", "0.875", "0.7", "0.875"]


def test_a_class_without_rows_has_no_recall():
    absent = {**CONFUSION, "classes": [CLASS, {**CLASS, "support": 0}]}
    assert ">–<" in text(picture(absent))


def test_a_matrix_of_many_classes_takes_all_of_the_width():
    many = {
        "classes": [{**CLASS, "label": str(number)} for number in range(40)],
        "confusion": np.eye(40, dtype=int).tolist(),
    }
    assert f'width="{INNER:.1f}"' in text(picture(many))
    assert "recall" not in text(picture(many))


def test_values_have_residuals():
    drawn = picture(VALUES, metric="rmse", rows=3)
    assert (drawn.name, drawn.title) == ("residuals", "Half of the answers are within 10 of their target")
    assert "rows are drawn" not in drawn.subtitle


def test_a_sample_of_values_says_so():
    assert "3 of 100 rows are drawn" in picture(VALUES).subtitle


def test_no_task_and_no_detail_have_no_picture():
    assert picture_task(samples.parity(task=None)) is None
    assert picture_task(samples.parity(task=TASK)) is None
    assert picture({"classes": [CLASS]}) is None
