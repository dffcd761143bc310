"""The wheels of onnxruntime on this machine: this environment's own, and those in the user's cache folder."""

import os
import re
import sys
import sysconfig
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import NamedTuple

import pipeline
from pipeline.core.errors import PipelineError
from pipeline.settings.compat import CLIENT_MINOR

_VERSION = re.compile(r"(?:onnxruntime-)?(1\.\d+(?:\.\d+)?)")
# Which files of one version fit: wheels are built for a Python and a machine.
TAG = f"cp{sys.version_info.major}{sys.version_info.minor}{sys.abiflags}-{sysconfig.get_platform()}"


class Wheel(NamedTuple):
    """An onnxruntime that can be run: its whole version, and its folder (None: this environment's own)."""

    version: str
    folder: Path | None

    def command(self, *arguments: str) -> list[str]:
        """This Python, as a subprocess that imports this onnxruntime when it has `environment`; `arguments` are Python's."""
        # Safe path: a file called onnxruntime.py in the current folder is not what is asked.
        return [sys.executable, "-P", *arguments]

    def environment(self) -> dict[str, str]:
        """Environment variables with which a subprocess finds this onnxruntime first, and then the project."""
        folders = [self.folder, Path(pipeline.__file__).resolve().parents[1], os.environ.get("PYTHONPATH")]
        return {**os.environ, "PYTHONPATH": os.pathsep.join(str(folder) for folder in folders if folder)}


def parse_version(text: str) -> str:
    """The version in "1.18", "1.18.1" or "onnxruntime-1.18".

    Raises:
        PipelineError: It is no version, or older than the C# client can use.
    """
    match = _VERSION.fullmatch(text)
    if match is None:
        raise PipelineError(f"expected a version of onnxruntime such as 1.18 or 1.18.1, got {text!r}")
    if minor_of(match[1]) < CLIENT_MINOR:
        raise PipelineError(
            f"onnxruntime {match[1]} is too old: expected 1.{CLIENT_MINOR} or later, since the C# client is written for OrtValue, which "
            f"came with 1.{CLIENT_MINOR}"
        )
    return match[1]


def numbers(version: str) -> tuple[int, ...]:
    """A version to sort by, (1, 18, 1) of "1.18.1"; what is behind the third number does not count."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def minor_of(version: str) -> int:
    """The minor version, 18 of "1.18.1"."""
    return numbers(version)[1]


def store() -> Path:
    """Where the wheels lie, a folder a version: below $XDG_CACHE_HOME, or ~/.cache."""
    cache = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(cache) if Path(cache).is_absolute() else Path.home() / ".cache") / "torch2dotnet" / "onnxruntime"


def folder_of(version: str) -> Path:
    """The place of a whole version, "1.18.1", for this Python on this machine."""
    return store() / f"{version}-{TAG}"


def own_wheel() -> Wheel | None:
    """This environment's own, without importing it; None where there is none."""
    try:
        return Wheel(installed_version("onnxruntime"), None)
    except PackageNotFoundError:
        return None


def list_wheels() -> list[Wheel]:
    """Every wheel that this Python can run here, the oldest first; of one version this environment's own alone."""
    wheels = {
        folder.name.removesuffix(f"-{TAG}"): folder
        for folder in store().glob(f"*-{TAG}")
        if re.fullmatch(r"1\.\d+\.\d+.*", folder.name)
    }
    own = own_wheel()
    listed = [Wheel(version, folder) for version, folder in wheels.items() if own is None or version != own.version]
    return sorted([*listed, *([own] if own else [])], key=lambda wheel: numbers(wheel.version))


def find_wheel(version: str) -> Wheel | None:
    """The wheel of a whole version, "1.18.1", or the newest one of "1.18"; None where there is none here."""
    wanted = numbers(version)
    fitting = [wheel for wheel in list_wheels() if numbers(wheel.version)[: len(wanted)] == wanted]
    return fitting[-1] if fitting else None


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
