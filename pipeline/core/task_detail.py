"""How the model does at its task, row by row and class by class: what the model card tells and the pictures draw."""

from pydantic import Field

from pipeline.core.records import Record


class ClassScores(Record):
    """One class on the test split: rows that are of it, and precision, recall and F1 of the answers (0 where nothing divides)."""

    label: str
    support: int
    precision: float
    recall: float
    f1: float


class TaskDetail(Record):
    """The simplified graph's answers to the test split beside the targets.

    Of classes: `classes`, and `confusion`, rows of a target by the class that was answered, [target][answer]. Of values: `points`,
    [target, answer] of rows spread evenly over the split. What a task has not is empty.
    """

    classes: list[ClassScores] = Field(default=[])
    confusion: list[list[int]] = Field(default=[])
    points: list[list[float]] = Field(default=[])
