"""Which golden calls travel in the package."""

import json
from pathlib import PurePosixPath

import numpy as np
import pytest

from pipeline.core.golden import GoldenCall, Purpose
from pipeline.dotnet.nuget import golden_files
from pipeline.dotnet.nuget.golden_selection import MOST_BYTES, MOST_CALLS, choose_calls, encode_travelling

POLICY = b"{}\n"


def call(name: str, values: int, purpose: Purpose = "rows") -> GoldenCall:
    """With one float32 input of `values` values, and an answer of none."""
    return GoldenCall(name, purpose, values, {}, {"x": np.zeros(values, np.float32)}, {"y": np.zeros(0, np.float32)})


def names(calls: list[GoldenCall]) -> list[str]:
    return [one.name for one in calls]


def test_slim_takes_the_smallest_of_each_purpose_in_their_order() -> None:
    calls = [*(call(f"rows-{size}", size) for size in (64, 8, 7, 3, 2, 1)), call("zeros", 99, "edge")]
    assert MOST_CALLS == 4
    assert names(choose_calls(calls, "slim")) == ["rows-7", "rows-3", "rows-2", "rows-1", "zeros"]


def test_slim_takes_whole_calls() -> None:
    (chosen,) = choose_calls([call("rows-64", 64)], "slim")
    assert len(chosen.inputs["x"]) == 64


def test_slim_stays_within_its_bytes() -> None:
    third = MOST_BYTES // 3 // 4
    assert names(choose_calls([call(f"rows-{number}", third) for number in range(4)], "slim")) == [
        "rows-0",
        "rows-1",
        "rows-2",
    ]


def test_slim_takes_the_first_of_a_purpose_before_the_second_of_another() -> None:
    half = MOST_BYTES // 2 // 4
    calls = [call("rows-1", half - 2), call("rows-2", half - 1), call("zeros", half, "edge")]
    assert names(choose_calls(calls, "slim")) == ["rows-1", "zeros"]


def test_slim_takes_one_call_whatever_its_size() -> None:
    assert names(choose_calls([call("two", MOST_BYTES), call("one", MOST_BYTES - 1)], "slim")) == ["one"]


def test_texts_count_by_their_tokens_answers_and_characters() -> None:
    texts = GoldenCall("texts", "texts", 1, {}, {"ids": np.zeros(1)}, {"y": np.zeros(1)}, texts=["x" * MOST_BYTES])
    assert names(choose_calls([texts, call("rows-1", 1)], "slim")) == ["rows-1"]


@pytest.mark.parametrize(("mode", "expected"), [("full", 9), ("none", 0)])
def test_full_takes_all_and_none_takes_none(mode: str, expected: int) -> None:
    assert len(choose_calls([call(f"rows-{size}", size) for size in range(1, 10)], mode)) == expected


def test_the_policy_travels_with_the_calls() -> None:
    files = encode_travelling([call("rows-1", 1)], None, POLICY, "slim")
    assert {PurePosixPath(path).name for path in files} == {
        *("golden.json", "policy.json", "000.inputs.0.bin", "000.outputs.0.bin")
    }
    assert files[f"{golden_files.FOLDER}/policy.json"] == POLICY
    assert [entry["case"] for entry in json.loads(files["golden/golden.json"])] == ["rows-1"]


def test_without_calls_no_file_travels() -> None:
    assert encode_travelling([call("rows-1", 1)], None, POLICY, "none") == {}
