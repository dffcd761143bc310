"""The wheels of onnxruntime on this machine: this environment's own, and those in the user's cache folder."""

import os
import re
import sys
import sysconfig
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import NamedTuple

from pipeline.core.errors import PipelineError

# Which files of one version fit: wheels are built for a Python and a machine.
TAG = f"cp{sys.version_info.major}{sys.version_info.minor}{sys.abiflags}-{sysconfig.get_platform()}"


class Wheel(NamedTuple):
    """An onnxruntime that can be run: its whole version, and its folder (None: this environment's own)."""

    version: str
    folder: Path | None


def store() -> Path:
    """Where the wheels lie, a folder a version: below $XDG_CACHE_HOME, or ~/.cache."""
    cache = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(cache) if Path(cache).is_absolute() else Path.home() / ".cache") / "torch2dotnet" / "onnxruntime"


def find_wheel(version: str) -> Wheel | None:
    """The wheel of a whole version such as 1.18.1, or the newest one of 1.18; None where there is none here."""
    wheels = [Wheel(folder.name.removesuffix(f"-{TAG}"), folder) for folder in store().glob(f"1.*-{TAG}")]
    wheels.append(Wheel(installed_version("onnxruntime"), None))
    wanted = _numbers(version)
    fitting = [wheel for wheel in wheels if _numbers(wheel.version)[: len(wanted)] == wanted]
    return max(fitting, key=lambda wheel: _numbers(wheel.version), default=None)


def require_wheel(version: str, purpose: str) -> Wheel:
    """As `find_wheel`; `purpose` is the setting or the file that names the version.

    Raises:
        PipelineError: There is no such wheel here.
    """
    wheel = find_wheel(version)
    if wheel is None:
        raise PipelineError(
            f"{purpose}: expected the wheel of onnxruntime {version} for Python {sys.version_info.major}.{sys.version_info.minor}, got none "
            f"in {store()}: install it with `python -m pipeline compat --install {version}`"
        )
    return wheel


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
