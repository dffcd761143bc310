"""The good builds that are broken: each is made once, and copied for every sabotage."""

import contextlib
import shutil
from pathlib import Path

import numpy as np

import courier
from pipeline.__main__ import main
from pipeline_runs import LINEAR, UNVERIFIED, run_stages

# The settings of each; the tracer is the quicker exporter.
BUILDS = {
    "courier": (
        "model=custom",
        "model.name=courier",
        "model.net._target_=courier.Courier",
        "data.path=rows.npz",
        f"model.dynamic_axes={courier.AXES}",
        f"model.outputs={courier.OUTPUTS}",
        "export.exporter=tracer",
    ),
    # Ten thousand rows, of which one may be the bad one.
    "linear": (*LINEAR, "data.rows=10000", "export.exporter=tracer"),
    "rates": (
        "model=custom",
        "model.name=rates",
        "model.net._target_=courier.Rates",
        "data=random",
        "~data.shapes.input",
        "+data.shapes.levels=[10]",
        "model.dynamic_axes={levels: {0: batch}}",
        "export.exporter=tracer",
    ),
    # Of another model with the same inputs and outputs.
    "other linear": (*LINEAR, "seed=1", "data.rows=10000", "export.exporter=tracer"),
}

# The build whose files are put in the place of the linear one's.
OTHER = "other linear"


def make(name: str, folder: Path) -> Path:
    """Everything up to verify, in `folder`, which exists and is empty."""
    with contextlib.chdir(folder):
        np.savez("rows.npz", **courier.rows())
    return run_stages(folder, *BUILDS[name])


def configure(name: str, *overrides: str) -> None:
    """Compose params.yaml anew: the build's settings, and overrides."""
    if code := main(["params", UNVERIFIED, *BUILDS[name], *overrides]):
        raise RuntimeError(f"params ended with {code}")


def start_anew(*overrides: str) -> None:
    """A folder of the courier in which nothing has run yet."""
    for made in ("build", "reports"):
        shutil.rmtree(made)
    configure("courier", *overrides)
