import pytest
from pydantic import ValidationError

from pipeline.core.task_detail import TaskDetail

CLASS = {"label": "a", "support": 3, "precision": 1.0, "recall": 1.0, "f1": 1.0}


def test_a_square_of_the_classes_is_a_confusion_matrix():
    assert TaskDetail.model_validate({"classes": [CLASS], "confusion": [[3]]}).confusion == [[3]]


@pytest.mark.parametrize(
    "broken",
    [
        {"classes": [CLASS], "confusion": [[3], [0]]},
        {"classes": [CLASS], "confusion": [[3, 0]]},
        {"classes": [], "confusion": [[3]]},
        {"classes": [CLASS], "confusion": [[-1]]},
        {"classes": [{**CLASS, "f1": float("nan")}]},
        {"points": [[1.0]]},
        {"points": [[1.0, 2.0, 3.0]]},
        {"points": [[1.0, float("inf")]]},
    ],
    ids=["rows", "columns", "no classes", "below 0", "no number", "one", "three", "infinite"],
)
def test_what_cannot_be_drawn_is_no_detail(broken):
    with pytest.raises(ValidationError):
        TaskDetail.model_validate(broken)
