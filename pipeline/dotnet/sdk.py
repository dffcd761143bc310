"""The .NET SDK of this machine: where it is, its version, and its commands."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from pipeline.core.errors import PipelineError

# The oldest SDK that compiles the consumer programs of `verify`.
OLDEST = (8, 0)
ENVIRONMENT = {
    "DOTNET_NOLOGO": "1",
    # What it prints is read here.
    "DOTNET_CLI_UI_LANGUAGE": "en",
    "DOTNET_CLI_TELEMETRY_OPTOUT": "1",
    "DOTNET_SKIP_FIRST_TIME_EXPERIENCE": "1",
    "DOTNET_GENERATE_ASPNET_CERTIFICATE": "false",
    # No build server outlives the command: it would keep files open, and the next run would reuse it.
    "DOTNET_CLI_USE_MSBUILD_SERVER": "0",
    "MSBUILDDISABLENODEREUSE": "1",
}


class MissingPackageError(PipelineError):
    """A package that no NuGet source has, or not in the version that is asked for.

    Attributes:
        package: Its id.
        nearest: The version that the sources have and that is nearest; None where they have none.
    """

    def __init__(self, message: str, package: str, nearest: str | None) -> None:
        super().__init__(message)
        self.package = package
        self.nearest = nearest


class Sdk(NamedTuple):
    """The program `dotnet` and the newest SDK beside it."""

    dotnet: Path
    version: str


def find() -> Path | None:
    """The path of `dotnet`: on PATH, in DOTNET_ROOT or in ~/.dotnet; None when it is in none of them."""
    on_path = shutil.which("dotnet")
    if on_path:
        return Path(on_path)
    for folder in (os.environ.get("DOTNET_ROOT"), Path.home() / ".dotnet"):
        if folder and os.access(Path(folder) / "dotnet", os.X_OK):
            return Path(folder) / "dotnet"
    return None


def version(dotnet: Path | None) -> str | None:
    """The version of the newest SDK beside `dotnet`; None without one.

    It is read from the names of the folders, ten times as fast as `dotnet --version`, which runs only where there is no folder
    of SDKs beside `dotnet` (a wrapper script).
    """
    if dotnet is None:
        return None
    folder = dotnet.resolve().parent / "sdk"
    if folder.is_dir():
        versions = [path.name for path in folder.iterdir() if path.name[:1].isdigit()]
        return max(versions, key=numbers, default=None)
    completed = subprocess.run([dotnet, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    return completed.stdout.strip() or None if completed.returncode == 0 else None


def numbers(text: str) -> tuple[int, ...]:
    """The numbers of a version, by which it is older or newer than others; what stands behind a dash does not count."""
    return tuple(int(part) for part in text.partition("-")[0].split(".") if part.isdigit())


def require(purpose: str) -> Sdk:
    """The SDK, or an error that says what needs it (`purpose`).

    Raises:
        PipelineError: There is no SDK, or it is too old.
    """
    dotnet = find()
    newest = version(dotnet)
    if dotnet is None or newest is None:
        raise PipelineError(
            f"{purpose} needs a .NET SDK, {OLDEST[0]}.{OLDEST[1]} or later: none was found on PATH, in DOTNET_ROOT or in ~/.dotnet; "
            "install one"
        )
    if numbers(newest) < OLDEST:
        raise PipelineError(
            f"{purpose} needs a .NET SDK, {OLDEST[0]}.{OLDEST[1]} or later, got {newest} ({dotnet}): install a newer one"
        )
    return Sdk(dotnet, newest)


def target_framework(sdk: str) -> str:
    """The target framework of an SDK's own runtime: 10.0.401 -> net10.0."""
    major, minor = numbers(sdk)[:2]
    return f"net{major}.{minor}"


def run(dotnet: Path, *arguments: str, folder: Path, timeout: float = 600) -> str:
    """Run `dotnet` in `folder` and return what it prints.

    Raises:
        MissingPackageError: A package cannot be restored.
        PipelineError: It fails, with the first error that it prints, or it takes more than `timeout` seconds.
    """
    command = [str(dotnet), *arguments]
    environment = {**os.environ, **ENVIRONMENT}
    try:
        completed = subprocess.run(  # noqa: S603
            command, cwd=folder, capture_output=True, text=True, env=environment, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        raise PipelineError(
            f"`{' '.join(command[:2])}` took more than {timeout:.0f} s: run it by hand in {folder}"
        ) from None
    if completed.returncode:
        printed = completed.stdout + "\n" + completed.stderr
        message = explain(" ".join(command[1:2]), printed)
        missing = re.search(r"NU110[12]: Unable to find package ([\w.-]*\w)", printed)
        if missing:
            raise MissingPackageError(message, missing.group(1), find_nearest(printed))
        raise PipelineError(message)
    return completed.stdout


def find_nearest(printed: str) -> str | None:
    """The lowest of the versions that NuGet names as nearest, one a source, where it finds not the one that is asked for."""
    return min(re.findall(r"\[ Nearest version: (\S+) \]", printed), key=numbers, default=None)


def explain(command: str, printed: str) -> str:
    """One sentence about a failed `dotnet` command, from what it printed."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    # Not `ErrorInfo` in a line of a stack.
    named = (line for line in lines if re.search(r"\berror\b|^unhandled exception", line, re.IGNORECASE))
    first = next(named, lines[-1] if lines else "it printed nothing")
    if "NU1301" in first or "Unable to load the service index" in first:
        return (
            f"`dotnet {command}` cannot reach a NuGet feed: {first}; look at `dotnet nuget list source`, or add a feed that has "
            "Microsoft.ML.OnnxRuntime"
        )
    if "NU1101" in first or "NU1102" in first:
        return f"`dotnet {command}` finds a package in none of your NuGet sources: {first}; add a feed that has it"
    return f"`dotnet {command}` failed: {first}"
