"""Training: the network learns through its `logits(**inputs)`, compared with `target` by a loss. Imports torch, accelerate.

The same code runs on one device and on many, on one host and on many: `accelerate launch ... -m pipeline train`, or
`torchrun` where there are only processors.
"""

import inspect
import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from accelerate import Accelerator, DistributedType
from accelerate.utils import set_seed
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, Dataset

from pipeline.core import events
from pipeline.core.arrays import Array, Arrays
from pipeline.core.errors import PipelineError
from pipeline.core.progress import LongWork
from pipeline.network.losses import Criterion, decide, raw_answer
from pipeline.network.threads import count_multiply_adds
from pipeline.settings.train_section import Train


class Epoch(NamedTuple):
    """One pass over the training split: the learning rate at its start, mean loss and the metric that training reports."""

    epoch: int
    lr: float
    train_loss: float
    train_metric: float
    validation_loss: float
    validation_metric: float


class Progress(NamedTuple):
    """The metric that training reports, by its name: `measure(answers, target)` takes answers in the form `takes`.

    `decides` says whether it, and not the validation loss, tells which epoch is best; `higher` which direction is better.
    """

    name: str
    measure: Callable[[Array, Array], float]
    takes: str
    higher: bool
    decides: bool

    def is_better(self, epoch: "Epoch", best: "Epoch") -> bool:
        if not self.decides:
            return epoch.validation_loss < best.validation_loss
        if self.higher:
            return epoch.validation_metric > best.validation_metric
        return epoch.validation_metric < best.validation_metric


class TrainingResult(NamedTuple):
    """The state_dict of the best epoch, the epoch that it is from, and every epoch."""

    state: Mapping[str, Tensor]
    best: Epoch
    epochs: list[Epoch]


class ArrayDataset(Dataset[dict[str, Tensor]]):
    """The rows of named arrays, a batch at a time: torch would take them one by one and put them together again."""

    def __init__(self, arrays: Arrays) -> None:
        self.tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}

    def __len__(self) -> int:
        return len(next(iter(self.tensors.values())))

    def __getitems__(self, rows: list[int]) -> dict[str, Tensor]:
        return {name: tensor[rows] for name, tensor in self.tensors.items()}

    def batches(self, size: int, shuffle: torch.Generator | None = None) -> DataLoader[dict[str, Tensor]]:
        """All rows once an epoch, in their order, or in a new one each time."""
        return DataLoader(self, size, shuffle=shuffle is not None, generator=shuffle, collate_fn=lambda batch: batch)


class EagerAdamW(AdamW):
    """AdamW, bit for bit, without the wrappers that import torch's compiler (1.2 s) for a loop that compiles nothing.

    What is wrapped is the method as torch wrote it; one that has no wrapper stays as it is. `step` records no gradients of
    its own, which its wrapper sees to.
    """

    add_param_group = inspect.unwrap(AdamW.add_param_group)
    load_state_dict = inspect.unwrap(AdamW.load_state_dict)
    state_dict = inspect.unwrap(AdamW.state_dict)
    step = torch.no_grad()(inspect.unwrap(AdamW.step))
    zero_grad = inspect.unwrap(AdamW.zero_grad)


class Objective(nn.Module):
    """The network with its loss, so that one forward call is what several processes synchronise."""

    def __init__(self, network: nn.Module, axes: Mapping[str, int], criterion: Criterion, progress: Progress) -> None:
        super().__init__()
        self.network = network
        self.axes = axes
        self.criterion = criterion
        self.progress = progress

    def forward(self, target: Tensor, **inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The loss of each row, float [batch]; the answers in the form that the metric takes; the target."""
        answer = raw_answer(self.network, place_batch(inputs, self.axes))
        return (
            self.criterion(answer, target),
            decide(answer.detach(), target, self.criterion.form, self.progress.takes),
            target,
        )


def place_batch(inputs: Mapping[str, Tensor], axes: Mapping[str, int]) -> dict[str, Tensor]:
    """`inputs`, the batch first, as the network takes them: with its batch at `axes`."""
    return {name: tensor.movedim(0, axes.get(name, 0)) for name, tensor in inputs.items()}


def start_accelerator(seed: int) -> Accelerator:
    """accelerate, with every source of random numbers at `seed` and only operators that give the same bits each time."""
    # Without this, `torchrun` on a machine with no accelerator would start so many trainings that know nothing of each other.
    accelerator = Accelerator(cpu=not torch.accelerator.is_available())
    set_seed(seed)
    # As torch.use_deterministic_algorithms(True) does, which imports torch's compiler (1.1 s) to tell it too.
    torch.set_deterministic_debug_mode("error")
    return accelerator


def learning_rate(step: int, steps: int, warmup: float) -> float:
    """Factor of the learning rate: a linear rise, then half a cosine down to 0 (Loshchilov and Hutter, SGDR, 2017)."""
    rise = max(1, round(steps * warmup))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def train(
    objective: Objective, data: Mapping[str, Arrays], config: Train, seed: int, accelerator: Accelerator
) -> TrainingResult:
    """Train the objective's network on data["train"], stopping early on data["validation"].

    Raises:
        PipelineError: The loss is no longer finite, or the metric cannot be measured.
    """
    loaders = (
        ArrayDataset(data["train"]).batches(config.batch_size, shuffle=torch.Generator().manual_seed(seed)),
        ArrayDataset(data["validation"]).batches(config.batch_size),
    )
    network, progress = objective.network, objective.progress
    optimizer = EagerAdamW(objective.parameters(), lr=config.lr, weight_decay=config.weight_decay)
    # Unless it is told that everything goes to the device, accelerate imports torch.distributed.tensor (1 s) to find out.
    everything = [True] * 4 if accelerator.distributed_type == DistributedType.NO else None
    objective, optimizer, training, validation = accelerator.prepare(
        objective, optimizer, *loaders, device_placement=everything
    )
    steps = len(training) * config.epochs
    schedule = LambdaLR(optimizer.optimizer, lambda step: learning_rate(step, steps, config.warmup))

    epochs: list[Epoch] = []
    best_state: dict[str, Tensor] = {}
    best = Epoch(0, 0.0, math.inf, math.nan, math.inf, -math.inf if progress.higher else math.inf)
    shown = LongWork("train", "epochs", config.epochs, shown=accelerator.is_main_process)
    for number in shown.over(range(1, config.epochs + 1)):
        rate = float(schedule.get_last_lr()[0])
        answers = []
        objective.train()
        for batch in training:
            losses, decided, target = objective(**batch)
            accelerator.backward(losses.mean())
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
            answers.append(accelerator.gather_for_metrics((losses.detach(), decided, target)))
        train_loss, train_metric = _summarize(answers, progress, "training")
        objective.eval()
        with torch.no_grad():
            answers = [accelerator.gather_for_metrics(objective(**batch)) for batch in validation]
        validation_loss, validation_metric = _summarize(answers, progress, "validation")
        if not math.isfinite(train_loss + validation_loss):
            raise PipelineError(
                f"training diverged in epoch {number}: expected a finite loss, got {train_loss} (validation {validation_loss}); "
                f"lower train.lr (now {config.lr:g}) or look at the data"
            )
        epoch = Epoch(number, rate, train_loss, train_metric, validation_loss, validation_metric)
        epochs.append(epoch)
        shown.note = f"loss {validation_loss:.4f}, {progress.name} {validation_metric:.4f}"
        if accelerator.is_main_process:
            events.measured(number, epoch._asdict())
        if progress.is_better(epoch, best):
            best = epoch
            best_state = {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}
        elif number - best.epoch >= config.patience:
            break
    return TrainingResult(best_state, best, epochs)


def _summarize(answers: list[tuple[Tensor, Tensor, Tensor]], progress: Progress, split: str) -> tuple[float, float]:
    """Mean loss and the metric over all rows of an epoch; a loss that is not finite has no metric beside it."""
    losses, decided, target = (torch.cat(parts).cpu() for parts in zip(*answers, strict=True))
    loss = losses.double().mean().item()
    if not math.isfinite(loss):
        return loss, math.nan
    try:
        return loss, progress.measure(decided.numpy(), target.numpy())
    except PipelineError as error:
        raise PipelineError(f"train.monitor on the {split} split: {error}") from error.__cause__


def adapt(network: nn.Module, arrays: Arrays, axes: Mapping[str, int]) -> None:
    """Show the network the whole training split once, placed as it takes a batch, where it has `adapt(target, **inputs)`.

    As Keras' `adapt`: for means, scales and the like.
    """
    if callable(method := getattr(network, "adapt", None)):
        method(**place_batch({name: torch.from_numpy(array) for name, array in arrays.items()}, axes))


def count_batch_multiply_adds(network: nn.Module, arrays: Arrays, axes: Mapping[str, int], batch_size: int) -> int:
    """Multiply-adds of one forward call at the batch size, counted on one row."""
    row = first_row(arrays)
    rows = min(batch_size, len(arrays["target"]))
    return rows * count_multiply_adds(lambda: raw_answer(network, place_batch(row, axes)))


def first_row(arrays: Arrays) -> dict[str, Tensor]:
    """The inputs of one row, the batch first."""
    return {name: torch.from_numpy(array[:1]) for name, array in arrays.items() if name != "target"}
