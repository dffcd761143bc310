"""What a run in MLflow says of .NET."""

import pytest

from pipeline.core.dotnet_report import DotnetReport, DotnetRuntime
from pipeline.dotnet.nuget.manifest import Manifest, RuntimeVersions
from pipeline.registry.run_content import describe_runtime, dotnet_tags, runtime_tags

BOUND = DotnetRuntime(asked="bound", onnxruntime="1.30.0", verified=True, reason="", used=0.25)
NEWEST = DotnetRuntime(asked="newest", onnxruntime="1.31.1", verified=True, reason="")
ABSENT = DotnetRuntime(asked="bound", onnxruntime=None, verified=False, reason="no source has it")


def report(**facts: object) -> DotnetReport:
    empty = {"package": "a.nupkg", "package_sha256": "", "mode": "auto", "verified": False, "reason": ""}
    return DotnetReport(**{**empty, **facts})


def test_the_matrix_is_a_tag_each() -> None:
    tags = dotnet_tags(report(verified=True, runtimes=[BOUND, NEWEST]))
    assert {key: value for key, value in tags.items() if key.startswith("dotnet.onnxruntime")} == {
        "dotnet.onnxruntime": "1.30.0, 1.31.1",
        "dotnet.onnxruntime.bound": "1.30.0: verified, 25.00% of what is allowed",
        "dotnet.onnxruntime.newest": "1.31.1: verified",
    }


def test_a_bound_that_did_not_run_is_not_verified() -> None:
    tags = dotnet_tags(report(reason="no source has it", runtimes=[ABSENT, NEWEST]))
    assert (tags["dotnet.verified"], tags["dotnet.onnxruntime"]) == ("false", "1.31.1")


def test_no_version_where_nothing_ran() -> None:
    assert dotnet_tags(report(reason="there is no SDK")) == {
        "dotnet.verified": "false",
        "dotnet.reason": "there is no SDK",
    }


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (ABSENT, "none: no source has it"),
        (NEWEST.model_copy(update={"verified": False, "reason": "wrong"}), "1.31.1: wrong"),
        (NEWEST.model_copy(update={"note": "below"}), "1.31.1: verified (below)"),
    ],
)
def test_what_came_of_one(entry: DotnetRuntime, text: str) -> None:
    assert describe_runtime(entry) == text


def test_what_python_has_proven() -> None:
    versions = RuntimeVersions(bound="1.18.1", proven=["1.18.1", "1.31.1"])
    assert runtime_tags(Manifest.model_construct(onnxruntime=versions)) == {
        "onnxruntime.bound": "1.18.1",
        "onnxruntime.proven": "1.18.1, 1.31.1",
    }
