"""`python -m pipeline compat --install 1.18`: pip puts a wheel of onnxruntime into the user's cache folder, and it is tried.

No stage installs one. What pip says when it cannot becomes one sentence.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.core.files import beside
from pipeline.runtimes.wheels import TAG, Wheel, find_wheel, folder_of, minor_of, numbers, parse_version, store
from pipeline.settings.compat import CLIENT_MINOR

# Built against NumPy 1, and imports no other.
_LAST_MINOR_FOR_NUMPY_1 = 18
# From this minor on there are wheels up to this Python: what pip offered to Python 3.8 to 3.15 in November 2026.
_NEWEST_PYTHON = {16: "3.11", 17: "3.12", 20: "3.13", 24: "3.14"}
_PROBE = "import json, numpy, onnxruntime; print(json.dumps([onnxruntime.__version__, numpy.__version__]))"
_NO_ROOM = re.compile(r"No space left on device|Disk quota exceeded")
_NO_NETWORK = re.compile(
    r"ConnectionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|Max retries exceeded|Name or service not known|"
    r"name resolution|Network is unreachable"
)


def install(text: str) -> str:
    """Install the newest wheel of `text`, "1.18", or the very "1.18.1", unless one is here; a line that says what is there now.

    Raises:
        PipelineError: There is no such version, no wheel of it for this Python, no network, no room, or it cannot be imported.
    """
    version = parse_version(text)
    present = find_wheel(version)
    if present is not None:
        numpy = prove(present)
        place = present.folder or "in this environment"
        return f"onnxruntime {present.version} is here already: {place}, with numpy {numpy}"
    target = _make_room(version)
    try:
        _run_pip(version, target)
        # The temporary folder has no version in its name yet.
        whole = _read_version(target)
        numpy, cause = _try_import(Wheel(whole, target))
        if cause:
            raise PipelineError(
                f"the wheel of onnxruntime {whole} cannot be imported here ({cause}), and is not kept: take another version"
            )
        folder = folder_of(whole)
        try:
            target.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
            return f"onnxruntime {whole} is here already: another process has installed it: {folder}"
    finally:
        shutil.rmtree(target, ignore_errors=True)
    return f"onnxruntime {whole} is installed: {folder}, with numpy {numpy}"


def prove(wheel: Wheel) -> str:
    """Import the wheel in a process of its own; the version of the numpy that it runs with.

    Raises:
        PipelineError: It cannot be imported, or says another version of itself.
    """
    numpy, cause = _try_import(wheel)
    if cause:
        raise PipelineError(explain_broken(wheel, cause))
    return numpy


def _try_import(wheel: Wheel) -> tuple[str, str]:
    """The version of numpy that the wheel runs with, and why it cannot be imported; one of them is ""."""
    done = subprocess.run(  # noqa: S603
        wheel.command("-c", _PROBE), env=wheel.environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        return "", (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    version, numpy = json.loads(done.stdout)
    return (numpy, "") if version == wheel.version else ("", f"it says that it is {version}")


def explain_broken(wheel: Wheel, cause: str) -> str:
    """What to do about a wheel that cannot be imported, in one sentence."""
    if wheel.folder is None:
        return f"this environment's onnxruntime {wheel.version} cannot be imported ({cause}): run `make setup`"
    return (
        f"the wheel of onnxruntime {wheel.version} cannot be imported ({cause}): remove the folder {wheel.folder} and install it again with "
        f"`python -m pipeline compat --install {wheel.version}`"
    )


def _make_room(version: str) -> Path:
    folder = store() / f"{version}-{TAG}.new"
    try:
        target = beside(folder)
        target.mkdir()
    except OSError as error:
        raise PipelineError(
            f"cannot write to {store()}: {error.strerror}; give access, or set XDG_CACHE_HOME to a folder that can be written"
        ) from None
    return target


def _run_pip(version: str, target: Path) -> None:
    packages = [f"onnxruntime=={version}" if len(numbers(version)) == 3 else f"onnxruntime=={version}.*"]
    if minor_of(version) <= _LAST_MINOR_FOR_NUMPY_1:
        packages.append("numpy<2")
    # Not what the wheel depends on: to run a model it imports numpy alone, and the environment has that.
    options = ["--target", str(target), "--only-binary", ":all:", "--no-deps", "--no-compile"]
    quiet = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    # An index that does not answer: half a minute, where pip's own settings take minutes.
    patience = ["--retries", "2", "--timeout", "10"]
    command = [sys.executable, "-m", "pip", "install", *options, *quiet, *patience, *packages]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise PipelineError(_explain(version, target, f"{done.stdout}\n{done.stderr}"))


def _read_version(target: Path) -> str:
    (folder,) = target.glob("onnxruntime-*.dist-info")
    return folder.name.removeprefix("onnxruntime-").removesuffix(".dist-info")


def _explain(version: str, target: Path, printed: str) -> str:
    """One sentence from what a failed pip printed."""
    offer = re.search(r"satisfies the requirement (\w+)\S* \(from versions: (.*?)\)", printed)
    if _NO_ROOM.search(printed):
        return f"cannot write to {target.parent}: no space left on device; make room (onnxruntime {version} takes about 100 MB) and run it again"
    if _NO_NETWORK.search(printed) or (offer and offer[2] == "none"):
        return (
            f"pip cannot reach an index that has onnxruntime {version}: look at the network, and at `python -m pip config list`; a wheel is "
            "needed once, then there is no network"
        )
    if offer:
        return _explain_offer(version, [numbers(release) for release in offer[2].split(", ") if "dev" not in release])
    if "No module named pip" in printed:
        return f"this Python ({sys.executable}) has no pip: run `python -m ensurepip`, or `make setup`"
    errors = [line for line in printed.splitlines() if line.startswith("ERROR: ")] or printed.strip().splitlines()
    cause = errors[0].removeprefix("ERROR: ") if errors else "it printed nothing"
    return f"pip cannot install onnxruntime {version}: {cause}"


def _explain_offer(version: str, releases: list[tuple[int, ...]]) -> str:
    """What there is for this Python instead of `version`."""
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    wanted = numbers(version)
    patches = [".".join(map(str, release)) for release in sorted(releases) if release[:2] == wanted[:2]]
    if patches:
        return f"there is no onnxruntime {version} for {python}: expected one of {', '.join(patches)}"
    minors = sorted({release[1] for release in releases if release[0] == 1 and release[1] >= CLIENT_MINOR})
    known = [newest for first, newest in _NEWEST_PYTHON.items() if first <= minor_of(version)]
    others = ""
    if minors and minor_of(version) < minors[0]:
        others = f"; its wheels are for Python up to {known[-1]}, so run it in an environment of that"
    expected = f"expected 1.{minors[0]} to 1.{minors[-1]}" if minors else "there is none from 1.16 on"
    return f"there is no wheel of onnxruntime {version} for {python}: {expected}{others}"
