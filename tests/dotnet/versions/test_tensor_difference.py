import pytest

from csharp_projects import tensor
from pipeline.dotnet.versions.tensor_difference import compare_tensors


def told(kind: str, before: dict, after: dict, opened=frozenset()) -> list[tuple[str, str]]:
    was, now = (
        tensor("x", facts.get("dtype", "float32"), *facts.get("shape", ("batch", 10))).model_copy(
            update={key: value for key, value in facts.items() if key not in ("dtype", "shape")}
        )
        for facts in (before, after)
    )
    return [(change.part, change.text) for change in compare_tensors(kind, was, now, opened)]


@pytest.mark.parametrize("kind", ["input", "output"])
@pytest.mark.parametrize(
    ("before", "after", "part", "text"),
    [
        ({}, {"dtype": "int64"}, "major", "is int64 (it was float32)"),
        ({}, {"shape": ("batch", 11)}, "major", "has the shape [batch, 11] (it had [batch, 10])"),
        ({}, {"shape": ("batch", 5, 2)}, "major", "has the shape [batch, 5, 2] (it had [batch, 10])"),
        ({"shape": ("batch", "n")}, {}, "major", "has the shape [batch, 10] (it had [batch, n])"),
        ({"shape": ("batch", "n")}, {"shape": ("batch", "m")}, "major", "has the shape [batch, m] (it had [batch, n])"),
        ({}, {"labels": ["a"]}, "minor", 'has the labels "a" (it had none)'),
        ({"labels": ["a"]}, {"labels": ["b"]}, "major", 'has the labels "b" (it had "a")'),
        ({"labels": ["a", "b"]}, {"labels": ["b", "a"]}, "major", 'has the labels "b", "a" (it had "a", "b")'),
        ({"labels": ["a"]}, {"labels": ["a", "b"]}, "major", 'has the labels "a", "b" (it had "a")'),
        ({"labels": ["a"]}, {}, "major", 'has the labels none (it had "a")'),
        ({}, {"unit": "m"}, "patch", "has the unit m (it had none)"),
        ({"unit": "ft"}, {"unit": "m"}, "major", "has the unit m (it had ft)"),
        ({}, {"description": "Ink."}, "patch", "is described in other words"),
    ],
)
def test_differences_of_both_kinds(kind, before, after, part, text):
    assert told(kind, before, after) == [(part, f"{kind} 'x' {text}")]


@pytest.mark.parametrize(
    ("before", "after", "of_input", "of_output"),
    [
        ({}, {"minimum": 0.0}, "major", "minor"),
        ({"minimum": 0.0}, {}, "minor", "major"),
        ({"minimum": 0.0, "maximum": 1.0}, {"minimum": 0.0, "maximum": 2.0}, "minor", "major"),
        ({"minimum": 0.0, "maximum": 1.0}, {"minimum": 0.5, "maximum": 1.0}, "major", "minor"),
        ({"minimum": 0.0, "maximum": 1.0}, {"minimum": 0.5, "maximum": 2.0}, "major", "major"),
        ({}, {"missing": True}, "minor", "major"),
        ({"missing": True}, {}, "major", "minor"),
    ],
)
def test_more_may_be_taken_and_less_may_be_answered(before, after, of_input, of_output):
    assert [told(kind, before, after)[0][0] for kind in ("input", "output")] == [of_input, of_output]


def test_a_range_is_told():
    assert told("input", {"minimum": 0.0, "maximum": 16.0}, {"maximum": 1.5}) == [
        ("major", "input 'x' has the range … to 1.5 (it had 0 to 16)")
    ]


def test_a_new_open_axis_of_an_input():
    assert told("input", {}, {"shape": ("batch", "n")})[0][0] == "minor"


def test_an_output_may_be_of_any_size_only_where_an_input_became_so():
    assert told("output", {}, {"shape": ("batch", "n")})[0][0] == "major"
    assert told("output", {}, {"shape": ("batch", "n")}, frozenset({(10, "n")}))[0][0] == "minor"


def test_a_hostile_label_stays_within_its_sentence():
    ((_, text),) = told("output", {}, {"labels": ["a\nb\x00", *"cdefgh"]})
    assert text == 'output \'x\' has the labels "a\\nb\\u0000", "c", "d", "e", "f" and 2 more (it had none)'
