"""The section `train` of params.yaml, typed: what is minimised, what says which epoch is best, and for how long."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from pipeline.settings.model import Direction, MetricTarget, Name, Section, Target
from pipeline.settings.short_names import LOSSES, expand

Share = Annotated[float, Field(ge=0, lt=1)]
# More than any machine has, and fewer than a process may start.
MOST_THREADS = 1024


def _check_threads(value: object) -> object:
    if value != "auto" and (type(value) is not int or not 1 <= value <= MOST_THREADS):
        raise ValueError(f"expected auto or a number from 1 to {MOST_THREADS}, got {value!r}")
    return value


class Loss(Target):
    """What training minimises: a short name, or what `_target_` names; null is cross entropy."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return expand("cross_entropy" if value is None else value, LOSSES)


class Monitor(MetricTarget):
    """A metric that training follows; `direction` says what is better where the metric does not."""

    direction: Direction | None = None  # Which is better, where the metric does not say.

    @model_validator(mode="after")
    def _knows_its_direction(self) -> "Monitor":
        self.check_direction(self.direction, "train.monitor.direction")
        return self


class Train(Section):
    """Training of the network: AdamW with warm-up, cosine decay and early stopping."""

    enabled: bool  # false: the weights stay as they are (train=none).
    loss: Loss
    # What says which epoch is best and when to stop: loss, on the validation split, or a metric of it.
    monitor: Monitor | None
    launcher: Name
    epochs: Annotated[int, Field(ge=1)]  # Passes over the training split, at most.
    batch_size: Annotated[int, Field(ge=1)]  # Rows a step, of all processes together.
    threads: Annotated[int | Literal["auto"], BeforeValidator(_check_threads)]
    lr: Annotated[float, Field(gt=0)]  # The learning rate after warm-up.
    weight_decay: Annotated[float, Field(ge=0)]  # AdamW's.
    warmup: Share
    patience: Annotated[int, Field(ge=1)]

    @field_validator("monitor", mode="before")
    @classmethod
    def _loss_is_no_metric(cls, value: Any) -> Any:
        return None if value == "loss" else value
