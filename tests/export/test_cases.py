"""Networks of the kinds that people bring are carried, or refused in words that are true of them."""

import importlib
import re

import numpy as np
import pytest
import torch
from case_networks import CASES

from pipeline.__main__ import main

# As far as the graph is proven to answer like the network.
STAGES = ("prepare", "train", "export")
# What a refusal never holds: files of ours while they are made, addresses, tolerances of integers, whom else to ask.
NOISE = re.compile(r"\.export-|proven\.onnx|0x[0-9a-f]+|smallest|github|What helps")


@pytest.fixture
def run(empty, module, passes, capsys):
    """Run the stages on a case; what the one that refuses it says, empty where all pass."""

    def run(case) -> str:
        name = module(case.source)
        np.savez("rows.npz", **case.arrays)
        axes = case.axes or "{" + ", ".join(f"{name}: {{0: batch}}" for name in case.arrays) + "}"
        settings = [f"model.net._target_={name}.Net", "data.path=rows.npz", f"model.dynamic_axes={axes}"]
        if case.weights:
            torch.manual_seed(3)
            torch.save(case.weights(importlib.import_module(name).Net().state_dict()), "w.pt")
            settings.append("model.weights=w.pt")
        passes("params", "model=custom", *settings)
        for stage in STAGES:
            if main([stage]):
                return capsys.readouterr().err
        return ""

    return run


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.says])
def test_carried(name, run):
    assert run(CASES[name]) == ""


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.says])
def test_refused_truly(name, run):
    said = run(CASES[name])
    assert [part for part in CASES[name].says if not re.search(part, said)] == [], said
    assert said.strip().count("\n") == 0
    assert NOISE.findall(said) == []
