"""Which onnxruntimes a package is replayed on, and what is said of each."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.core.dotnet_report import DotnetRuntime
from pipeline.core.errors import PipelineError
from pipeline.core.parity_report import Comparison
from pipeline.dotnet.nuget.manifest import Manifest, RuntimeVersions
from pipeline.dotnet.proof import matrix as module
from pipeline.dotnet.proof.consumer import Consumer, Versions
from pipeline.dotnet.proof.examination import Examination, Replay
from pipeline.dotnet.proof.matrix import Matrix, replay_runtimes
from pipeline.dotnet.sdk import MissingPackageError, Sdk

FOUND = Sdk(Path("dotnet"), "10.0.401")
# Nothing is asked: what comes back is made up.
EXAMINATION = Examination(contract=None, calls=[], split=None, tolerances=None, threads=1, least_cosine=0.0)


def comparison(*, passed: bool = True, used: float | None = 0.25, exempt: str = "") -> Comparison:
    problem = "" if passed else "output 'y': expected 1, got 2"
    return Comparison.model_construct(
        stage="dotnet", case="rows", output="y", batch=None, way=None, passed=passed, values=3, used=used, exempt=exempt,
        problem=problem, max_abs=None, required_tolerance=None, scale=None,
    )  # fmt: skip


def replay(version: str, *comparisons: Comparison) -> Replay:
    return Replay(Versions(".NET 10", version), list(comparisons) or [comparison()], [], [])


def manifest(bound: str, *others: str) -> Manifest:
    return Manifest.model_construct(
        id="Linear", version="1.0.0", onnxruntime=RuntimeVersions(bound=bound, proven=[bound, *others])
    )


@pytest.fixture
def sources(monkeypatch, tmp_path) -> Callable[..., Matrix]:
    """Replay where the NuGet sources have these versions; `wrong` departs, and the program names `ran` where that is another."""

    def replay_on(
        have: list[str],
        bound: str,
        *runtimes: str,
        wrong: str | None = None,
        ran: str | None = None,
        package: str = "Microsoft.ML.OnnxRuntime",
    ) -> Matrix:
        built: dict[Path, str] = {}

        def build(consumer: Consumer, runtime: str | None = None) -> str:
            exact = (runtime or "").strip("[]")
            fit = (
                have[-1:]
                if runtime == "*"
                else [v for v in have if v == exact]
                if runtime
                else [v for v in have if v >= bound]
            )
            if not fit:
                raise MissingPackageError("none", package, have[0] if have else None)
            built[consumer.folder] = fit[0]
            return fit[0]

        def compare(answers: Path, _: Examination, versions: Versions, runtime: str | None) -> Replay:
            passed = versions.onnxruntime != wrong
            return replay(versions.onnxruntime, comparison(passed=passed).model_copy(update={"runtime": runtime}))

        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(Consumer, "build", build)
        monkeypatch.setattr(Consumer, "replay", lambda consumer, *_: Versions(".NET 10", ran or built[consumer.folder]))
        monkeypatch.setattr(module, "compare_answers", compare)
        return replay_runtimes(FOUND, manifest(bound), EXAMINATION, runtimes, tmp_path)

    return replay_on


def describe(matrix: Matrix) -> list[tuple[str, str | None, bool]]:
    return [(entry.asked, entry.onnxruntime, entry.verified) for entry in matrix.list_runtimes()]


def test_the_bound_alone_by_default(sources) -> None:
    assert describe(sources(["1.30.0", "1.31.1"], "1.30.0")) == [("bound", "1.30.0", True)]


def test_the_newest_and_a_version_beside_it(sources) -> None:
    assert describe(sources(["1.30.0", "1.31.0", "1.31.1"], "1.30.0", "newest", "1.31.0")) == [
        ("bound", "1.30.0", True),
        ("newest", "1.31.1", True),
        ("1.31.0", "1.31.0", True),
    ]


def test_a_version_that_ran_before_does_not_run_again(sources) -> None:
    matrix = sources(["1.31.1"], "1.31.1", "newest")
    assert describe(matrix) == [("bound", "1.31.1", True), ("newest", "1.31.1", True)]
    assert list(matrix.replays) == ["1.31.1"]


def test_the_bound_asked_for_by_its_version_is_the_bound(sources) -> None:
    assert describe(sources(["1.31.1"], "1.31.1", "1.31.1")) == [("bound", "1.31.1", True)]


def test_comparisons_of_other_runtimes_than_the_bound_say_which(sources) -> None:
    matrix = sources(["1.30.0", "1.31.1"], "1.30.0", "newest")
    assert [entry.runtime for one in matrix.replays.values() for entry in one.comparisons] == [None, "1.31.1"]


def test_the_nearest_to_an_absent_bound_is_claimed_for_itself(sources) -> None:
    matrix = sources(["1.30.0", "1.31.1"], "1.18.1")
    assert describe(matrix) == [("bound", None, False), ("nearest", "1.30.0", True)]
    assert matrix.replays["1.30.0"].comparisons[0].runtime == "1.30.0"


def test_an_absent_bound_says_what_to_do(sources) -> None:
    assert sources(["1.30.0"], "1.18.1").absent["bound"] == (
        "what plain consumers run is not proven in .NET: it is the package's lower bound, Microsoft.ML.OnnxRuntime 1.18.1, which none of "
        "your NuGet sources has (the nearest is 1.30.0); add a source that has it, or take one that is there: `python -m pipeline params "
        "target=onnxruntime-1.30.0`"
    )


def test_a_bound_above_everything_leaves_the_others(sources) -> None:
    matrix = sources(["1.30.0", "1.31.1"], "1.32.0", "newest")
    assert describe(matrix) == [("bound", None, False), ("newest", "1.31.1", True)]


def test_nothing_ran_where_no_source_has_any(sources) -> None:
    matrix = sources([], "1.31.1", "newest")
    assert describe(matrix) == [("bound", None, False), ("newest", None, False)]
    assert matrix.absent["newest"] == (
        "verify.runtimes: none of your NuGet sources has Microsoft.ML.OnnxRuntime (nor any other version): add a source that has it, or "
        "ask for another"
    )


def test_a_version_that_no_source_has_is_noted(sources) -> None:
    matrix = sources(["1.31.1"], "1.31.1", "1.29.0")
    assert describe(matrix) == [("1.29.0", None, False), ("bound", "1.31.1", True)]
    assert matrix.describe_notes() == (
        "verify.runtimes: none of your NuGet sources has Microsoft.ML.OnnxRuntime 1.29.0 (the nearest is 1.31.1): add a source that has "
        "it, or ask for another"
    )


def test_another_package_that_is_missing_is_an_error(sources) -> None:
    with pytest.raises(MissingPackageError):
        sources([], "1.31.1", package="System.Numerics.Tensors")


def test_another_native_library_than_nuget_gave_is_an_error(sources) -> None:
    expected = r"expected the consumer to run onnxruntime 1\.31\.1, which NuGet gave it, got 1\.18\.0: look for another native library"
    with pytest.raises(PipelineError, match=expected):
        sources(["1.31.1"], "1.31.1", ran="1.18.0")


def test_a_version_below_the_bound_is_called_so(sources) -> None:
    (bound, older) = sources(["1.30.0", "1.31.1"], "1.31.1", "1.30.0").list_runtimes()
    assert (bound.note, older.note) == ("", "below the package's lower bound, 1.31.1")


def test_one_departure_on_one_of_several_says_on_which(sources) -> None:
    matrix = sources(["1.30.0", "1.31.1"], "1.30.0", "newest", wrong="1.31.1")
    assert describe(matrix) == [("bound", "1.30.0", True), ("newest", "1.31.1", False)]
    assert matrix.explain_departure().startswith("1 of 1 comparisons failed; in onnxruntime 1.31.1: output 'y'")


def test_a_departure_on_the_only_one_is_said_as_it_is(sources) -> None:
    assert sources(["1.31.1"], "1.31.1", wrong="1.31.1").explain_departure().startswith("1 of 1 comparisons failed")


def test_no_departure(sources) -> None:
    assert sources(["1.30.0", "1.31.1"], "1.30.0", "newest").explain_departure() == ""


def test_a_version_that_python_has_not_proven_is_noted(sources) -> None:
    matrix = sources(["1.30.0", "1.31.1"], "1.30.0", "newest")
    assert matrix.describe_notes() == "Python has proven the model in onnxruntime 1.30.0, .NET ran 1.31.1 too"


def test_no_note_where_python_has_proven_all() -> None:
    matrix = Matrix("1.30.0", ["1.30.0", "1.31.1"], {"1.30.0": replay("1.30.0"), "1.31.1": replay("1.31.1")})
    assert matrix.describe_notes() == ""


def test_what_an_entry_counts() -> None:
    comparisons = comparison(used=0.25), comparison(used=None), comparison(used=7.0, exempt="ties")
    matrix = Matrix("1.31.1", ["1.31.1"], {"1.31.1": replay("1.31.1", *comparisons)}, {"bound": "1.31.1"})
    assert matrix.list_runtimes() == [
        DotnetRuntime(asked="bound", onnxruntime="1.31.1", verified=True, reason="", comparisons=3, values=9, used=0.25)
    ]
