"""How the model does at its task, row by row and class by class: what the model card tells and the pictures draw."""

from typing import Annotated, Self

from pydantic import Field, NonNegativeInt, model_validator

from pipeline.core.records import Record


class ClassScores(Record):
    """One class on the test split: rows that are of it, and precision, recall and F1 of the answers (0 where nothing divides)."""

    label: str
    support: NonNegativeInt
    precision: float
    recall: float
    f1: float


class TaskDetail(Record):
    """The simplified graph's answers to the test split beside the targets.

    Of classes: `classes`, and `confusion`, rows of a target by the class that was answered, [target][answer]. Of values: `points`,
    [target, answer] of rows spread evenly over the split. What a task has not is empty.
    """

    classes: list[ClassScores] = Field(default=[])
    confusion: list[list[NonNegativeInt]] = Field(default=[])
    points: list[Annotated[list[float], Field(min_length=2, max_length=2)]] = Field(default=[])

    @model_validator(mode="after")
    def _check_square(self) -> Self:
        if self.confusion and {len(self.classes)} != {len(self.confusion), *map(len, self.confusion)}:
            raise ValueError("a confusion matrix has a row and a column for each class")
        return self
