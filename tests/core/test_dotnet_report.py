"""What reports/dotnet.json says of itself."""

import pytest

from pipeline.core.dotnet_report import DotnetReport, DotnetRuntime
from pipeline.core.parity_report import Comparison

PASSED = Comparison.model_construct(passed=True)
FAILED = Comparison.model_construct(passed=False)
BOUND = DotnetRuntime(asked="bound", onnxruntime="1.30.0", verified=True, reason="")
NEWEST = DotnetRuntime(asked="newest", onnxruntime="1.31.1", verified=True, reason="")
REFUTED = DotnetRuntime(asked="newest", onnxruntime="1.31.1", verified=False, reason="wrong")
ABSENT = DotnetRuntime(asked="bound", onnxruntime=None, verified=False, reason="no source has it")
NOT_NEWEST = DotnetRuntime(asked="newest", onnxruntime=None, verified=False, reason="no source has it")


def report(verified: bool, comparisons: list[Comparison], *runtimes: DotnetRuntime) -> DotnetReport:
    return DotnetReport.model_construct(verified=verified, comparisons=comparisons, runtimes=list(runtimes))


@pytest.mark.parametrize(
    "sound",
    [
        report(False, []),
        report(True, [PASSED], BOUND),
        report(True, [PASSED], BOUND, NEWEST),
        report(True, [PASSED], BOUND, NOT_NEWEST),
        report(False, [PASSED], ABSENT, NEWEST),
        report(False, [], ABSENT),
    ],
)
def test_what_departs_in_nothing(sound: DotnetReport) -> None:
    assert not sound.departs


@pytest.mark.parametrize(
    "unsound",
    [
        report(False, [FAILED], BOUND),
        report(True, [FAILED]),
        report(True, [PASSED], BOUND, REFUTED),
        report(False, [], REFUTED),
        report(True, [PASSED], ABSENT, NEWEST),
        report(False, [PASSED], BOUND),
    ],
)
def test_what_departs_or_contradicts_itself(unsound: DotnetReport) -> None:
    assert unsound.departs


def test_versions_that_are_verified_are_listed_once() -> None:
    same = NEWEST.model_copy(update={"asked": "1.31.1"})
    assert report(True, [], ABSENT, BOUND, NEWEST, same).list_verified() == ["1.30.0", "1.31.1"]


def test_versions_that_are_not_verified_are_not_listed() -> None:
    assert report(False, [], ABSENT, REFUTED).list_verified() == []
