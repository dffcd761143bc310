"""train: build/data -> build/weights/checkpoint.safetensors: the network's weights, trained or as they are."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from pipeline.core import events
from pipeline.core.arrays import Arrays, is_text, load
from pipeline.core.errors import PipelineError
from pipeline.core.files import checked, recorded_sha256, replacing_folder, write_text
from pipeline.core.paths import CHECKPOINT, TRAIN_REPORT, TRAIN_SPLIT, TRAINING_CURVES, VALIDATION_SPLIT, WEIGHTS
from pipeline.core.reports import TrainReport, write_report
from pipeline.core.rows import Rows
from pipeline.core.terminal import say
from pipeline.metrics.metric import load_metric
from pipeline.network import training
from pipeline.network.arguments import match_arguments
from pipeline.network.axes import batch_axes
from pipeline.network.encoders import encode, load_encoders
from pipeline.network.factory import build, restore, save_weights
from pipeline.network.lazy_modules import has_lazy_weights, materialize
from pipeline.network.losses import Form
from pipeline.network.threads import set_threads
from pipeline.network.trainable import prepare_criterion
from pipeline.network.training import Epoch, Progress, place_batch
from pipeline.settings.model import Model
from pipeline.settings.params import Params
from pipeline.settings.short_names import METRICS
from pipeline.settings.train_section import Monitor


def initial_network(model: Model) -> tuple[nn.Module, dict[str, list[str]]]:
    """The network with the weights of model.weights, else with those of the seed; names that did not fit (model.strict)."""
    if model.weights is None:
        return build(model.net), {}
    made_by = "the setting model.weights (or point it to another file)"
    return restore(model.net, Path(model.weights), made_by, strict=model.strict)


def read_splits() -> dict[str, Arrays]:
    """The training and the validation split as the network takes them, the batch first.

    Raises:
        PipelineError: One was changed, has no rows, holds text that no encoder takes, or does not have the form of the other.
    """
    encoders = load_encoders()
    splits = {}
    for path in (TRAIN_SPLIT, VALIDATION_SPLIT):
        arrays = load(checked(path, "prepare"), made_by="prepare")
        Rows(arrays, batched=True).check_some(str(path))
        splits[path.stem] = encode(arrays, encoders)
        if texts := [name for name, array in splits[path.stem].items() if is_text(array) and name != "target"]:
            raise PipelineError(
                f"{path}: expected numbers to train with, got text in {texts[0]!r}: name an encoder for it (model.encoders.{texts[0]}), "
                "and run `python -m pipeline prepare`"
            )
    # Words become as many numbers a row as the longest text of a split has.
    train, validation = (
        {
            name: (array.dtype.name, array.shape[1:] if name not in encoders else ())
            for name, array in split.items()
            if name != "target"
        }
        for split in splits.values()
    )
    if train != validation:
        raise PipelineError(
            f"{VALIDATION_SPLIT}: expected arrays of the names, types and shapes of {TRAIN_SPLIT}, got others: make both again with "
            "`python -m pipeline prepare`"
        )
    return splits


def call_with_rows(network: nn.Module, model: Model) -> None:
    """Give lazy layers their sizes: a call of the network with two rows of the training split."""
    batch, rows = batch_axes(model), read_splits()["train"]
    names = list(model.inputs) or [name for name in rows if name != "target"]
    (call, *_) = Rows({name: rows[name] for name in names}, batched=bool(batch)).calls([0, len(rows[names[0]]) - 1])
    arguments = match_arguments(network.forward, names, type(network).__name__)
    tensors = place_batch({name: torch.from_numpy(array) for name, array in call.items()}, batch)
    by_position, by_name = arguments.place(tensors)
    materialize(network, lambda net: net(*by_position, **by_name))


def write_curves(epochs: list[Epoch]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([Epoch._fields, *epochs])
    write_text(TRAINING_CURVES, text.getvalue())


def choose_progress(monitor: Monitor | None, form: Form) -> Progress:
    """The metric to report: train.monitor's, which also decides; else accuracy, or for values the root mean squared error.

    Raises:
        PipelineError: The metric cannot be loaded.
    """
    if monitor is None:
        metric = load_metric(METRICS["rmse" if form == "values" else "accuracy"], {}, None, "train.monitor")
    else:
        metric = load_metric(monitor.target, monitor.kwargs, monitor.direction, "train.monitor")
    return Progress(metric.name, metric.measure, metric.takes, metric.direction == "higher", monitor is not None)


def run(params: Params) -> None:
    torch.set_num_threads(1)  # until it is known how much there is to compute
    accelerator = training.start_accelerator(params.seed)
    network, misfits = initial_network(params.model)
    if has_lazy_weights(network):
        call_with_rows(network, params.model)
    state: Mapping[str, Tensor] = network.state_dict()
    epochs: list[Epoch] = []
    report = TrainReport(
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        missing=misfits.get("missing", []),
        unexpected=misfits.get("unexpected", []),
    )
    if params.train.enabled:
        if accelerator.is_main_process:
            events.began("train")
        data, axes = read_splits(), batch_axes(params.model)
        criterion = prepare_criterion(network, data, params.model.name, axes, params.train.loss)
        progress = choose_progress(params.train.monitor, criterion.form)
        work = training.count_batch_multiply_adds(network, data["train"], axes, params.train.batch_size)
        threads = set_threads(work, params.train.threads)
        if params.model.weights is None:
            training.adapt(network, data["train"], axes)
        objective = training.Objective(network, axes, criterion, progress)
        state, best, epochs = training.train(objective, data, params.train, params.seed, accelerator)
        report = report.model_copy(
            update={
                "epochs": len(epochs),
                "best_epoch": best.epoch,
                "validation_loss": best.validation_loss,
                "metric": progress.name,
                "validation_metric": best.validation_metric,
            }
        )
        summary = (
            f"best of {len(epochs)} epochs is {best.epoch}: validation loss {best.validation_loss:.4f}, "
            f"{progress.name} {best.validation_metric:.4f}; {threads}"
        )
    else:
        counts = "; ".join(f"{len(names)} {kind}" for kind, names in misfits.items() if names)
        summary = f"untrained (train=none): the weights are kept as they are{f' ({counts}: {TRAIN_REPORT})' if counts else ''}"
    if not accelerator.is_main_process:
        return
    with replacing_folder(WEIGHTS) as folder:
        save_weights(state, folder / CHECKPOINT.name)
    events.weighed(recorded_sha256(CHECKPOINT, "train"))
    write_curves(epochs)
    write_report(report)
    say("train", summary)
