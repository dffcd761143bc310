"""One thing that was looked at."""

from typing import Literal, NamedTuple


class Diagnosis(NamedTuple):
    """`wrong` is what the next `dvc repro` would fail at, `note` what a person should know; `advice` says what to do about either."""

    topic: str
    state: Literal["ok", "note", "wrong"]
    text: str
    advice: str = ""
