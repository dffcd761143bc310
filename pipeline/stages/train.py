"""train: build/data -> build/weights/checkpoint.safetensors: the network's weights, trained or as they are."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from pipeline.core.arrays import Arrays, load
from pipeline.core.files import checked, replacing_folder, write_text
from pipeline.core.paths import CHECKPOINT, TRAIN_REPORT, TRAIN_SPLIT, TRAINING_CURVES, VALIDATION_SPLIT, WEIGHTS
from pipeline.core.reports import TrainReport, write_report
from pipeline.metrics.metric import load_metric
from pipeline.network import training
from pipeline.network.axes import batch_axes
from pipeline.network.encoders import encode, load_encoders
from pipeline.network.factory import build, restore, save_weights
from pipeline.network.losses import Form
from pipeline.network.threads import set_threads
from pipeline.network.trainable import prepare_criterion
from pipeline.network.training import Epoch, Progress
from pipeline.settings.model import Model
from pipeline.settings.params import Monitor, Params
from pipeline.settings.short_names import METRICS


def initial_network(model: Model) -> tuple[nn.Module, dict[str, list[str]]]:
    """The network with the weights of model.weights, else with those of the seed; names that did not fit (model.strict)."""
    if model.weights is None:
        return build(model.net), {}
    made_by = "the setting model.weights (or point it to another file)"
    return restore(model.net, Path(model.weights), made_by, strict=model.strict)


def read_splits() -> dict[str, Arrays]:
    """The training and the validation split as the network takes them, the batch first."""
    encoders = load_encoders()
    return {
        path.stem: encode(load(checked(path, "prepare"), made_by="prepare"), encoders)
        for path in (TRAIN_SPLIT, VALIDATION_SPLIT)
    }


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
    state: Mapping[str, Tensor] = network.state_dict()
    epochs: list[Epoch] = []
    report = TrainReport(
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        missing=misfits.get("missing", []),
        unexpected=misfits.get("unexpected", []),
    )
    if params.train.enabled:
        data, axes = read_splits(), batch_axes(params.model)
        criterion = prepare_criterion(network, data, params.model.name, axes, params.train.loss)
        progress = choose_progress(params.train.monitor, criterion.form)
        work = training.count_batch_multiply_adds(network, data["train"], axes, params.train.batch_size)
        threads = set_threads(work, params.train.threads)
        if accelerator.is_main_process:
            print(f"train: {threads}", flush=True)
        if params.model.weights is None:
            training.adapt(network, data["train"], axes)
        objective = training.Objective(network, axes, criterion, progress)
        state, best, epochs = training.train(objective, data, params.train, params.seed, accelerator)
        report = report.model_copy(
            update={
                "threads": torch.get_num_threads(),
                "epochs": len(epochs),
                "best_epoch": best.epoch,
                "validation_loss": best.validation_loss,
                "metric": progress.name,
                "validation_metric": best.validation_metric,
            }
        )
        summary = (
            f"best of {len(epochs)} epochs is {best.epoch}: validation loss {best.validation_loss:.4f}, "
            f"{progress.name} {best.validation_metric:.4f}"
        )
    else:
        counts = "; ".join(f"{len(names)} {kind}" for kind, names in misfits.items() if names)
        summary = f"untrained (train=none): the weights are kept as they are{f' ({counts}: {TRAIN_REPORT})' if counts else ''}"
    if not accelerator.is_main_process:
        return
    with replacing_folder(WEIGHTS) as folder:
        save_weights(state, folder / CHECKPOINT.name)
    write_curves(epochs)
    write_report(report)
    print(f"train: {summary}")
