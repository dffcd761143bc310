"""The section `parity` of params.yaml, typed: what the gate allows, and what it must notice."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from pipeline.settings.model import Section

NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
ShareOrNone = Annotated[float, Field(ge=0, le=1)] | None


class ToleranceSettings(Section):
    """A tolerance of its own; null: as in general."""

    atol: NonNegative | None = None  # As `parity.atol`.
    rtol: NonNegative | None = None  # As `parity.rtol`.
    floor: NonNegative | None = None  # As `parity.floor`.
    cosine: ShareOrNone = None  # As `parity.cosine`.
    top1: ShareOrNone = None  # As `parity.top1`.
    ulp: Annotated[int, Field(ge=0)] | None = None  # As `parity.ulp`.

    def given(self) -> dict[str, Any]:
        """The settings that are not null."""
        return self.model_dump(exclude_none=True)


class Parity(Section):
    """A value passes when |got - expected| <= atol * scale + floor + rtol * |expected|; integers, booleans and strings must be equal.

    The scale is the output's own: the 90th percentile of PyTorch's answers (of each channel, where channels differ by orders of magnitude).
    """

    atol: NonNegative  # What is allowed in units of the output's scale.
    rtol: NonNegative  # What is allowed as a share of the expected value.
    floor: NonNegative
    cosine: ShareOrNone  # Where set, the smallest cosine between a row and PyTorch's.
    top1: ShareOrNone  # Where set, the smallest share of rows whose largest value stands at the same index.
    ulp: Annotated[int, Field(ge=0)] | None  # Where set, the largest distance in units in the last place.
    rounding: NonNegative
    dtypes: dict[Literal["float16", "float32", "float64"], ToleranceSettings]
    stages: dict[Literal["export", "simplify", "dotnet"], ToleranceSettings]  # A tolerance of its own for a stage.
    outputs: dict[str, ToleranceSettings]  # A tolerance of its own for an output, by its name.
    # Outputs that are compared and not judged: the reason why, by name. It is printed wherever the model's proof is.
    exempt: dict[str, str]
    task_budget: NonNegative
    least_power: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    power_budget: NonNegative

    @field_validator("dtypes", "stages", "outputs", "exempt", mode="before")
    @classmethod
    def _none_is_empty(cls, value: Any) -> Any:
        return {} if value is None else value

    @field_validator("exempt")
    @classmethod
    def _reasons_are_given(cls, exempt: dict[str, str]) -> dict[str, str]:
        for output, reason in exempt.items():
            if not reason.strip():
                raise ValueError(
                    f"expected the reason why {output!r} is not judged, got none: write it, as in {{{output}: ties are broken otherwise}}"
                )
        return exempt
