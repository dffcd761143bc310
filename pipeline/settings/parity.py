"""The section `parity` of params.yaml, typed: what the gate allows, and what it must notice."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from pipeline.settings.model import Section

NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
ShareOrNone = Annotated[float, Field(ge=0, le=1)] | None


class ToleranceSettings(Section):
    """What `compare.policy.Tolerance` says; null: as in general."""

    atol: NonNegative | None = None
    rtol: NonNegative | None = None
    floor: NonNegative | None = None
    cosine: ShareOrNone = None
    top1: ShareOrNone = None
    ulp: Annotated[int, Field(ge=0)] | None = None

    def given(self) -> dict[str, Any]:
        """The settings that are not null."""
        return self.model_dump(exclude_none=True)


class Parity(Section):
    atol: NonNegative
    rtol: NonNegative
    floor: NonNegative
    cosine: ShareOrNone
    top1: ShareOrNone
    ulp: Annotated[int, Field(ge=0)] | None
    rounding: NonNegative
    dtypes: dict[Literal["float16", "float32", "float64"], ToleranceSettings]
    stages: dict[Literal["export", "simplify", "dotnet"], ToleranceSettings]
    outputs: dict[str, ToleranceSettings]
    # The reason why an output is not judged, by its name.
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
