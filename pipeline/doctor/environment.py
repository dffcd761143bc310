"""What is installed: Python, the libraries beside what is asked for, .NET with its sources of packages, the target's wheel."""

import platform
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

from pipeline.core.errors import PipelineError
from pipeline.doctor.diagnosis import Diagnosis
from pipeline.dotnet import sdk
from pipeline.runtimes.wheels import require_wheel
from pipeline.settings.params import Params
from pipeline.settings.target import target_version

# What a person asks after first; the others are named where they are not as they should be.
SHOWN = ("torch", "onnx", "onnxruntime", "onnxsim", "mlflow", "dvc", "hydra-core")
MOST_NAMED = 4
# Seconds that `dotnet` may take to say which sources there are.
PATIENCE = 20.0


def diagnose_python() -> Diagnosis:
    return Diagnosis("Python", "ok", f"{platform.python_version()}, {sys.executable}")


def diagnose_libraries(project: Path, constraints: Path) -> Diagnosis:
    """The libraries of pyproject.toml: missing or too old ones are wrong, another version than that of constraints.txt is a note."""
    wanted = [Requirement(line) for line in tomllib.loads(project.read_text())["project"]["dependencies"]]
    pinned = dict(line.split("==") for line in constraints.read_text().splitlines() if re.match(r"[\w.-]+==", line))
    installed = {requirement.name: _installed(requirement.name) for requirement in wanted}
    text = ", ".join(f"{name} {installed[name]}" for name in SHOWN if installed.get(name))
    unfit = [
        f"{requirement} (got {installed[requirement.name] or 'none'})"
        for requirement in wanted
        if not requirement.specifier.contains(installed[requirement.name] or "0", prereleases=True)
    ]
    if unfit:
        return Diagnosis(
            "libraries", "wrong", f"expected {_some(unfit)}", "run `make setup`, then `source .venv/bin/activate`"
        )
    others = [
        f"{name} {number} (tried with {pinned[name]})"
        for name, number in installed.items()
        if number and name in pinned and number.partition("+")[0] != pinned[name]
    ]
    if others:
        return Diagnosis(
            "libraries", "note", f"{text}; not as in {constraints}: {_some(others)}", "`make setup` installs those"
        )
    return Diagnosis("libraries", "ok", f"{text}; all {len(wanted)} as in {constraints}")


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _some(texts: list[str]) -> str:
    more = f" and {len(texts) - MOST_NAMED} more" if len(texts) > MOST_NAMED else ""
    return f"{', '.join(texts[:MOST_NAMED])}{more}"


def diagnose_dotnet(mode: str, client: str) -> Iterator[Diagnosis]:
    """The SDKs and runtimes beside `dotnet`, and where it takes packages from.

    Args:
        mode: verify.mode: a missing SDK is wrong where it is `required`.
        client: package.client: and where it is `assembly`.
    """
    lacking: Literal["wrong", "note"] = "wrong" if mode == "required" or client == "assembly" else "note"
    packed = "`package` fails" if client == "assembly" else "the C# client is packed as source"
    verified = "`verify` fails" if mode == "required" else "the package is published as not verified"
    try:
        found = sdk.require("verify")
    except PipelineError as error:
        yield Diagnosis(
            ".NET", lacking, str(error), f"package.client={client}: {packed}; verify.mode={mode}: {verified}"
        )
        return
    home = found.dotnet.resolve().parent
    sdks, runtimes = (
        sorted((path.name for path in folder.glob("[0-9]*")), key=sdk.numbers)
        for folder in (home / "sdk", home / "shared" / "Microsoft.NETCore.App")
    )
    yield Diagnosis(
        ".NET",
        "ok",
        f"SDK {', '.join(sdks) or found.version}; runtimes {', '.join(runtimes) or 'unknown'}; {found.dotnet}",
    )
    yield diagnose_sources(found.dotnet)


def diagnose_sources(dotnet: Path) -> Diagnosis:
    """Where NuGet takes packages from; a folder that is not there fails every restore."""
    try:
        printed = sdk.run(dotnet, "nuget", "list", "source", "--format", "Short", folder=Path.cwd(), timeout=PATIENCE)
    except (PipelineError, OSError, subprocess.SubprocessError) as error:
        return Diagnosis("NuGet", "note", f"its sources are not known: {error}")
    sources = [line[2:].strip() for line in printed.splitlines() if line.startswith("E ")]
    if not sources:
        return Diagnosis("NuGet", "note", "no source is enabled", "`dotnet nuget add source ADDRESS`")
    gone = [source for source in sources if not re.match(r"https?://", source) and not Path(source).is_dir()]
    if gone:
        return Diagnosis(
            "NuGet", "note", f"{', '.join(gone)}: there is no such folder", "`dotnet nuget remove source` takes it away"
        )
    return Diagnosis("NuGet", "ok", ", ".join(sources))


def diagnose_target(params: Params) -> Diagnosis:
    """The onnxruntime that consumers run."""
    if params.target is None:
        return Diagnosis("target", "ok", f"onnxruntime {version('onnxruntime')}, this environment's own (target=null)")
    try:
        wheel = require_wheel(target_version(params.target), f"target={params.target}")
    except PipelineError as error:
        return Diagnosis("target", "wrong", str(error))
    return Diagnosis("target", "ok", f"{params.target}: onnxruntime {wheel.version}, {wheel.folder or 'own'}")
