"""What a long stage says of itself while it works: it begins, a step was measured, it ended.

Nobody has to listen. `pipeline.__main__` does, for the run in MLflow; a stage knows nothing of it, and waits for nobody.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Began:
    """A stage that takes long has begun to work; said by one process of a training on several."""

    stage: str


@dataclass(frozen=True)
class Measured:
    """Numbers of one step (an epoch, say), by name."""

    step: int
    metrics: dict[str, float]


@dataclass(frozen=True)
class Weighed:
    """The stage has the network's weights: the SHA-256 of the checkpoint."""

    weights_sha256: str


Event = Began | Measured | Weighed
Listener = Callable[[Event], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> Callable[[], None]:
    """Have `listener` called with every event of this process, until what is returned is called."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def began(stage: str) -> None:
    _emit(Began(stage=stage))


def measured(step: int, metrics: Mapping[str, float]) -> None:
    _emit(Measured(step=step, metrics=dict(metrics)))


def weighed(weights_sha256: str) -> None:
    _emit(Weighed(weights_sha256=weights_sha256))


def _emit(event: Event) -> None:
    for listener in tuple(_listeners):
        listener(event)
