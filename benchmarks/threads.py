"""Seconds of a training step by torch's threads, alone and beside a busy process: `python benchmarks/threads.py`.

Networks from small to large, with the multiply-adds of a forward call of 64 rows: what the limit of train.threads=auto
(pipeline/network/threads.py) was chosen from. Medians of rounds in turns; `auto` is what it takes here.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# The benchmark's own choice of threads, not the shell's. torch reads it when it is imported.
os.environ.pop("OMP_NUM_THREADS", None)
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch
from torch import Tensor, nn

from models.digits import DigitsNet
from models.sentiment import SentimentNet
from models.sequence import SequenceNet
from pipeline.core.arrays import Arrays
from pipeline.metrics.metric import load_metric
from pipeline.network.threads import AVAILABLE, set_threads
from pipeline.network.trainable import prepare_criterion
from pipeline.network.training import ArrayDataset, EagerAdamW, Objective, Progress, count_batch_multiply_adds
from pipeline.settings.short_names import METRICS
from pipeline.settings.train_section import Loss

ROWS = 64
ROUNDS = 5
# Seconds of each measurement; at least one step.
SHORTEST = 0.2


class Perceptron(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10))

    def logits(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Transformer(nn.Module):
    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(width, 4, 4 * width, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.classify = nn.Linear(width, 10)

    def logits(self, x: Tensor) -> Tensor:
        return self.classify(self.encoder(x).mean(dim=1))


class Case(NamedTuple):
    name: str
    network: nn.Module
    rows: Arrays


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(ROWS, *shape)).astype(np.float32)


def cases() -> Iterator[Case]:
    """Networks of several kinds with 64 rows each, by their multiply-adds."""
    words = np.random.default_rng(0).integers(0, 4000, size=(ROWS, 30))
    mask = np.ones((ROWS, 40), dtype=bool)
    yield Case("sentiment (embeddings)", SentimentNet(4000), {"text": words})
    yield Case("perceptron 256", Perceptron(256), {"x": normal(256)})
    yield Case("sequence (GRU 24)", SequenceNet(24), {"series": normal(40, 1), "mask": mask})
    yield Case("digits (CNN 32)", DigitsNet(32), {"pixels": normal(8, 8)})
    yield Case("transformer 64 x 2", Transformer(64, 2), {"x": normal(16, 64)})
    yield Case("perceptron 2048", Perceptron(2048), {"x": normal(2048)})
    yield Case("sequence (GRU 256)", SequenceNet(256), {"series": normal(40, 1), "mask": mask})
    yield Case("digits (CNN 128)", DigitsNet(128), {"pixels": normal(8, 8)})
    yield Case("transformer 128 x 4", Transformer(128, 4), {"x": normal(32, 128)})
    yield Case("digits (CNN 256)", DigitsNet(256), {"pixels": normal(8, 8)})


def step_seconds(objective: Objective, optimizer: EagerAdamW, batch: dict[str, Tensor], threads: int) -> float:
    """Median of the steps of SHORTEST seconds."""
    torch.set_num_threads(threads)
    steps: list[float] = []
    while not steps or sum(steps) < SHORTEST:
        start = time.perf_counter()
        objective(**batch)[0].mean().backward()
        optimizer.step()
        optimizer.zero_grad()
        steps.append(time.perf_counter() - start)
    return statistics.median(steps)


def measure(case: Case, numbers: list[int]) -> dict[int, float]:
    """Seconds of a training step by the number of threads."""
    rows = case.rows | {"target": np.arange(ROWS) % 2}
    axes = dict.fromkeys(case.rows, 0)
    criterion = prepare_criterion(
        case.network, {"train": rows, "validation": rows}, case.name, axes, Loss.model_validate(None)
    )
    metric = load_metric(METRICS["accuracy"], {}, None, "train.monitor")
    progress = Progress(metric.name, metric.measure, metric.takes, metric.direction == "higher", decides=False)
    objective = Objective(case.network, axes, criterion, progress)
    optimizer = EagerAdamW(objective.parameters())
    (batch,) = ArrayDataset(rows).batches(ROWS)
    step_seconds(objective, optimizer, batch, 1)
    rounds = [
        {threads: step_seconds(objective, optimizer, batch, threads) for threads in numbers} for _ in range(ROUNDS)
    ]
    return {threads: statistics.median(seconds[threads] for seconds in rounds) for threads in numbers}


def main() -> None:
    numbers = sorted({1, min(2, AVAILABLE), AVAILABLE})
    columns = [f"{threads} thread{'s' * (threads > 1)}" for threads in numbers]
    print(f"milliseconds of a training step of {ROWS} rows by threads, {AVAILABLE} cores; then beside a busy process\n")
    header = ("network", "million multiply-adds", *columns, *(f"{column}, busy" for column in columns), "auto")
    print("| " + " | ".join(header) + " |\n|" + " --- |" * len(header))
    for case in cases():
        target = {"target": np.zeros(ROWS, dtype=np.int64)}
        work = count_batch_multiply_adds(case.network.eval(), case.rows | target, {}, ROWS)
        auto = set_threads(work).partition(":")[0]
        case.network.train()
        alone = measure(case, numbers)
        busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        try:
            beside = measure(case, numbers)
        finally:
            busy.kill()
            busy.wait()
        cells = [f"{1000 * seconds[threads]:.1f}" for seconds in (alone, beside) for threads in numbers]
        print("| " + " | ".join([case.name, f"{work / 1e6:,.1f}", *cells, auto]) + " |", flush=True)


if __name__ == "__main__":
    main()
