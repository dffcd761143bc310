import csv
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from pipeline.core.arrays import load, save
from pipeline.core.paths import CHECKPOINT, VALIDATION_SPLIT
from pipeline.network.factory import build, save_weights
from pipeline.network.training import Epoch
from pipeline_runs import NOBODY, PROJECT, SMALL, bring_conf, reseal

TRAIN, CURVES, REPORT = Path("build/data/train.npz"), Path("reports/plots/train.csv"), Path("reports/train.json")


def curves() -> list[dict[str, float]]:
    with CURVES.open(newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def retarget(edit) -> None:
    arrays = load(TRAIN, "prepare")
    edit(arrays)
    save(TRAIN, arrays)
    reseal(TRAIN)


def test_it_learns(digits):
    rows = curves()
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert rows[-1]["validation_loss"] < rows[0]["validation_loss"]
    assert rows[-1]["validation_metric"] > 0.7


def test_the_report_is_the_best_epoch_s(digits):
    report = json.loads(REPORT.read_text())
    best = min(curves(), key=lambda row: row["validation_loss"])
    assert (report["epochs"], report["best_epoch"]) == (3, best["epoch"])
    assert (report["metric"], report["validation_metric"]) == ("accuracy", best["validation_metric"])
    assert report["parameters"] == sum(
        t.numel()
        for n, t in load_file(CHECKPOINT).items()
        if "." in n and "running" not in n and "num_batches" not in n
    )


def test_the_checkpoint_is_the_best_epoch_s(digits, params):
    network = build(params(*SMALL).model.net).eval()
    network.load_state_dict(load_file(CHECKPOINT))
    rows = load(Path("build/data/validation.npz"), "prepare")
    with torch.no_grad():
        label = network(torch.from_numpy(rows["pixels"]))["label"].numpy()
    assert (label == rows["target"]).mean() == pytest.approx(json.loads(REPORT.read_text())["validation_metric"])


def test_the_same_seed_gives_the_same_bytes(digits, passes):
    before = [path.read_bytes() for path in (CHECKPOINT, CURVES, REPORT)]
    passes("train")
    assert [path.read_bytes() for path in (CHECKPOINT, CURVES, REPORT)] == before


def test_it_says_how_many_threads_it_takes(digits, passes):
    assert "; 1 thread: " in passes("train")


def test_threads_that_are_asked_for(digits, passes):
    passes("params", *SMALL, "train.threads=2")
    assert passes("train").endswith("; 2 threads: as train.threads says\n")


def test_training_imports_no_compiler(digits):
    """torch's compiler, and what accelerate looks for tensors that are spread over machines with, take 2 s to import."""
    program = (
        "import sys; from pipeline.__main__ import main; assert main(['train']) == 0; "
        "print(*sorted({'torch._dynamo', 'torch.distributed.tensor', 'sympy'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.splitlines()[-1] == ""


def test_patience_ends_it(digits, passes):
    retarget(lambda arrays: arrays["target"].__isub__(arrays["target"]))
    passes("params", *SMALL, "train.epochs=40", "train.patience=2", "train.lr=0.01")
    passes("train")
    rows = curves()
    best = json.loads(REPORT.read_text())["best_epoch"]
    assert len(rows) == best + 2 < 40


def test_untrained_keeps_the_seed_s_weights(linear, configure, passes):
    before = CHECKPOINT.read_bytes()
    configure("seed=1")
    passes("train")
    assert CHECKPOINT.read_bytes() != before
    configure("seed=0")
    passes("train")
    assert CHECKPOINT.read_bytes() == before


def test_untrained_has_a_header_and_no_rows(linear):
    assert CURVES.read_text() == ",".join(Epoch._fields) + "\n"
    assert json.loads(REPORT.read_text()) == {"parameters": 55, "missing": [], "unexpected": []}


def test_given_weights_are_kept(linear, configure, passes):
    save_weights({"weight": torch.ones(5, 10), "bias": torch.zeros(5)}, Path("mine.safetensors"))
    configure("model.weights=mine.safetensors")
    passes("train")
    assert CHECKPOINT.read_bytes() == Path("mine.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "mine.safetensors is missing"),
        (b"\x80\x02}q\x00.", "mine.safetensors: expected a state_dict"),
    ],
)
def test_given_weights_that_cannot_be_read(content, says, linear, configure, fails):
    if content is not None:
        Path("mine.safetensors").write_bytes(content)
    configure("model.weights=mine.safetensors")
    said = fails("train")
    assert says in said
    assert "model.weights" in said


def test_given_weights_of_another_network(linear, configure, fails):
    save_weights({"weight": torch.ones(5, 9), "bias": torch.zeros(5)}, Path("mine.safetensors"))
    configure("model.weights=mine.safetensors")
    assert "does not fit Linear: weight has shape [5, 9], expected [5, 10]" in fails("train")


def test_divergence_is_a_failure(digits, passes, fails):
    passes("params", *SMALL, "train.lr=1e30")
    said = fails("train")
    assert "training diverged in epoch 1: expected a finite loss, got " in said
    assert "lower train.lr (now 1e+30)" in said


def test_data_that_somebody_edited(digits, fails):
    TRAIN.write_bytes(TRAIN.read_bytes()[:1000])
    assert "build/data/train.npz is not what `prepare` wrote" in fails("train")


@pytest.mark.parametrize("part", ["train", "validation"])
def test_missing_data(part, digits, fails):
    Path(f"build/data/{part}.npz").unlink()
    assert f"build/data/{part}.npz is missing: it is written by `python -m pipeline prepare`" in fails("train")


def test_truncated_data(digits, fails):
    TRAIN.write_bytes(TRAIN.read_bytes()[:1000])
    reseal(TRAIN)
    assert "build/data/train.npz: expected an .npz archive, got a damaged or truncated file" in fails("train")


@pytest.mark.parametrize(
    ("edit", "got"),
    [
        (lambda a: a.pop("target"), "got none"),
        (lambda a: a.update(target=a["target"].astype(np.float32)), "got float32[1258]"),
        (lambda a: a.update(target=a["target"][:, None]), "got int64[1258, 1]"),
    ],
    ids=["none", "float", "matrix"],
)
def test_a_target_that_is_no_class_number(edit, got, digits, fails):
    retarget(edit)
    said = fails("train")
    assert "build/data/train.npz: expected `target`, integer class numbers of shape [rows]" in said
    assert got in said


@pytest.mark.parametrize("number", [10, -1])
def test_a_class_that_the_network_does_not_know(number, digits, fails):
    retarget(lambda arrays: arrays["target"].__setitem__(0, number))
    assert "target" in fails("train")


def test_a_network_without_logits(linear, configure, fails):
    configure("train=default")
    said = fails("train")
    assert "model linear: expected a method logits(**inputs)" in said
    assert "got none in Linear: add it, or use train=none" in said


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("nowhere.Net", "model.net._target_=nowhere.Net: expected an importable function or class"),
        ("torch.nn.functional.relu", "model.net.kwargs={'in_features': 10, 'out_features': 5}: does not fit relu"),
        ("builtins.dict", "expected an nn.Module, got dict"),
    ],
)
def test_a_target_that_makes_no_network(target, says, linear, configure, fails):
    configure(f"model.net._target_={target}")
    assert says in fails("train")


def test_two_processes_write_one_checkpoint(digits, passes, tmp_path):
    passes("params", *SMALL, "train.epochs=2")
    for path in (CHECKPOINT, CURVES, REPORT):
        path.unlink()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    command = ["torchrun", "--nproc_per_node", "2", "--master_port", str(port), "-m", "pipeline", "train"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1", "MLFLOW_TRACKING_URI": NOBODY}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("train: not logged live") == 1
    assert done.stdout.count("train: best of 2 epochs") == 1
    assert len(curves()) == 2
    assert list(CHECKPOINT.parent.glob(".*")) == []
    passes("export")


def test_arrays_that_logits_does_not_take(digits, fails):
    for part in ("train", "validation"):
        path = Path(f"build/data/{part}.npz")
        arrays = load(path, "prepare")
        save(path, {**arrays, "more": arrays["target"]})
        reseal(path)
    said = fails("train")
    assert "DigitsNet.logits cannot answer {'pixels': 'float32[1, 8, 8]', 'more': 'int64[1]'}: " in said
    assert "unexpected keyword argument 'more': make arrays and arguments agree" in said


SECOND_AXIS = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 2)
        self.register_buffer("mean", torch.zeros(4))

    def adapt(self, target, x):
        self.mean.copy_(x[:, target == 1].mean(dim=(0, 1)))

    def logits(self, x):
        return self.linear(x - self.mean).mean(dim=0)
"""


def test_a_network_adapts_to_a_batch_where_it_has_it(empty, module, passes):
    rng = np.random.default_rng(0)
    save(Path("rows.npz"), {"x": rng.normal(size=(60, 5, 4)).astype(np.float32), "target": rng.integers(0, 2, size=60)})
    net = f"model.net._target_={module(SECOND_AXIS)}.Net"
    passes("params", "model=custom", net, "data.path=rows.npz", "model.dynamic_axes={x: {1: batch}}", "train=default")
    passes("prepare")
    passes("train")
    rows = load(TRAIN, "prepare")
    mean = rows["x"][rows["target"] == 1].mean(axis=(0, 1))
    assert load_file(CHECKPOINT)["mean"].numpy() == pytest.approx(mean, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda arrays: {name: array[:0] for name, array in arrays.items()}, "validation.npz: expected rows, got none"),
        (
            lambda arrays: {**arrays, "target": arrays["target"][1:]},
            "validation.npz: expected arrays whose first axis is the row",
        ),
        (
            lambda arrays: {"other": arrays["pixels"], "target": arrays["target"]},
            "expected arrays of the names, types and shapes of",
        ),
        (
            lambda arrays: {**arrays, "pixels": arrays["pixels"].astype("f8")},
            "expected arrays of the names, types and shapes of",
        ),
        (
            lambda arrays: {**arrays, "pixels": arrays["pixels"][..., None]},
            "expected arrays of the names, types and shapes of",
        ),
        (
            lambda arrays: {**arrays, "pixels": arrays["pixels"].astype(str)},
            "expected numbers to train with, got text in 'pixels'",
        ),
        (
            lambda arrays: {**arrays, "target": arrays["target"][:, None]},
            "validation.npz: expected `target`, integer class numbers of shape [rows]",
        ),
    ],
    ids=["no rows", "lengths", "names", "types", "shapes", "text", "target"],
)
def test_a_validation_split_that_somebody_broke_is_explained(change, says, digits, fails):
    save(VALIDATION_SPLIT, change(load(VALIDATION_SPLIT, "prepare")))
    reseal(VALIDATION_SPLIT)
    assert says in fails("train")


def best_epoch(by) -> float:
    return by(curves(), key=lambda row: row["validation_metric"])["epoch"]


@pytest.mark.parametrize(
    ("monitor", "name"),
    [
        ("macro_f1", "macro_f1"),
        ("auroc", "auroc"),
        ("{_target_: sklearn.metrics.f1_score, kwargs: {average: weighted}, direction: higher}", "f1_score"),
    ],
)
def test_the_best_epoch_is_the_monitor_s(monitor, name, digits, passes):
    passes("params", *SMALL, f"train.monitor={monitor}")
    said = passes("train")
    report = json.loads(REPORT.read_text())
    assert report["metric"] == name
    assert f", {name} {report['validation_metric']:.4f}" in said
    assert report["best_epoch"] == best_epoch(max)


def test_a_monitor_of_which_less_is_better(digits, passes):
    passes("params", *SMALL, "train.monitor=mae")
    passes("train")
    assert json.loads(REPORT.read_text())["best_epoch"] == best_epoch(min)


def test_patience_waits_for_the_monitor(digits, passes):
    """Of class numbers that are all alike every epoch's accuracy is 1: the first is the best."""
    for part in ("train", "validation"):
        path = Path(f"build/data/{part}.npz")
        arrays = load(path, "prepare")
        save(path, {**arrays, "target": arrays["target"] * 0})
        reseal(path)
    passes("params", *SMALL, "train.epochs=40", "train.patience=2", "train.monitor=accuracy", "train.lr=0.01")
    passes("train")
    report = json.loads(REPORT.read_text())
    first = next(row["epoch"] for row in curves() if row["validation_metric"] == 1)
    assert (report["best_epoch"], report["epochs"]) == (first, first + 2)


def test_a_monitor_that_cannot_be_measured(digits, passes, fails):
    passes("params", *SMALL, "train.monitor={_target_: sklearn.metrics.precision_score, direction: higher}")
    said = fails("train")
    assert (
        "train.monitor on the training split: train.monitor._target_=sklearn.metrics.precision_score: precision_score failed with ValueError: Target is multiclass"
        in said
    )


def test_a_loss_by_target_has_other_weights(digits, passes):
    before = CHECKPOINT.read_bytes()
    passes("params", *SMALL, "train.loss={_target_: torch.nn.CrossEntropyLoss, kwargs: {label_smoothing: 0.1}}")
    passes("train")
    assert CHECKPOINT.read_bytes() != before


def test_cross_entropy_by_name_is_the_default(digits, passes):
    before = CHECKPOINT.read_bytes()
    passes("params", *SMALL, "train.loss=cross_entropy")
    passes("train")
    assert CHECKPOINT.read_bytes() == before


VALUES = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 1)

    def forward(self, x):
        return {"value": self.linear(x)}
"""


def test_a_regression_without_logits_learns_values(empty, module, passes):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 4)).astype(np.float32)
    save(Path("rows.npz"), {"x": x, "target": x @ np.array([1.0, -2.0, 0.5, 0.0])})
    net = f"model.net._target_={module(VALUES)}.Net"
    task = "model.task={metric: r2, output: value}"
    learn = ("train=regression", "train.lr=0.1", "train.batch_size=10", "train.weight_decay=0")
    settings = (*learn, "model.dynamic_axes={x: {0: batch}}", "data.path=rows.npz", task)
    passes("params", "model=custom", net, *settings)
    bring_conf()
    said = [passes(stage) for stage in ("fingerprint", "prepare", "train", "export", "simplify", "validate")]
    assert ", rmse 0.0" in said[2]
    assert "; r2 1.0000 (PyTorch 1.0000), 0 of 40 rows changed, " in said[-1]
