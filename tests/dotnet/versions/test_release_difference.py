import pytest

from pipeline.dotnet.versions.release_difference import compare_release
from sample_releases import CONTENT, CONTRACT, changed, released


def told(content) -> list[tuple[str, str]]:
    return [(change.part, change.text) for change in compare_release(released(), content)]


@pytest.mark.parametrize(
    ("content", "part", "text"),
    [
        (changed("client", namespace="B"), "major", "the C# namespace is B (it was Acme)"),
        (changed("client", class_name="B"), "major", "the C# class is B (it was M)"),
        (changed("client", client="compiled"), "major", "the client comes as assemblies (it was source code)"),
        (
            changed("client", runtime="managed"),
            "major",
            "it depends on Microsoft.ML.OnnxRuntime.Managed (it was Microsoft.ML.OnnxRuntime)",
        ),
        (
            changed("client", onnxruntime="1.31.1"),
            "minor",
            "it asks for Microsoft.ML.OnnxRuntime 1.31.1 or later (it was 1.30.0)",
        ),
        (changed("client", api=CONTENT.api[:1]), "major", "C# is without `M: void Dispose()`"),
        (changed("client", api=(*CONTENT.api, "M: int Length")), "minor", "C# has `M: int Length`"),
        (changed("client"), "patch", "the text of the C# client is another"),
        (changed("golden"), "patch", "the golden answers are others"),
        (changed("contract"), "patch", "the contract says other things of scales or proof"),
        (changed("model", "client"), "patch", "the model's graph is another"),
        (
            changed("model", "client", contract=CONTRACT.model_copy(update={"weights_sha256": "1" * 64})),
            "patch",
            "the model has other weights",
        ),
        (
            changed("client", "contract", contract=CONTRACT.model_copy(update={"description": "Another."})),
            "patch",
            "the model is described in other words",
        ),
    ],
)
def test_each_difference(content, part, text):
    assert told(content) == [(part, text)]


def test_the_same_has_none():
    assert told(CONTENT) == []


def test_the_largest_comes_first():
    assert [part for part, _ in told(changed("model", onnxruntime="1.31.1", namespace="B"))] == [
        "major",
        "minor",
        "patch",
    ]


def test_members_are_told_where_nothing_else_moves_as_much():
    assert told(changed("client", namespace="B", api=())) == [("major", "the C# namespace is B (it was Acme)")]


def test_many_members_are_counted():
    ((_, text),) = told(changed("client", api=(*CONTENT.api, *(f"M: int A{place}" for place in range(5)))))
    assert text == "C# has `M: int A0`, `M: int A1`, `M: int A2` and 2 more"
