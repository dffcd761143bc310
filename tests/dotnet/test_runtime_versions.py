"""Which versions of onnxruntime a package speaks of."""

import pytest

from pipeline.core.errors import PipelineError
from pipeline.core.parity_report import ParityReport, RuntimeReplay
from pipeline.core.target_runtime import TargetRuntime
from pipeline.dotnet.runtime_versions import advise_target, choose_bound, describe_absence, join_versions, list_proven


def replayed(onnxruntime: str, *, passed: bool = True) -> RuntimeReplay:
    return RuntimeReplay.model_construct(onnxruntime=onnxruntime, passed=passed)


def report(*runtimes: RuntimeReplay) -> ParityReport:
    return ParityReport.model_construct(onnxruntime="1.31.1", runtimes=list(runtimes))


def test_the_lowest_is_first_and_none_is_named_twice() -> None:
    assert list_proven(report(replayed("1.9.0"), replayed("1.32.0"), replayed("1.31.1"))) == [
        "1.9.0",
        "1.31.1",
        "1.32.0",
    ]


def test_a_replay_that_failed_proves_nothing() -> None:
    assert list_proven(report(replayed("1.18.1", passed=False))) == ["1.31.1"]


def test_the_bound_is_the_target_s_version() -> None:
    assert choose_bound(TargetRuntime(target="onnxruntime-1.18", onnxruntime="1.18.1"), report(replayed("1.18.1"))) == (
        "1.18.1"
    )


def test_without_a_target_the_bound_is_the_installed_version() -> None:
    assert choose_bound(TargetRuntime(target=None, onnxruntime="1.31.1"), report()) == "1.31.1"


def test_a_bound_that_nobody_has_proven_is_refused() -> None:
    expected = (
        r"reports/parity\.json: expected a proof in onnxruntime 1\.18\.1, which the target names and consumers get, got one in "
        r"1\.31\.1: run `python -m pipeline validate`"
    )
    with pytest.raises(PipelineError, match=expected):
        choose_bound(TargetRuntime(target="onnxruntime-1.18", onnxruntime="1.18.1"), report())


@pytest.mark.parametrize(("versions", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_versions_in_a_sentence(versions: list[str], text: str) -> None:
    assert join_versions(versions) == text


def test_a_bound_that_is_absent_beside_the_nearest() -> None:
    assert describe_absence("1.18.1", "1.30.0") == (
        "the package's lower bound, Microsoft.ML.OnnxRuntime 1.18.1, which none of your NuGet sources has (the nearest is 1.30.0)"
    )


def test_a_bound_that_is_absent_where_nothing_is() -> None:
    assert describe_absence("1.18.1", None).endswith("(nor any other version)")


def test_a_target_that_is_there() -> None:
    assert advise_target("1.30.0").endswith("`python -m pipeline params target=onnxruntime-1.30.0`")


def test_no_target_where_nothing_is() -> None:
    assert advise_target(None) == ""
