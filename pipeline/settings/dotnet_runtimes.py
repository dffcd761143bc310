"""The setting `verify.runtimes`: on which versions of onnxruntime the package is replayed in .NET, beside its own lower bound."""

import re
from typing import Annotated

from pydantic import BeforeValidator

from pipeline.core.dotnet_report import NEWEST

_WHOLE = re.compile(r"\d+\.\d+\.\d+")


def check_runtimes(value: object) -> list[str]:
    """Check what `verify.runtimes` was set to; each is named once.

    Raises:
        ValueError: It is no list of whole versions, as text, and of `newest`; null is an empty one.
    """
    if value is None:
        return []
    if type(value) is not list:
        raise ValueError(f"expected a list such as [{NEWEST}, 1.31.1], got {value!r}")
    for runtime in value:
        if type(runtime) in (int, float):
            raise ValueError(
                f"expected {NEWEST} or whole versions such as 1.31.1, got the number {runtime}, as which YAML reads 1.3 and 1.30 alike"
            )
        if runtime != NEWEST and not _WHOLE.fullmatch(str(runtime)):
            raise ValueError(f"expected {NEWEST} or whole versions such as 1.31.1, got {runtime!r}")
    return list(dict.fromkeys(value))


DotnetRuntimes = Annotated[list[str], BeforeValidator(check_runtimes)]
