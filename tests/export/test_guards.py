"""What torch.export takes for granted is read with the network's own lines."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.export import guards
from pipeline.export.adapter import Adapter
from pipeline.export.exporters import ExportRequest, export

SERIES = {"x": {0: "batch", 1: "time"}}


class Windows(nn.Module):
    def forward(self, x):
        if x.shape[1] > 20:
            return x[:, :20].sum(1)
        return x.mean(1)


class Pairs(nn.Module):
    def forward(self, x):
        return x.unflatten(1, (-1, 2)).sum(2)


class Square(nn.Module):
    def forward(self, x):
        return x.sum(1) if x.shape[1] * x.shape[2] < 50 else x.amax(1)


class Chosen(nn.Module):
    def forward(self, x):
        kept = x[x > 0]
        torch._check(kept.shape[0] >= 3)
        return x * kept.sum()


class Steps(nn.Module):
    def forward(self, x):
        return x.sum(1) * (1 if x.shape[1] * 0.5 > 10 else 2)


@pytest.fixture
def assumptions(tmp_path):
    def read(network: nn.Module, axes=SERIES, outputs=("batch", 3), *shape: int):
        example = {"x": np.random.default_rng(0).normal(size=shape or (3, 12, 3)).astype(np.float32)}
        request = ExportRequest(example, {"output": list(outputs)}, axes, 20, tmp_path)
        return export("dynamo", Adapter(network, ["x"], {"x": 0}, []).eval(), request).assumptions

    return read


def test_a_branch_on_a_length_with_its_line(assumptions):
    (length,) = [each for each in assumptions(Windows()) if each.line]
    assert (length.condition, length.axes) == ("time <= 20", ("time",))
    assert re.fullmatch(r"\S*test_guards.py, line \d+ \(`if x.shape\[1\] > 20:`\)", length.line)
    assert [length.holds({"time": size}) for size in (20, 21)] == [True, False]


def test_a_multiple(assumptions):
    conditions = [each for each in assumptions(Pairs(), SERIES, ("batch", "output_1", 3)) if each.axes == ("time",)]
    assert any(each.holds({"time": 14}) and not each.holds({"time": 15}) for each in conditions)


def test_a_product_of_two_axes(assumptions):
    axes = {"x": {0: "batch", 1: "height", 2: "width"}}
    area = next(each for each in assumptions(Square(), axes, ("batch", "width")) if len(each.axes) == 2)
    assert set(area.axes) == {"height", "width"}
    assert area.holds({"height": 12, "width": 3}) == (12 * 3 < 50)
    assert not area.holds({"height": 25, "width": 3})


def test_axes_of_one_name_are_no_assumption(tmp_path):
    class Sum(nn.Module):
        def forward(self, x, y):
            return (x + y).sum(1)

    rows = np.ones((3, 5), np.float32)
    axes = {"x": SERIES["x"], "y": SERIES["x"]}
    request = ExportRequest({"x": rows, "y": rows}, {"output": ["batch"]}, axes, 20, tmp_path)
    conditions = [
        each.condition
        for each in export("dynamo", Adapter(Sum(), ["x", "y"], {"x": 0, "y": 0}, []).eval(), request).assumptions
    ]
    assert "time == time" not in conditions
    assert all("s" not in condition.split() for condition in conditions)


def test_a_condition_on_values_is_kept_though_no_size_shows_it(assumptions):
    unshown = [each for each in assumptions(Chosen(), {"x": {0: "batch"}}, ("batch", 12, 3)) if each.holds is None]
    assert any("3" in each.condition for each in unshown)
    assert all(each.axes == () for each in unshown)


def test_formulas_with_fractions_can_be_evaluated(assumptions):
    half = next(each for each in assumptions(Steps()) if each.axes == ("time",))
    assert half.holds({"time": 12}) != half.holds({"time": 22})


def test_torch_is_left_as_it_was(assumptions):
    before = torch.export.export
    assumptions(Windows())
    assert torch.export.export is before


def test_where_torch_has_no_such_method_it_is_said_and_the_export_goes_on(assumptions, monkeypatch):
    monkeypatch.setattr(guards, "LOG_GUARD", "_log_guard_of_another_torch")
    unread = [each for each in assumptions(Windows()) if "could not be read" in each.condition]
    assert [(each.line, each.holds) for each in unread] == [("", None)]
