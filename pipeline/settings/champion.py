"""The names of aliases in MLflow's registry, and what moves the one that consumers take."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pipeline.settings.model import Section


def _check_reserved(alias: str) -> str:
    if re.fullmatch(r"latest|v\d+", alias, re.IGNORECASE):
        raise ValueError(f"expected a name that MLflow does not reserve, got {alias!r}")
    return alias


Alias = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$"), AfterValidator(_check_reserved)]


class Champion(Section):
    """The version that consumers take has this `alias`; `rule` says whether a publication may move it.

    `budget` is how much of the task's metric a new version may lose against the champion, in the metric's own unit.
    """

    alias: Alias
    rule: Literal["paired", "never"]
    budget: Annotated[float, Field(ge=0)]
