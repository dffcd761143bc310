"""Projects of small networks up to validate, in each of which a test may break a graph."""

import contextlib
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from broken_graphs import Edit, edit_graph

from pipeline.__main__ import main
from pipeline.core.arrays import save
from pipeline.core.departure import Departure, read_departure
from pipeline.core.paths import SIMPLIFIED
from pipeline_runs import PROJECT, PROOF, SMALL

ATTENTION = """import torch
from torch import nn


class AttentionNet(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embed = nn.Linear(4, 8)
        self.layers = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        states = self.layers(self.embed(x))
        return self.head(states.mean(1)).softmax(-1)
"""


def run_proof(folder: Path, *overrides: str) -> Path:
    shutil.copytree(PROJECT / "conf", folder / "conf", dirs_exist_ok=True)
    with contextlib.chdir(folder):
        for command in [["params", "parity.power_budget=1", *overrides], *([stage] for stage in PROOF)]:
            assert main(command) == 0
    return folder


@pytest.fixture(scope="session")
def traced_run(tmp_path_factory) -> Path:
    return run_proof(tmp_path_factory.mktemp("traced"), *SMALL, "export.exporter=tracer")


@pytest.fixture(scope="session")
def sequence_run(tmp_path_factory) -> Path:
    return run_proof(tmp_path_factory.mktemp("sequence"), "model=sequence", "train.epochs=1")


@pytest.fixture(scope="session")
def attention_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("attention")
    (folder / "attention_net.py").write_text(ATTENTION)
    save(folder / "rows.npz", {"x": np.random.default_rng(0).normal(size=(12, 6, 4)).astype(np.float32)})
    sys.path.insert(0, str(folder))
    yield run_proof(
        folder,
        "model=custom",
        "model.net._target_=attention_net.AttentionNet",
        "data.path=rows.npz",
        "model.dynamic_axes={x: {0: batch, 1: time}}",
    )
    sys.path.remove(str(folder))


@pytest.fixture
def find(passes, capsys):
    """Break the simplified graph, let the gate refuse it, and ask where it departs."""

    def run(edit: Edit, path: Path = SIMPLIFIED) -> Departure:
        edit_graph(path, edit)
        assert main(["validate"]) == 1
        passes("locate")
        return read_departure()

    return run
