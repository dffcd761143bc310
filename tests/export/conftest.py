"""Fixtures of the export room."""

import numpy as np
import pytest

from pipeline.export.size_calls import SizeTrial


@pytest.fixture
def model(params):
    def make(*overrides: str, axes="{x: {0: batch, 1: time}}"):
        return params(
            "model=custom", "model.net._target_=a.B", "data.path=x.npz", f"model.dynamic_axes={axes}", *overrides
        ).model

    return make


@pytest.fixture
def trial(model):
    def make(*overrides: str) -> SizeTrial:
        return SizeTrial(lambda inputs: {"y": inputs["x"]}, {"x": np.zeros((2, 12))}, model(*overrides), True)

    return make
