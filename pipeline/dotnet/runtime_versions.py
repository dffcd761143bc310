"""The versions of onnxruntime that a package speaks of: those in which Python has proven the model, and the lowest that it asks for."""

from collections.abc import Iterable

from pipeline.core.errors import PipelineError
from pipeline.core.parity_report import ParityReport
from pipeline.core.paths import PARITY_REPORT
from pipeline.core.target_runtime import TargetRuntime
from pipeline.dotnet import sdk

# The NuGet package that brings onnxruntime to consumers.
RUNTIME_PACKAGE = "Microsoft.ML.OnnxRuntime"
# The C# half of it, without a native library.
MANAGED_PACKAGE = "Microsoft.ML.OnnxRuntime.Managed"


def list_proven(parity: ParityReport) -> list[str]:
    """The versions in which Python has proven the model, the lowest first: the installed one, and those whose replay has passed."""
    replayed = [replay.onnxruntime for replay in parity.runtimes if replay.passed]
    return sorted({parity.onnxruntime, *replayed}, key=sdk.numbers)


def choose_bound(target: TargetRuntime, parity: ParityReport) -> str:
    """The lowest version that the package asks for: the target's. NuGet gives consumers the lowest that fits.

    Raises:
        PipelineError: The model was not proven in it.
    """
    proven = list_proven(parity)
    if target.onnxruntime not in proven:
        raise PipelineError(
            f"{PARITY_REPORT}: expected a proof in onnxruntime {target.onnxruntime}, which the target names and consumers get, got one in "
            f"{join_versions(proven)}: run `python -m pipeline validate`"
        )
    return target.onnxruntime


def join_versions(versions: Iterable[str]) -> str:
    """Such as 1.18.1, 1.30.0 and 1.31.1."""
    *others, last = versions
    return f"{', '.join(others)} and {last}" if others else last


def describe_absence(bound: str, nearest: str | None) -> str:
    """The lower bound, and that no NuGet source has it."""
    instead = f"the nearest is {nearest}" if nearest else "nor any other version"
    return f"the package's lower bound, {RUNTIME_PACKAGE} {bound}, which none of your NuGet sources has ({instead})"


def advise_target(nearest: str | None) -> str:
    """A target that the sources have, as a part of a sentence."""
    return f", or take one that is there: `python -m pipeline params target=onnxruntime-{nearest}`" if nearest else ""
