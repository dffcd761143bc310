"""Which tolerance holds for an output."""

import numpy as np
import pytest

from pipeline.compare.policy import MOST_WIDENING, Policy, Tolerance, make_policy, scale_of_values
from pipeline.core.contract import OutputScale
from pipeline.core.errors import PipelineError
from pipeline.settings.parity import Parity

SETTINGS = {
    "atol": 1e-6,
    "rtol": 1e-5,
    "floor": 0.0,
    "cosine": None,
    "top1": None,
    "ulp": None,
    "rounding": 4.0,
    "dtypes": {"float16": {"atol": 1e-2}},
    "stages": None,
    "outputs": None,
    "exempt": None,
    "task_budget": 0.0,
    "least_power": 1e-3,
    "power_budget": 0.0,
}
SINGLE, HALF = np.dtype("float32"), np.dtype("float16")


def settings(**changes: object) -> Parity:
    return Parity.model_validate({**SETTINGS, **changes})


def policy(stage: str = "export", scales: dict[str, OutputScale] | None = None, **changes: object) -> Policy:
    return make_policy(settings(**changes), stage, scales or {}, ["y", "label"])


def test_a_dtype_changes_what_it_names_and_nothing_else() -> None:
    assert policy().tolerance("y", SINGLE)[:2] == (1e-6, 1e-5)
    assert policy().tolerance("y", HALF)[:2] == (1e-2, 1e-5)


def test_a_stage_wins_over_a_dtype_and_an_output_over_a_stage() -> None:
    changes = {"stages": {"dotnet": {"rtol": 0.5}}, "outputs": {"y": {"rtol": 0.25}}}
    assert policy("dotnet", **changes).tolerance("label", HALF).rtol == 0.5
    assert policy("dotnet", **changes).tolerance("y", HALF).rtol == 0.25
    assert policy("export", **changes).tolerance("label", HALF).rtol == 1e-5


def test_an_output_that_hardly_varies_is_allowed_a_tenth() -> None:
    scales = {"y": OutputScale(scale=1.0, varies=False)}
    assert policy(scales=scales).tolerance("y", SINGLE)[:2] == (pytest.approx(1e-7), pytest.approx(1e-6))


def test_rounding_widens_what_is_allowed_but_not_without_end() -> None:
    def atol(rounding: float) -> float:
        return policy(scales={"y": OutputScale(scale=1.0, rounding=rounding)}).tolerance("y", SINGLE).atol

    assert atol(1e-7) == 1e-6
    assert atol(1e-6) == pytest.approx(4e-6)
    assert atol(1.0) == pytest.approx(MOST_WIDENING * 1e-6)


def test_nothing_is_widened_where_nothing_is_allowed() -> None:
    scales = {"y": OutputScale(scale=1.0, rounding=1.0)}
    assert policy(scales=scales, atol=0.0, rtol=0.0).tolerance("y", SINGLE)[:2] == (0.0, 0.0)


@pytest.mark.parametrize("setting", ["outputs", "exempt"])
def test_a_setting_for_an_output_that_there_is_not(setting: str) -> None:
    with pytest.raises(PipelineError, match=rf"parity.{setting}.lable: expected one of .* did you mean 'label'\?"):
        policy(**{setting: {"lable": {"atol": 1.0} if setting == "outputs" else "ties"}})


def test_an_exemption_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="expected the reason why 'y' is not judged, got none"):
        settings(exempt={"y": " "})


def test_the_scale_of_a_channel_is_broadcast_along_its_axis() -> None:
    scale = OutputScale(scale=9.0, axis=1, channels=[1.0, 2.0])
    assert scale_of_values(scale, np.zeros((3, 2, 5))).shape == (1, 2, 1)
    assert scale_of_values(scale, np.zeros(4)) == 9.0


def test_without_a_known_scale_it_is_one() -> None:
    assert Policy(Tolerance(1e-3, 0.0)).scale("y").scale == 1.0
