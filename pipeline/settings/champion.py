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
    """The alias of the version that consumers take, and what moves it."""

    alias: Alias  # The version that consumers take has it.
    # paired: a publication moves it to a version that is at least as good, row by row; never: people alone do.
    rule: Literal["paired", "never"]
    # How much of the task's metric a new version may lose against the champion, in the metric's own unit.
    budget: Annotated[float, Field(ge=0)]
