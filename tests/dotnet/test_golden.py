import json

import numpy as np
import pytest

from pipeline.dotnet import golden

QUESTIONS = {"one": {"a b": np.arange(6, dtype=np.float32).reshape(2, 3), "flag": np.array([True, False])}}
ANSWERS = {"one": {"label": np.array([3, -1], dtype=np.int64)}}


@pytest.fixture
def files() -> dict[str, bytes]:
    return golden.files(QUESTIONS, ANSWERS)


def test_index_names_every_file(files):
    (entry,) = json.loads(files["golden/golden.json"])
    listed = {f"golden/{array['file']}" for side in ("inputs", "outputs") for array in entry[side]}
    assert listed == set(files) - {"golden/golden.json"}
    assert (entry["case"], entry["batch"]) == ("one", 2)


def test_values_come_back(files):
    (entry,) = json.loads(files["golden/golden.json"])
    for side, arrays in (("inputs", QUESTIONS["one"]), ("outputs", ANSWERS["one"])):
        for listed in entry[side]:
            back = np.frombuffer(files[f"golden/{listed['file']}"], dtype=listed["dtype"]).reshape(listed["shape"])
            np.testing.assert_array_equal(back, arrays[listed["name"]])


def test_little_endian_whatever_the_machine():
    assert golden.encode(np.array([1], dtype=">i4")) == b"\x01\0\0\0"
