"""Which replay in .NET is blamed, and whose proof it is held beside."""

import pytest

from pipeline.core.parity_report import Comparison, ParityReport
from pipeline.dotnet.nuget.manifest import Manifest
from pipeline.dotnet.proof.examination import Replay, Versions
from pipeline.dotnet.proof.matrix import Matrix
from pipeline.stages.verify import attribute_departure, is_of_package


def comparison(*, passed: bool) -> Comparison:
    return Comparison.model_construct(
        stage="dotnet", case="rows", output="y", way="row", passed=passed, values=3, used=0.5, exempt="", problem="wrong",
        batch=1, max_abs=1.0, required_tolerance=None, scale=1.0,
    )  # fmt: skip


PROOF = ParityReport.model_construct(
    passed=True, comparisons=[comparison(passed=True)], onnxruntime="1.30.0", runtimes=[], models={"simplify": "abc"}
)


def matrix(**right: bool) -> Matrix:
    """Replays by version, `v1_30_0`, each of them right or wrong."""
    replays = {
        name[1:].replace("_", "."): Replay(Versions(".NET 10", name), [comparison(passed=passed)], [], [])
        for name, passed in right.items()
    }
    return Matrix("1.30.0", ["1.30.0"], replays)


def test_where_all_are_right_nothing_is_blamed():
    assert attribute_departure(matrix(v1_30_0=True, v1_31_1=True), PROOF) is None


def test_a_client_that_is_right_on_another_version_is_not_blamed():
    attribution = attribute_departure(matrix(v1_30_0=True, v1_31_1=False), PROOF)
    assert attribution is not None
    assert attribution.cause == "runtime"
    assert "is right on onnxruntime 1.30.0, and wrong on 1.31.1" in attribution.sentence


def test_a_client_that_is_wrong_on_all_is_blamed():
    attribution = attribute_departure(matrix(v1_30_0=False, v1_31_1=False), PROOF)
    assert attribution is not None
    assert attribution.cause == "dotnet"


def test_without_a_proof_of_the_same_graph_nothing_is_blamed():
    assert attribute_departure(matrix(v1_30_0=False), None) is None


@pytest.mark.parametrize(("sha256", "same"), [("abc", True), ("def", False)])
def test_the_proof_is_of_the_graph_in_the_package(sha256, same):
    manifest = Manifest.model_construct(model="Linear.onnx", files={"model/Linear.onnx": sha256})
    assert is_of_package(PROOF, manifest) is same
