"""A metric of a `_target_`: what it is called with, what it takes, and which direction is better."""

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.core.arrays import Array
from pipeline.core.errors import PipelineError
from pipeline.metrics import classification, error_rates, regression
from pipeline.settings.hydra_targets import call, resolve, signature_of
from pipeline.settings.model import Direction
from pipeline.settings.short_names import shorten

# classes: numbers of classes. scores: of each class. values: numbers. texts: texts, or rows of numbers. any: whatever it takes.
Takes = Literal["classes", "scores", "values", "texts", "any"]
# What scikit-learn, torchmetrics and others call the target, and the answers.
TARGET_NAMES = ("target", "y_true", "targets", "labels_true", "truth", "y")
ANSWER_NAMES = (
    "answers",
    "preds",
    "y_pred",
    "y_score",
    "y_prob",
    "y_proba",
    "pred",
    "predictions",
    "labels_pred",
    "input",
)
# Of these, such as take a score of each class.
SCORE_NAMES = ("y_score", "y_prob", "y_proba")
# Libraries whose functions take tensors.
TENSORS = ("torch", "torchmetrics")


@dataclass(frozen=True)
class Shipped:
    """What is known of a metric that ships.

    `rows` gives a number for each row, of which fewer errors or more rightness make the metric better; None where only many
    rows together have a value. `bounded` metrics are at most 1; the others are in the target's unit.
    """

    direction: Direction
    takes: Takes
    rows: Callable[..., Array] | None = None
    rows_direction: Direction = "higher"
    bounded: bool = True


SHIPPED: Mapping[Callable[..., Any], Shipped] = {
    classification.accuracy: Shipped("higher", "classes", classification.accurate_rows),
    classification.top5: Shipped("higher", "scores", classification.top_k_rows),
    classification.top_k: Shipped("higher", "scores", classification.top_k_rows),
    classification.macro_f1: Shipped("higher", "classes"),
    classification.auroc: Shipped("higher", "scores"),
    classification.mean_iou: Shipped("higher", "classes"),
    regression.mae: Shipped("lower", "values", regression.absolute_errors, "lower", bounded=False),
    regression.rmse: Shipped("lower", "values", regression.squared_errors, "lower", bounded=False),
    regression.r2: Shipped("higher", "values", regression.squared_errors, "lower"),
    error_rates.cer: Shipped("lower", "texts", error_rates.character_edits, "lower"),
    error_rates.wer: Shipped("lower", "texts", error_rates.word_edits, "lower"),
}


@dataclass(frozen=True)
class Metric:
    """A metric that is ready to be called; `measure` gives one finite number."""

    name: str
    direction: Direction
    takes: Takes
    bounded: bool
    _function: Callable[..., Any]
    _argument_names: tuple[str, str]
    _kwargs: Mapping[str, Any]
    _rows: Callable[..., Array] | None
    _rows_direction: Direction
    _where: str

    def measure(self, answers: Array, target: Array) -> float:
        """The metric of all rows.

        Raises:
            PipelineError: The metric refuses them, or returns anything but one finite number.
        """
        arguments = dict(zip(self._argument_names, (answers, target), strict=True))
        return self._as_number(call(self._function, {**self._kwargs, **arguments}, self._where))

    def quality_of_rows(self, answers: Array, target: Array) -> Array | None:
        """How good each row's answer is, higher being better, [rows]; None for a metric of many rows together."""
        if self._rows is None:
            return None
        values = self._rows(answers, target, **self._kwargs)
        return values if self._rows_direction == "higher" else -values

    def loss(self, eager: float, other: float) -> float:
        """By how much `other` is worse than `eager`; below 0 where it is better."""
        return eager - other if self.direction == "higher" else other - eager

    def _as_number(self, returned: Any) -> float:
        value = returned
        if hasattr(value, "item") and getattr(value, "shape", ()) in ((), (1,)):
            value = value.item()
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            got = f"{type(returned).__name__} {' '.join(str(returned).split())[:60]}"
            raise PipelineError(
                f"{self._where}: expected a metric that returns one finite number, got {got}: average what it returns, or take another"
            )
        return float(value)


def load_metric(target: str, kwargs: Mapping[str, Any], direction: Direction | None, setting: str) -> Metric:
    """Import a metric: a function of answers and target, or a class whose instances are (torchmetrics').

    Args:
        target: Its importable name.
        kwargs: A function's further arguments, or a class's.
        direction: What the configuration says is better; None where the metric knows.
        setting: Where the metric stands in the configuration, for errors.

    Raises:
        PipelineError: It cannot be imported or made, takes no answers and target, or its direction is unknown or another.
    """
    function = resolve(target, setting)
    where = f"{setting}._target_={target}" + (f", {setting}.kwargs={dict(kwargs)}" if kwargs else "")
    shipped = SHIPPED.get(function)
    known: Direction | None = shipped.direction if shipped else None
    if inspect.isclass(function):
        function, kwargs = call(function, kwargs, where), {}
        higher = getattr(function, "higher_is_better", None)
        known = None if higher is None else "higher" if higher else "lower"
    of_tensors = (hasattr(function, "update") and hasattr(function, "compute")) or _module(function) in TENSORS
    if of_tensors:
        from pipeline.metrics.torch_metric import takes_tensors

        function, kwargs = takes_tensors(function, kwargs), {}
    if direction and known and direction != known:
        raise PipelineError(
            f"{setting}: {shorten(target)} is better when {known}, got direction={direction}: leave it out"
        )
    if (direction or known) is None:
        raise PipelineError(
            f"{where} does not say whether more or less of it is better: expected the setting direction=higher or direction=lower, got none"
        )
    arguments = _find_arguments(function, kwargs, where)
    takes: Takes = shipped.takes if shipped else "scores" if of_tensors or arguments[0] in SCORE_NAMES else "any"
    return Metric(
        name=shorten(target),
        direction=direction or known or "higher",
        takes=takes,
        bounded=bool(shipped and shipped.bounded),
        _function=function,
        _argument_names=arguments,
        _kwargs=dict(kwargs),
        _rows=shipped.rows if shipped else None,
        _rows_direction=shipped.rows_direction if shipped else "higher",
        _where=where,
    )


def _module(function: Callable[..., Any]) -> str:
    return getattr(function, "__module__", "").partition(".")[0]


def _find_arguments(function: Callable[..., Any], kwargs: Mapping[str, Any], where: str) -> tuple[str, str]:
    """The names under which a metric takes the answers and the target: by name, else the first two in this order."""
    signature = signature_of(function)
    if signature is None:
        raise PipelineError(
            f"{where}: expected a function whose arguments can be read, got one in C: wrap it in a function f(answers, target)"
        )
    positional = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    names = [p.name for p in signature.parameters.values() if p.kind in positional and p.name not in kwargs]
    target = next((name for name in TARGET_NAMES if name in names), None)
    others = [name for name in names if name != target]
    answers = next((name for name in ANSWER_NAMES if name in others), others[0] if others else None)
    if target is None:
        target = next((name for name in others if name != answers), None)
    if answers is None or target is None:
        raise PipelineError(
            f"{where}: expected a function f(answers, target) of the answers and the target, got {signature}"
        )
    return answers, target
