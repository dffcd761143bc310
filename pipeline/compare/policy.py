"""What may differ: tolerances relative to an output's scale, by dtype, stage and output, and written exemptions. Pure."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import numpy as np

from pipeline.core.arrays import Array
from pipeline.core.contract import OutputScale
from pipeline.core.errors import PipelineError
from pipeline.settings.parity import Parity

# An output that hardly varies is compared at this share of the policy: it can tell little.
UNVARYING_SHARE = 0.1
# How many times rounding may widen a tolerance: what moves by more is no rounding.
MOST_WIDENING = 30.0
Stage = Literal["export", "simplify", "dotnet"]


class Tolerance(NamedTuple):
    """A value passes when |got - expected| <= atol * scale + floor + rtol * |expected|; the other three must hold too where set.

    `atol` is a share of the output's scale, `floor` in the output's own unit. `cosine` is the smallest between a row and
    PyTorch's, `top1` the smallest share of rows whose largest value stands at the same place, `ulp` the largest distance in
    units in the last place.
    """

    atol: float
    rtol: float
    floor: float = 0.0
    cosine: float | None = None
    top1: float | None = None
    ulp: int | None = None


# The fields of a Tolerance that are other than in general.
Changes = Mapping[str, Any]


@dataclass(frozen=True)
class Policy:
    """Tolerances of one stage; the more special one wins: `default`, `dtypes`, `stage`, `outputs`.

    `default` is float32's and any other floating type's that `dtypes` does not name; integers, booleans and text must be equal.
    `scales` has the scale of each output; where none is known it is 1. `rounding` is how many times what rounding moves
    the network's own answers is allowed at least; `exempt` has the reason why an output is not judged.
    """

    default: Tolerance
    dtypes: Mapping[str, Tolerance] = field(default_factory=dict)
    stage: Changes = field(default_factory=dict)
    outputs: Mapping[str, Changes] = field(default_factory=dict)
    scales: Mapping[str, OutputScale] = field(default_factory=dict)
    rounding: float = 0.0
    exempt: Mapping[str, str] = field(default_factory=dict)

    def scale(self, output: str) -> OutputScale:
        return self.scales.get(output, OutputScale(scale=1.0))

    def tolerance(self, output: str, dtype: np.dtype[Any]) -> Tolerance:
        """What is allowed of a floating output: as configured, less where it hardly varies, more where rounding alone moves it."""
        tolerance = self.dtypes.get(dtype.name, self.default)
        tolerance = tolerance._replace(**self.stage)._replace(**self.outputs.get(output, {}))
        scale = self.scale(output)
        share = 1.0 if scale.varies else UNVARYING_SHARE
        return tolerance._replace(
            atol=self._widen(tolerance.atol * share, scale), rtol=self._widen(tolerance.rtol * share, scale)
        )

    def _widen(self, value: float, scale: OutputScale) -> float:
        return max(value, min(self.rounding * scale.rounding, MOST_WIDENING * value))

    def with_scales(self, scales: Mapping[str, OutputScale]) -> "Policy":
        return replace(self, scales=scales)


def scale_of_values(scale: OutputScale, values: Array) -> Array:
    """The scale of each of `values`, float64, of a shape that is broadcast to theirs."""
    if scale.axis is None or values.ndim <= scale.axis or values.shape[scale.axis] != len(scale.channels):
        return np.array(scale.scale)
    shape = [1] * values.ndim
    shape[scale.axis] = -1
    return np.array(scale.channels).reshape(shape)


# No settings: they only tell a different function from different rounding. `validate` is the gate.
COARSE = Policy(Tolerance(1e-3, 1e-2), {"float16": Tolerance(0.1, 0.1)})
# Differences from run to run that are only rounding: a sum in another order.
ROUNDING = Policy(Tolerance(1e-5, 1e-5), {"float16": Tolerance(1e-3, 1e-3), "float64": Tolerance(1e-12, 1e-10)})


def make_policy(parity: Parity, stage: Stage, scales: Mapping[str, OutputScale], outputs: Iterable[str]) -> Policy:
    """The policy that the settings `parity` describe for one stage.

    Args:
        parity: The settings.
        stage: What is compared with PyTorch.
        scales: The contract's.
        outputs: Names of the model's outputs.

    Raises:
        PipelineError: A setting is about an output that there is not.
    """
    names = list(outputs)
    for setting, mapping in (("parity.outputs", parity.outputs), ("parity.exempt", parity.exempt)):
        for name in mapping:
            if name not in names:
                close = difflib.get_close_matches(name, names, n=1)
                hint = f": did you mean {close[0]!r}?" if close else ""
                raise PipelineError(
                    f"{setting}.{name}: expected one of the model's outputs {names}, got {name!r}{hint}"
                )
    default = Tolerance(parity.atol, parity.rtol, parity.floor, parity.cosine, parity.top1, parity.ulp)
    return Policy(
        default=default,
        dtypes={name: default._replace(**changes.given()) for name, changes in parity.dtypes.items()},
        stage=parity.stages[stage].given() if stage in parity.stages else {},
        outputs={name: changes.given() for name, changes in parity.outputs.items()},
        scales=scales,
        rounding=parity.rounding,
        exempt=parity.exempt,
    )
