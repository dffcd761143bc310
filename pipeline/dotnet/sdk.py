"""The .NET SDK of this machine: find it, ask its version, run it."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from pipeline.core.errors import PipelineError

# The oldest whose C# compiler and targets the consumers of verify need.
OLDEST = (8, 0)
QUIET = {
    "DOTNET_NOLOGO": "1",
    "DOTNET_CLI_TELEMETRY_OPTOUT": "1",
    "DOTNET_SKIP_FIRST_TIME_EXPERIENCE": "1",
    "DOTNET_GENERATE_ASPNET_CERTIFICATE": "false",
    # No build server stays behind to hold files, or to be found by the next run.
    "DOTNET_CLI_USE_MSBUILD_SERVER": "0",
    "MSBUILDDISABLENODEREUSE": "1",
}


class Sdk(NamedTuple):
    """The program `dotnet` and the newest SDK beside it."""

    dotnet: Path
    version: str


def find() -> Path | None:
    """`dotnet` on PATH, in DOTNET_ROOT, or in ~/.dotnet; None where there is none."""
    on_path = shutil.which("dotnet")
    if on_path:
        return Path(on_path)
    for folder in (os.environ.get("DOTNET_ROOT"), Path.home() / ".dotnet"):
        if folder and os.access(Path(folder) / "dotnet", os.X_OK):
            return Path(folder) / "dotnet"
    return None


def version(dotnet: Path | None) -> str | None:
    """The newest SDK beside `dotnet`, read from its folder (running it takes ten times as long); None without one.

    A `dotnet` that is a link or a wrapper is asked.
    """
    if dotnet is None:
        return None
    folder = dotnet.resolve().parent / "sdk"
    if folder.is_dir():
        found = [path.name for path in folder.iterdir() if path.name[:1].isdigit()]
        return max(found, key=_numbers, default=None)
    done = subprocess.run([dotnet, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() or None if done.returncode == 0 else None


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.partition("-")[0].split(".") if part.isdigit())


def require(purpose: str) -> Sdk:
    """The SDK, for `purpose`.

    Raises:
        PipelineError: There is no SDK, or it is too old.
    """
    dotnet = find()
    found = version(dotnet)
    if dotnet is None or found is None:
        raise PipelineError(
            f"{purpose} needs a .NET SDK, {OLDEST[0]}.{OLDEST[1]} or later: none was found on PATH, in DOTNET_ROOT or in ~/.dotnet; "
            "install one"
        )
    if _numbers(found) < OLDEST:
        raise PipelineError(
            f"{purpose} needs a .NET SDK, {OLDEST[0]}.{OLDEST[1]} or later, got {found} ({dotnet}): install a newer one"
        )
    return Sdk(dotnet, found)


def target_framework(sdk: str) -> str:
    """The framework that an SDK brings: 10.0.401 -> net10.0."""
    major, minor = _numbers(sdk)[:2]
    return f"net{major}.{minor}"


def run(dotnet: Path, *arguments: str, folder: Path, timeout: float = 600) -> str:
    """Run `dotnet` in `folder`; what it prints.

    Raises:
        PipelineError: It fails, or is not done within `timeout` seconds; with the first error that it prints.
    """
    command = [str(dotnet), *arguments]
    environment = {**os.environ, **QUIET}
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=folder, capture_output=True, text=True, env=environment, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        raise PipelineError(
            f"`{' '.join(command[:2])}` was not done within {timeout:.0f} s: run it by hand in {folder}"
        ) from None
    if done.returncode:
        raise PipelineError(explain(" ".join(command[1:2]), done.stdout + "\n" + done.stderr))
    return done.stdout


def explain(command: str, printed: str) -> str:
    """One sentence for a failed `dotnet` command."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    first = next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "it said nothing")
    if "NU1301" in first or "Unable to load the service index" in first:
        return (
            f"`dotnet {command}` cannot reach a NuGet feed: {first}; look at `dotnet nuget list source`, or add a feed that has "
            "Microsoft.ML.OnnxRuntime"
        )
    if "NU1101" in first or "NU1102" in first:
        return (
            f"`dotnet {command}` finds a package in none of the user's NuGet sources: {first}; add a feed that has it"
        )
    return f"`dotnet {command}` failed: {first}"
