"""Outputs and target -> the task's metric. The same for PyTorch's answers, a graph's and .NET's."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.core.arrays import Array, is_text
from pipeline.core.contract import Task
from pipeline.core.errors import PipelineError
from pipeline.metrics.metric import Metric, load_metric
from pipeline.settings.model import TaskSettings

SETTING = "model.task.metric"


@dataclass(frozen=True)
class Score:
    """The metric `value`, and what it was measured on: `answers` and `target` of one form, as the metric took them.

    `qualities` has how good each row's answer is, higher being better, [rows]; None for a metric of many rows together.
    """

    metric: Metric
    value: float
    answers: Array
    target: Array
    qualities: Array | None

    def __len__(self) -> int:
        return len(self.target)


def describe_task(settings: TaskSettings, labels: list[str]) -> Task:
    """The task as the contract has it, its metric loaded once to know its direction.

    Raises:
        PipelineError: The metric cannot be loaded, or its direction is not known.
    """
    metric = load_metric(settings.metric.target, settings.metric.kwargs, settings.direction, SETTING)
    return Task(
        metric=metric.name,
        target=settings.metric.target,
        kwargs=settings.metric.kwargs,
        direction=metric.direction,
        output=settings.output,
        labels=labels,
    )


def score(task: Task, outputs: Mapping[str, Array], target: Array | None) -> Score:
    """Measure the task's metric.

    Answers and target of different shapes are taken as alike where they are without axes of length 1: [rows, 1] and [rows].

    Args:
        task: The contract's.
        outputs: Answers by output, the rows first.
        target: What they should be, as many rows.

    Raises:
        PipelineError: The output or the target is not there, or not what the metric needs, or it returns no number.
    """
    if task.output not in outputs:
        close = difflib.get_close_matches(task.output, outputs, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise PipelineError(f"model.task.output: expected one of {list(outputs)}, got {task.output!r}{hint}")
    if target is None:
        raise PipelineError(
            f"{SETTING}={task.metric} needs a `target` in the data, got none: give one (data._target_), or set model.task=null"
        )
    answers = outputs[task.output]
    if answers.ndim == 0 or target.ndim == 0 or len(answers) != len(target) or not len(target):
        raise PipelineError(
            f"model.task.output={task.output}: expected a row for each of `target`, got {_describe(answers)} and {_describe(target)}"
        )
    metric = load_metric(task.target, task.kwargs, task.direction, SETTING)
    answers, target = align(answers, target, metric, task)
    try:
        value = metric.measure(answers, target)
        return Score(metric, value, answers, target, metric.quality_of_rows(answers, target))
    except PipelineError as error:
        raise PipelineError(f"model.task.output={task.output}: {error}") from error.__cause__


def align(answers: Array, target: Array, metric: Metric, task: Task) -> tuple[Array, Array]:
    """Answers and target in one form: shapes without axes of length 1 where they differ, texts where the target is text."""
    if is_text(target) and not is_text(answers) and answers.dtype.kind in "iu" and answers.ndim == 2 and task.labels:
        return read_as_texts(answers, target, task), target
    if metric.takes != "texts" and answers.shape != target.shape:
        return drop_axes(answers), drop_axes(target)
    return answers, target


def drop_axes(array: Array) -> Array:
    """`array` without axes of length 1, but for the rows."""
    return array.reshape([size for axis, size in enumerate(array.shape) if axis == 0 or size != 1])


def read_as_texts(answers: Array, target: Array, task: Task) -> Array:
    """The texts [rows] that numbers [rows, length] spell by the output's labels; numbers below 0 spell nothing."""
    padding = task.kwargs.get("padding")
    texts = np.empty(len(target), dtype=object)
    for row, numbers in enumerate(answers.tolist()):
        spelled = [number for number in numbers if number >= 0 and number != padding]
        if spelled and max(spelled) >= len(task.labels):
            raise PipelineError(
                f"model.task.output={task.output}: expected numbers of the {len(task.labels)} labels (model.outputs.{task.output}.labels), got "
                f"{max(spelled)} in row {row}"
            )
        texts[row] = "".join(task.labels[number] for number in spelled)
    return texts


def _describe(array: Array) -> str:
    return f"{'text' if is_text(array) else array.dtype}{list(array.shape)}"
