import pytest

from pipeline.core.errors import PipelineError
from pipeline.dotnet.client import identifiers


@pytest.mark.parametrize(
    ("name", "pascal", "camel"),
    [
        ("pixels", "Pixels", "pixels"),
        ("input_ids", "InputIds", "inputIds"),
        ("inputIDs", "InputIDs", "inputIDs"),
        ("output.0", "Output0", "output0"),
        ("onnx::Gemm_7", "OnnxGemm7", "onnxGemm7"),
        ("my input", "MyInput", "myInput"),
        ("LOGITS", "Logits", "logits"),
        ("ID", "ID", "id"),
        ("3d points", "_3dPoints", "_3dPoints"),
        ("class", "Class", "class"),
        ("größe", "Grosse", "grosse"),
        ("naïve_café", "NaiveCafe", "naiveCafe"),
        ("输入", "U8f93U5165", "u8f93U5165"),
        ("вход", "U0432U0445U043eU0434", "u0432U0445U043eU0434"),
        ("--", "Unnamed", "unnamed"),
        ("", "Unnamed", "unnamed"),
    ],
)
def test_a_name_becomes_a_csharp_name(name: str, pascal: str, camel: str) -> None:
    assert (identifiers.pascal(name), identifiers.camel(name)) == (pascal, camel)


def test_a_keyword_is_escaped() -> None:
    assert identifiers.escape("class") == "@class"
    assert identifiers.escape("pixels") == "pixels"


def test_every_keyword_is_safe_as_a_property() -> None:
    assert not {identifiers.pascal(keyword) for keyword in identifiers.KEYWORDS} & identifiers.KEYWORDS


@pytest.mark.parametrize("text", ["", "9lives", "a-b", "class", "größe", "a.b"])
def test_a_setting_that_is_no_identifier_is_rejected(text: str) -> None:
    with pytest.raises(PipelineError, match="expected a C# name"):
        identifiers.check_identifier(text, "package.class")


def test_a_namespace_may_have_dots() -> None:
    identifiers.check_identifier("Acme.Models", "package.namespace", dotted=True)
    with pytest.raises(PipelineError, match=r"for instance Acme\._9lives"):
        identifiers.check_identifier("acme.9lives", "package.namespace", dotted=True)


def test_a_name_is_given_once() -> None:
    scope = identifiers.Scope({"Run"})
    assert [scope.give(name) for name in ("AB", "AB", "AB", "Run", "RunValue")] == [
        "AB",
        "ABValue",
        "ABValue2",
        "RunValue",
        "RunValueValue",
    ]


def test_the_suffix_of_a_taken_name() -> None:
    assert identifiers.Scope({"time"}).give("time", "Size") == "timeSize"
