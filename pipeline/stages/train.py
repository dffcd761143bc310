"""train: build/data -> build/weights/checkpoint.safetensors, through accelerate.

The same code runs on one device and on many, on one host and on many: `accelerate launch ... -m pipeline train`, or
`torchrun` where there are only processors. The network learns through its
`logits(**inputs)`, compared with `target` by cross entropy. Where it has a method `adapt(target, **inputs)`, that sees the
training split once before (as Keras' `adapt` does): for means, scales and the like.
"""

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from pipeline.core.arrays import Arrays, load
from pipeline.core.contract import BATCH
from pipeline.core.errors import PipelineError
from pipeline.core.files import checked, replacing_folder, write_text
from pipeline.core.paths import CHECKPOINT, DATA, TRAIN_REPORT, TRAINING_CURVES, WEIGHTS
from pipeline.core.reports import TrainReport, write_report
from pipeline.network import encoders
from pipeline.network.axes import batch_axes
from pipeline.network.encoders import encode
from pipeline.network.factory import build, restore, save_weights
from pipeline.settings.params import Params, Train

COLUMNS = ("epoch", "lr", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy")


class ArrayDataset(Dataset[dict[str, Tensor]]):
    """The rows of named arrays."""

    def __init__(self, arrays: Arrays) -> None:
        self.tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}

    def __len__(self) -> int:
        return len(next(iter(self.tensors.values())))

    def __getitem__(self, row: int) -> dict[str, Tensor]:
        return {name: tensor[row] for name, tensor in self.tensors.items()}


class Objective(nn.Module):
    """The network with its loss, so that one forward call is what several processes synchronise."""

    def __init__(self, network: nn.Module, axes: Mapping[str, int]) -> None:
        super().__init__()
        self.network = network
        self.axes = axes

    def forward(self, target: Tensor, **inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Cross entropy of each row, float [batch], and whether it was answered rightly, bool [batch]."""
        logits = self.network.logits(**place_batch(inputs, self.axes))  # type: ignore[operator]
        return nn.functional.cross_entropy(logits, target, reduction="none"), logits.argmax(dim=-1) == target


def place_batch(inputs: Mapping[str, Tensor], axes: Mapping[str, int]) -> dict[str, Tensor]:
    """`inputs`, the batch first, as the network takes them: with its batch at `axes`."""
    return {name: tensor.movedim(0, axes.get(name, 0)) for name, tensor in inputs.items()}


@dataclass(frozen=True)
class Trained:
    """The weights with the lowest validation loss, and a row of COLUMNS an epoch."""

    state: Mapping[str, Tensor]
    best_epoch: int
    curves: list[dict[str, float]]


def learning_rate(step: int, steps: int, warmup: float) -> float:
    """Factor of the learning rate: a linear rise, then half a cosine down to 0 (Loshchilov and Hutter, SGDR, 2017)."""
    rise = max(1, round(steps * warmup))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def train(
    objective: Objective, data: Mapping[str, Arrays], config: Train, seed: int, accelerator: Accelerator
) -> Trained:
    """Train the objective's network on data["train"], stopping early on data["validation"].

    Raises:
        PipelineError: The loss is no longer finite.
    """
    generator = torch.Generator().manual_seed(seed)
    loaders = [
        DataLoader(ArrayDataset(data["train"]), config.batch_size, shuffle=True, generator=generator),
        DataLoader(ArrayDataset(data["validation"]), config.batch_size),
    ]
    optimizer = AdamW(objective.parameters(), lr=config.lr, weight_decay=config.weight_decay)
    objective, optimizer, training, validation = accelerator.prepare(objective, optimizer, *loaders)
    steps = len(training) * config.epochs
    schedule = LambdaLR(optimizer.optimizer, lambda step: learning_rate(step, steps, config.warmup))

    best, curves, best_epoch, best_state = math.inf, [], 0, {}
    bar = tqdm(range(1, config.epochs + 1), desc="train", unit="epoch", disable=not accelerator.is_main_process or None)
    for epoch in bar:
        rate = schedule.get_last_lr()[0]
        measured = []
        objective.train()
        for batch in training:
            losses, right = objective(**batch)
            accelerator.backward(losses.mean())
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
            measured.append(accelerator.gather_for_metrics((losses.detach(), right)))
        train_loss, train_accuracy = _mean(measured)
        objective.eval()
        with torch.no_grad():
            measured = [accelerator.gather_for_metrics(objective(**batch)) for batch in validation]
        validation_loss, validation_accuracy = _mean(measured)
        if not math.isfinite(train_loss + validation_loss):
            raise PipelineError(
                f"training diverged in epoch {epoch}: expected a finite loss, got {train_loss} (validation {validation_loss}); "
                f"lower train.lr (now {config.lr:g}) or look at the data"
            )
        curves.append(
            dict(
                zip(
                    COLUMNS,
                    (epoch, rate, train_loss, train_accuracy, validation_loss, validation_accuracy),
                    strict=True,
                )
            )
        )
        bar.set_postfix(loss=f"{validation_loss:.3f}", accuracy=f"{validation_accuracy:.3f}")
        if validation_loss < best:
            best, best_epoch = validation_loss, epoch
            best_state = {
                k: v.detach().cpu().clone() for k, v in accelerator.unwrap_model(objective).network.state_dict().items()
            }
        elif epoch - best_epoch >= config.patience:
            break
    return Trained(best_state, best_epoch, curves)


def _mean(measured: list[tuple[Tensor, Tensor]]) -> tuple[float, float]:
    """Mean loss and accuracy over all rows of an epoch."""
    losses = torch.cat([losses for losses, _ in measured])
    right = torch.cat([right for _, right in measured])
    return losses.double().mean().item(), right.double().mean().item()


def check(network: nn.Module, data: Mapping[str, Arrays], name: str, axes: Mapping[str, int]) -> None:
    """Raise PipelineError unless `network` can learn from `data`."""
    if not callable(getattr(network, "logits", None)):
        raise PipelineError(
            f"model {name}: expected a method logits(**inputs) that training can compare with the target, got none in "
            f"{type(network).__name__}: add it, or use train=none"
        )
    target = data["train"].get("target")
    if target is None or target.dtype.kind not in "iu" or target.ndim != 1:
        got = "none" if target is None else f"{target.dtype}{list(target.shape)}"
        raise PipelineError(
            f"build/data/train.npz: expected `target`, integer class numbers of shape [rows], got {got}"
        )
    inputs = {name: torch.from_numpy(array[:1]) for name, array in data["train"].items() if name != "target"}
    if not axes:
        raise PipelineError(
            f"model {name}: expected an axis named {BATCH} in model.dynamic_axes: training takes many rows a call; name it, or use train=none"
        )
    network.eval()
    try:
        with torch.no_grad():
            classes = network.logits(**place_batch(inputs, axes)).shape[-1]  # type: ignore[operator]
    except (TypeError, RuntimeError, ValueError, IndexError) as error:
        shapes = {name: f"{tensor.dtype}{list(tensor.shape)}".removeprefix("torch.") for name, tensor in inputs.items()}
        raise PipelineError(
            f"model {name}: {type(network).__name__}.logits cannot answer {shapes}: {' '.join(str(error).split())}: make arrays and "
            "arguments agree"
        ) from None
    for part, arrays in data.items():
        low, high = int(arrays["target"].min()), int(arrays["target"].max())
        if low < 0 or high >= classes:
            raise PipelineError(
                f"build/data/{part}.npz: expected `target` from 0 to {classes - 1}, one for each of the network's logits, got {low} to {high}"
            )


def write_curves(curves: list[dict[str, float]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(curves)
    write_text(TRAINING_CURVES, text.getvalue())


def run(params: Params) -> None:
    # Without this, `torchrun` on a machine with no accelerator would start so many trainings that know nothing of each other.
    accelerator = Accelerator(cpu=not torch.accelerator.is_available())
    set_seed(params.seed)
    torch.use_deterministic_algorithms(True)
    fit: dict[str, list[str]] = {}
    if params.model.weights is None:
        network = build(params.model.net)
    else:
        made_by = "the setting model.weights (or point it to another file)"
        network, fit = restore(params.model.net, Path(params.model.weights), made_by, strict=params.model.strict)
    if not params.train.enabled and accelerator.is_main_process:
        with replacing_folder(WEIGHTS) as folder:
            save_weights(network.state_dict(), folder / CHECKPOINT.name)
        write_curves([])
        write_report(
            TrainReport(
                parameters=sum(p.numel() for p in network.parameters()),
                missing=fit.get("missing", []),
                unexpected=fit.get("unexpected", []),
            )
        )
        left = "; ".join(f"{len(names)} {kind}" for kind, names in fit.items() if names)
        print(
            f"train: untrained (train=none): the weights are kept as they are{f' ({left}: {TRAIN_REPORT})' if left else ''}"
        )
    if not params.train.enabled:
        return
    learnt = encoders.load_encoders()
    data = {
        part: encode(load(checked(DATA / f"{part}.npz", "prepare"), made_by="prepare"), learnt)
        for part in ("train", "validation")
    }
    axes = batch_axes(params.model)
    check(network, data, params.model.name, axes)
    if callable(adapt := getattr(network, "adapt", None)) and params.model.weights is None:
        adapt(**{name: torch.from_numpy(array) for name, array in data["train"].items()})
    done = train(Objective(network, axes), data, params.train, params.seed, accelerator)
    if not accelerator.is_main_process:
        return
    best = done.curves[done.best_epoch - 1]
    with replacing_folder(WEIGHTS) as folder:
        save_weights(done.state, folder / CHECKPOINT.name)
    write_curves(done.curves)
    write_report(
        TrainReport(
            parameters=sum(p.numel() for p in network.parameters()),
            epochs=len(done.curves),
            best_epoch=done.best_epoch,
            validation_loss=best["validation_loss"],
            validation_accuracy=best["validation_accuracy"],
            missing=fit.get("missing", []),
            unexpected=fit.get("unexpected", []),
        )
    )
    print(
        f"train: best of {len(done.curves)} epochs is {done.best_epoch}: validation loss {best['validation_loss']:.4f}, "
        f"accuracy {best['validation_accuracy']:.4f}"
    )
