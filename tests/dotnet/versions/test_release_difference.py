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
        (changed("client", client="assembly"), "minor", "the client comes as assemblies (it was source code)"),
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
        (
            changed("client", api=CONTENT.api[:1] + CONTENT.api[2:]),
            "major",
            "C# is without `M.Dispose() -> void`",
        ),
        (
            changed("client", api=(*CONTENT.api, "Acme.M.Length -> const int")),
            "minor",
            "C# has `M.Length -> const int`",
        ),
        (changed("client"), "patch", "the text of the C# client is another"),
        (changed("golden"), "patch", "the golden calls, or the tolerances of the self-test, are others"),
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


def test_members_of_another_name_are_not_told_one_by_one():
    assert told(changed("client", namespace="B", api=())) == [("major", "the C# namespace is B (it was Acme)")]


def test_a_release_without_its_api_is_told_last():
    release = released(api=None)
    changes = [change.text for change in compare_release(release, changed("golden"))]
    assert changes == [
        "the golden calls, or the tolerances of the self-test, are others",
        "not compared: the C# members, since the release has no M.api.txt",
    ]


def test_a_release_without_its_api_explains_no_other_text_of_the_client():
    changes = compare_release(released(api=None), changed("client"))
    assert "the text of the C# client is another" in [change.text for change in changes]


def test_source_instead_of_assemblies_is_major():
    release = released(client="assembly")
    changes = compare_release(release, changed("client"))
    assert [(change.part, change.text) for change in changes] == [
        ("major", "the client comes as source code (it was assemblies)")
    ]


def test_assemblies_instead_of_source_of_which_no_api_is_known_are_major():
    changes = compare_release(released(api=None), changed("client", client="assembly"))
    assert changes[0].part == "major"
