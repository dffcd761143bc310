"""The package, replayed on each onnxruntime that is asked for, beginning with its own lower bound, which plain consumers get."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.core.dotnet_report import BOUND, NEAREST, NEWEST, DotnetRuntime
from pipeline.core.errors import PipelineError
from pipeline.core.progress import LongWork
from pipeline.dotnet import sdk
from pipeline.dotnet.nuget.manifest import Manifest
from pipeline.dotnet.proof.consumer import Consumer, restored_package
from pipeline.dotnet.proof.examination import Examination, Replay, compare_answers
from pipeline.dotnet.runtime_versions import (
    MANAGED_PACKAGE,
    RUNTIME_PACKAGE,
    advise_target,
    describe_absence,
    join_versions,
)

# Of the folder with the consumers: every golden call, and the inputs of the test split.
GOLDEN_CALLS = "golden-calls"
TEST_SPLIT = "test-split"


@dataclass
class Matrix:
    """The replays by NuGet's version of onnxruntime, in the order in which they ran, and what came of each runtime that was asked for.

    `bound` is the lowest version that the package asks for, `proven` are those of Python. `versions` has the version that ran for each
    runtime asked for ("bound", "nearest", "newest" or a version), `absent` why there is none.
    """

    bound: str
    proven: Sequence[str]
    replays: dict[str, Replay] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    def list_runtimes(self) -> list[DotnetRuntime]:
        """An entry for each runtime that was asked for; those that no source has come first."""
        absent = [
            DotnetRuntime(asked=asked, onnxruntime=None, verified=False, reason=reason)
            for asked, reason in self.absent.items()
        ]
        return [*absent, *(self._describe(asked, version) for asked, version in self.versions.items())]

    def _describe(self, asked: str, version: str) -> DotnetRuntime:
        replay = self.replays[version]
        shares = [entry.used for entry in replay.comparisons if entry.used is not None and not entry.exempt]
        is_below = sdk.numbers(version) < sdk.numbers(self.bound)
        return DotnetRuntime(
            asked=asked,
            onnxruntime=version,
            verified=not replay.problem,
            reason=replay.problem,
            comparisons=len(replay.comparisons),
            values=sum(entry.values for entry in replay.comparisons),
            used=max(shares, default=None),
            note=f"below the package's lower bound, {self.bound}" if is_below else "",
        )

    def explain_departure(self) -> str:
        """Why .NET does not answer like PyTorch, and on which onnxruntime where several ran; empty when it does on all."""
        problems = {version: replay.problem for version, replay in self.replays.items() if replay.problem}
        if len(self.replays) == 1:
            return "".join(problems.values())
        # The gate names the version of each but the bound's.
        return "; ".join(
            problem if f"in onnxruntime {version}: " in problem else f"onnxruntime {version}: {problem}"
            for version, problem in problems.items()
        )

    def describe_notes(self) -> str:
        """What else is to be known: other runtimes that no source has, and versions that ran in .NET and not in Python."""
        notes = [reason for asked, reason in self.absent.items() if asked != BOUND]
        if unproven := [version for version in self.replays if version not in self.proven]:
            notes.append(
                f"Python has proven the model in onnxruntime {join_versions(self.proven)}, .NET ran {join_versions(unproven)} too"
            )
        return "; ".join(notes)


def replay_runtimes(
    found: sdk.Sdk, manifest: Manifest, examination: Examination, runtimes: Sequence[str], folder: Path
) -> Matrix:
    """Build a consumer for the lower bound and for each of `runtimes`, run it, and compare what it answers.

    Args:
        found: The SDK that builds them.
        manifest: That of the package in build/package.
        examination: What they are asked.
        runtimes: `verify.runtimes`.
        folder: For the consumers; the golden calls are in its `GOLDEN_CALLS`, the inputs of the test split in its `TEST_SPLIT`.

    Raises:
        PipelineError: A consumer does not build, or does not run to its end. That no source has an onnxruntime is in the matrix.
    """
    # NuGet never looks twice at one version; others of this package were restored for earlier content, each with its model.
    shutil.rmtree(restored_package(manifest).parent, ignore_errors=True)
    matrix = Matrix(manifest.onnxruntime.bound, manifest.onnxruntime.proven)
    wanted = [BOUND, *(runtime for runtime in runtimes if runtime != matrix.bound)]
    shown = LongWork("verify", "consumers", len(wanted))
    for asked in shown.over(wanted):
        shown.note = "restoring and building it"
        consumer = Consumer(found, examination.contract, manifest, folder / asked)
        try:
            version = consumer.build(_reference(asked))
        except sdk.MissingPackageError as error:
            if error.package not in (RUNTIME_PACKAGE, MANAGED_PACKAGE):
                raise
            matrix.absent[asked] = _explain_absence(asked, matrix.bound, error.nearest)
            continue
        if asked == BOUND and version != matrix.bound:
            matrix.absent[BOUND] = _explain_absence(BOUND, matrix.bound, version)
        name = NEAREST if asked == BOUND and matrix.absent else asked
        matrix.versions[name] = version
        if version not in matrix.replays:
            shown.note = f"it runs on onnxruntime {version}"
            versions = consumer.replay(examination.threads, folder / GOLDEN_CALLS, folder / TEST_SPLIT)
            _check_ran(version, versions.onnxruntime)
            runtime = None if name == BOUND else version
            matrix.replays[version] = compare_answers(consumer.answers, examination, versions, runtime)
    return matrix


def _reference(asked: str) -> str | None:
    """The version that the consumer itself asks for, as NuGet writes it; None for the bound, which the package asks for."""
    return {BOUND: None, NEWEST: "*"}.get(asked, f"[{asked}]")


def _explain_absence(asked: str, bound: str, nearest: str | None) -> str:
    """That no source has what was asked for, and what to do."""
    if asked == BOUND:
        return (
            f"what plain consumers run is not proven in .NET: it is {describe_absence(bound, nearest)}; add a source that has it"
            f"{advise_target(nearest)}"
        )
    package = RUNTIME_PACKAGE if asked == NEWEST else f"{RUNTIME_PACKAGE} {asked}"
    instead = f"the nearest is {nearest}" if nearest else "nor any other version"
    return f"verify.runtimes: none of your NuGet sources has {package} ({instead}): add a source that has it, or ask for another"


def _check_ran(restored: str, ran: str) -> None:
    """Raise PipelineError unless the native library that ran is the one that NuGet gave."""
    if sdk.numbers(restored) != sdk.numbers(ran):
        raise PipelineError(
            f"expected the consumer to run onnxruntime {restored}, which NuGet gave it, got {ran}: look for another native library of that "
            "name (LD_LIBRARY_PATH, DYLD_LIBRARY_PATH, PATH)"
        )
