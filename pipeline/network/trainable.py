"""Whether a network can learn from the data by a loss: found out on one row, before the first epoch. Imports torch."""

from collections.abc import Mapping
from typing import NoReturn

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.core.arrays import Array, Arrays, is_text
from pipeline.core.contract import BATCH
from pipeline.core.errors import PipelineError
from pipeline.network.losses import FORMS, SETTING, Criterion, load_criterion, raw_answer, squeezed
from pipeline.network.training import first_row, place_batch
from pipeline.settings.hydra_targets import resolve
from pipeline.settings.short_names import shorten
from pipeline.settings.train_section import Loss

TRAIN = "build/data/train.npz"


def prepare_criterion(
    network: nn.Module, data: Mapping[str, Arrays], name: str, axes: Mapping[str, int], loss: Loss
) -> Criterion:
    """The loss, once it is known that `network` can learn from `data` by it.

    Args:
        network: Has `logits(**inputs)`; for a loss of values, or one that is not known, `forward` will do.
        data: The arrays of each split.
        name: The model's, for errors.
        axes: Where the batch is, by input.
        loss: The setting train.loss.

    Raises:
        PipelineError: It cannot, with what is missing.
    """
    form = FORMS.get(resolve(loss.target, SETTING))
    if form in ("classes", "binary") and not callable(getattr(network, "logits", None)):
        raise PipelineError(
            f"model {name}: expected a method logits(**inputs) that training can compare with the target, got none in "
            f"{type(network).__name__}: add it, or use train=none"
        )
    target = data["train"].get("target")
    if target is None or (form == "classes" and target.dtype.kind not in "iu"):
        _refuse_target(target, form, loss)
    if not axes:
        raise PipelineError(
            f"model {name}: expected an axis named {BATCH} in model.dynamic_axes: training takes many rows a call; name it, or use train=none"
        )
    answer = _answer_one_row(network, data["train"], name, axes)
    criterion = load_criterion(loss, answer, target)
    _check_target(answer, data, criterion, loss)
    _try_loss(criterion, answer, torch.from_numpy(target[:1]), loss)
    return criterion


def _refuse_target(target: Array | None, form: str | None, loss: Loss, part: str = "train") -> NoReturn:
    got = "none" if target is None else f"{'text' if is_text(target) else target.dtype}{list(target.shape)}"
    expected = "integer class numbers of shape [rows]" if form == "classes" else "numbers"
    advice = " (text: name the classes in the labels of the task's output)" if "text" in got else ""
    raise PipelineError(
        f"build/data/{part}.npz: expected `target`, {expected}, for train.loss={shorten(loss.target)}, got {got}{advice}"
    )


def _answer_one_row(network: nn.Module, arrays: Arrays, name: str, axes: Mapping[str, int]) -> Tensor:
    inputs = first_row(arrays)
    network.eval()
    try:
        with torch.no_grad():
            return raw_answer(network, place_batch(inputs, axes))
    except (TypeError, RuntimeError, ValueError, IndexError) as error:
        method = "logits" if callable(getattr(network, "logits", None)) else "forward"
        shapes = {name: f"{tensor.dtype}{list(tensor.shape)}".removeprefix("torch.") for name, tensor in inputs.items()}
        raise PipelineError(
            f"model {name}: {type(network).__name__}.{method} cannot answer {shapes}: {' '.join(str(error).split())}: make arrays and "
            "arguments agree"
        ) from None


def _check_target(answer: Tensor, data: Mapping[str, Arrays], criterion: Criterion, loss: Loss) -> None:
    """Raise PipelineError unless the shape and the values of every split's target are those of the answer's form."""
    target = data["train"]["target"]
    if criterion.form == "classes":
        if answer.ndim < 2 or list(target.shape[1:]) != list(answer.shape[2:]):
            _refuse_target(target, "classes", loss)
        _check_splits(data, "classes", loss)
        _check_range(data, 0, answer.shape[1] - 1, "one for each of the network's logits")
        return
    if criterion.of_torch and target.dtype.kind not in "fiub":
        _refuse_target(target, criterion.form, loss)
    if criterion.of_torch and squeezed(answer) != squeezed(target):
        raise PipelineError(
            f"{TRAIN}: expected `target` of the network's shape [rows{''.join(f', {size}' for size in answer.shape[1:])}] for "
            f"train.loss={shorten(loss.target)}, got {list(target.shape)}: make the two agree, or take a loss of classes (cross_entropy)"
        )
    _check_splits(data, criterion.form, loss)
    if criterion.form == "binary":
        _check_range(data, 0, 1, "a yes or no for each logit")


def _check_splits(data: Mapping[str, Arrays], form: str | None, loss: Loss) -> None:
    """Raise PipelineError unless every split's target is of the training split's dtype and shape."""
    expected = data["train"]["target"]
    for part, arrays in data.items():
        target = arrays.get("target")
        if target is None or target.dtype != expected.dtype or target.shape[1:] != expected.shape[1:]:
            _refuse_target(target, form, loss, part)


def _check_range(data: Mapping[str, Arrays], lowest: int, highest: int, what: str) -> None:
    for part, arrays in data.items():
        low, high = np.min(arrays["target"]), np.max(arrays["target"])
        if low < lowest or high > highest:
            raise PipelineError(
                f"build/data/{part}.npz: expected `target` from {lowest} to {highest}, {what}, got {low} to {high}"
            )


def _try_loss(criterion: Criterion, answer: Tensor, target: Tensor, loss: Loss) -> None:
    """Raise PipelineError unless the loss of one row is floating numbers that have a gradient."""
    where = f"{SETTING}._target_={loss.target}"
    example = answer.detach().clone().requires_grad_()
    try:
        losses = criterion(example, target)
        trainable = losses.requires_grad and len(losses) == 1
    except (TypeError, RuntimeError, ValueError, LookupError, AttributeError) as error:
        raise PipelineError(
            f"{where}: cannot compare an answer {_describe(answer)} with a target {_describe(target)}: {' '.join(str(error).split())}: "
            "give a loss f(answer, target) that takes them"
        ) from None
    if not trainable:
        raise PipelineError(
            f"{where}: expected a loss f(answer, target) that gives one number, or one for each row, and has a gradient, got "
            f"{_describe(losses)} {'without a gradient' if not losses.requires_grad else 'for one row'}: training follows it"
        )


def _describe(tensor: Tensor) -> str:
    return f"{tensor.dtype}{list(tensor.shape)}".removeprefix("torch.")
