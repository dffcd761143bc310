"""The loss that `train.loss` names, and what a network's raw answer means beside a target. Imports torch."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn

from pipeline.core.arrays import Array
from pipeline.core.errors import PipelineError
from pipeline.settings.hydra_targets import call, resolve, signature_of
from pipeline.settings.train_section import Loss

SETTING = "train.loss"
# classes: a score for each class [rows, classes, ...], target class numbers [rows, ...]. binary: a logit for each target of 0 or
# 1. values: a number for each number.
Form = Literal["classes", "binary", "values"]
# Losses whose form does not depend on the data.
FORMS: dict[Callable[..., Any], Form] = {
    nn.CrossEntropyLoss: "classes",
    nn.NLLLoss: "classes",
    nn.MultiMarginLoss: "classes",
    nn.functional.cross_entropy: "classes",
    nn.functional.nll_loss: "classes",
    nn.BCEWithLogitsLoss: "binary",
    nn.MultiLabelSoftMarginLoss: "binary",
    nn.functional.binary_cross_entropy_with_logits: "binary",
    nn.MSELoss: "values",
    nn.L1Loss: "values",
    nn.HuberLoss: "values",
    nn.SmoothL1Loss: "values",
}
# With these, torch's own mean is not the mean of the rows.
WEIGHTED = ("reduction", "weight", "ignore_index")


class Criterion(nn.Module):
    """A loss of a raw answer and a target: one number a row.

    A loss that gives one number for the whole batch counts as that number for each of its rows; one that gives several a row,
    as their mean.
    """

    def __init__(self, loss: Callable[[Tensor, Tensor], Tensor], form: Form, *, of_torch: bool) -> None:
        super().__init__()
        self.loss = loss
        self.form = form
        self.of_torch = of_torch

    def forward(self, answer: Tensor, target: Tensor) -> Tensor:
        """The loss of each row, float [batch]."""
        losses = self.loss(answer, self.prepare(answer, target))
        if losses.ndim == 0:
            return losses.expand(len(target))
        return losses.flatten(1).mean(dim=1) if losses.ndim > 1 else losses

    def prepare(self, answer: Tensor, target: Tensor) -> Tensor:
        """The target in the dtype that the loss takes, and of the answer's shape where the two differ by axes of length 1."""
        if self.form == "classes":
            return target.long()
        if self.of_torch or target.is_floating_point():
            target = target.to(answer.dtype)
        return target.reshape(answer.shape) if squeezed(answer) == squeezed(target) else target


def squeezed(tensor: Tensor | Array) -> list[int]:
    """The sizes of the axes after the rows, without those of length 1."""
    return [size for size in tensor.shape[1:] if size != 1]


def load_criterion(settings: Loss, answer: Tensor, target: Array) -> Criterion:
    """Import and make the loss.

    Args:
        settings: A class, made with kwargs, or a function f(answer, target) that takes them.
        answer: The network's raw answer to one row.
        target: The whole target; with the answer's shape it tells what a loss of somebody's own compares.

    Raises:
        PipelineError: The loss cannot be imported or made.
    """
    function = resolve(settings.target, SETTING)
    form = FORMS.get(function)
    if form is None:
        form = "classes" if target.dtype.kind in "iu" and answer.ndim == target.ndim + 1 else "values"
    of_torch = getattr(function, "__module__", "").partition(".")[0] == "torch"
    kwargs = _fill_kwargs(function, settings.kwargs) if of_torch else dict(settings.kwargs)
    if not inspect.isclass(function):
        return Criterion(functools.partial(function, **kwargs), form, of_torch=of_torch)
    where = f"{SETTING}._target_={settings.target}, {SETTING}.kwargs={settings.kwargs}"
    return Criterion(call(function, kwargs, where), form, of_torch=of_torch)


def _fill_kwargs(function: Callable[..., Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a loss of torch's: lists as tensors, and a loss for each row where that changes no mean."""
    filled = {
        name: torch.tensor(value, dtype=torch.float32) if isinstance(value, list) else value
        for name, value in kwargs.items()
    }
    signature = signature_of(function)
    if signature and "reduction" in signature.parameters and not any(name in kwargs for name in WEIGHTED):
        filled["reduction"] = "none"
    return filled


def raw_answer(network: nn.Module, inputs: Mapping[str, Tensor]) -> Tensor:
    """What training compares with the target: `logits(**inputs)`, or what `forward` answers in floating numbers.

    Raises:
        PipelineError: The network has no `logits`, and `forward` answers no or several floating tensors.
    """
    if callable(logits := getattr(network, "logits", None)):
        answer: Tensor = logits(**inputs)
        return answer
    answered = network(**inputs)
    parts = list(answered.values()) if isinstance(answered, Mapping) else answered
    tensors = [parts] if isinstance(parts, Tensor) else [part for part in parts if isinstance(part, Tensor)]
    floating = [tensor for tensor in tensors if tensor.is_floating_point()]
    if len(floating) != 1:
        raise PipelineError(
            f"{type(network).__name__}.forward: expected one floating tensor that training can compare with the target, got {len(floating)}: "
            "add a method logits(**inputs) that gives it"
        )
    return floating[0]


def decide(answer: Tensor, target: Tensor, form: Form, takes: str) -> Tensor:
    """A raw answer in the form that a metric takes.

    Args:
        answer: The network's, [batch, ...].
        target: What it should be.
        form: What the answer means.
        takes: "scores": probabilities. "values": numbers. Else: class numbers, where the answer means classes.
    """
    if form == "classes":
        return answer.softmax(dim=1) if takes == "scores" else answer.argmax(dim=1)
    if form == "binary":
        answer = answer.sigmoid() if takes in ("scores", "values") else (answer > 0).long()
    return answer.reshape(target.shape) if squeezed(answer) == squeezed(target) else answer
