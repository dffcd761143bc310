"""train: build/data -> build/weights/checkpoint.safetensors: the network's weights, trained or as they are."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from pipeline.core.arrays import Arrays, is_text, load
from pipeline.core.errors import PipelineError
from pipeline.core.files import checked, replacing_folder, write_text
from pipeline.core.paths import CHECKPOINT, TRAIN_REPORT, TRAIN_SPLIT, TRAINING_CURVES, VALIDATION_SPLIT, WEIGHTS
from pipeline.core.reports import TrainReport, write_report
from pipeline.core.rows import Rows
from pipeline.network import training
from pipeline.network.axes import batch_axes
from pipeline.network.encoders import encode, load_encoders
from pipeline.network.factory import build, restore, save_weights
from pipeline.network.threads import set_threads
from pipeline.network.training import Epoch
from pipeline.settings.model import Model
from pipeline.settings.params import Params


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


def write_curves(epochs: list[Epoch]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([Epoch._fields, *epochs])
    write_text(TRAINING_CURVES, text.getvalue())


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
        training.check_trainable(network, data, params.model.name, axes)
        work = training.count_batch_multiply_adds(network, data["train"], axes, params.train.batch_size)
        threads = set_threads(work, params.train.threads)
        if accelerator.is_main_process:
            print(f"train: {threads}", flush=True)
        if params.model.weights is None:
            training.adapt(network, data["train"], axes)
        objective = training.Objective(network, axes)
        state, best, epochs = training.train(objective, data, params.train, params.seed, accelerator)
        report = report.model_copy(
            update={
                "threads": torch.get_num_threads(),
                "epochs": len(epochs),
                "best_epoch": best.epoch,
                "validation_loss": best.validation_loss,
                "validation_accuracy": best.validation_accuracy,
            }
        )
        summary = (
            f"best of {len(epochs)} epochs is {best.epoch}: validation loss {best.validation_loss:.4f}, "
            f"accuracy {best.validation_accuracy:.4f}"
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
