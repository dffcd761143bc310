import pytest

from pipeline.core.parity_report import Comparison, ParityReport, RuntimeReplay
from pipeline.parity.attribution import attribute_dotnet

RIGHT = Comparison.model_construct(stage="simplify", passed=True)


def way(name: str, *, wrong: bool = True) -> Comparison:
    return Comparison.model_construct(stage="dotnet", way=name, passed=not wrong)


def proof(*replays: RuntimeReplay, passed: bool = True) -> ParityReport:
    return ParityReport.model_construct(
        passed=passed, comparisons=[RIGHT], onnxruntime="1.31.1", runtimes=list(replays)
    )


def replayed(version: str, *, passed: bool = True) -> RuntimeReplay:
    return RuntimeReplay.model_construct(onnxruntime=version, passed=passed)


@pytest.mark.parametrize(
    ("evidence", "cause", "says"),
    [
        (
            ([way("row"), way("batch")], "1.31.1", proof()),
            "dotnet",
            "it is the C# client; all its ways in depart alike",
        ),
        (
            ([way("row"), way("batch", wrong=False)], "1.31.1", proof()),
            "dotnet",
            "in onnxruntime 1.31.1 too: it is the C# client; its ways in row depart, batch do not",
        ),
        (
            ([way("row")], "1.30.0", proof(replayed("1.30.0"))),
            "dotnet",
            "in onnxruntime 1.30.0 too: it is the C# client",
        ),
        (
            ([way("row")], "1.30.0", proof()),
            "dotnet",
            "runtime and client cannot be told apart until `python -m pipeline compat --install 1.30`",
        ),
        (([way("row")], "1.30.0", proof(replayed("1.30.0", passed=False))), "dotnet", "cannot be told apart"),
        (([way("row"), way("batch", wrong=False)], "1.30.0", proof()), "dotnet", "it is the C# client"),
        (
            ([way("row")], "1.30.0", proof(), ("1.31.1",)),
            "runtime",
            "the same client is right on onnxruntime 1.31.1, and wrong on 1.30.0",
        ),
    ],
    ids=[
        "all ways",
        "one way",
        "replayed",
        "not told apart",
        "failed replay",
        "one way tells",
        "other runtime is right",
    ],
)
def test_client_or_runtime(evidence, cause, says):
    attribution = attribute_dotnet(*evidence)
    assert attribution.cause == cause
    assert says in attribution.sentence


@pytest.mark.parametrize(
    ("comparisons", "parity"),
    [([way("row", wrong=False)], proof()), ([way("row")], None), ([way("row")], proof(passed=False))],
    ids=["right", "no report of this graph", "a gate that failed"],
)
def test_nothing_is_said_of_dotnet(comparisons, parity):
    assert attribute_dotnet(comparisons, "1.31.1", parity) is None
