import json

import numpy as np
import pytest

import text_reader
from pipeline.core.golden import GoldenCall
from pipeline.dotnet.nuget import golden_files

TOKENIZER = text_reader.make_tokenizer_spec({"ids": "ids"})
CALL = GoldenCall(
    "h/w=1",
    "size",
    2,
    {},
    {"a b": np.arange(6, dtype=np.float32).reshape(2, 3), "flag": np.array([True, False])},
    {"label": np.array([3, -1], dtype=np.int64)},
)


@pytest.fixture
def files() -> dict[str, bytes]:
    return golden_files.files([CALL])


def test_index_names_every_file(files):
    (entry,) = json.loads(files["golden/golden.json"])
    listed = {f"golden/{array['file']}" for side in ("inputs", "outputs") for array in entry[side]}
    assert listed == set(files) - {"golden/golden.json"}
    assert (entry["case"], entry["batch"]) == ("h/w=1", 2)


def test_values_come_back(files):
    (entry,) = json.loads(files["golden/golden.json"])
    for side, arrays in (("inputs", CALL.inputs), ("outputs", CALL.outputs)):
        for listed in entry[side]:
            back = np.frombuffer(files[f"golden/{listed['file']}"], dtype=listed["dtype"]).reshape(listed["shape"])
            np.testing.assert_array_equal(back, arrays[listed["name"]])


TEXTS = np.array([["", "a\0b"], ["ü", "🎉"]], dtype=object)


def test_text_carries_its_length():
    assert golden_files.encode(np.array(["ü", ""])) == b"\x02\0\0\0\xc3\xbc\0\0\0\0"


@pytest.mark.parametrize("texts", [TEXTS, TEXTS.astype(str), TEXTS[:0]])
def test_text_comes_back(texts):
    assert golden_files.decode_text(golden_files.encode(texts)).tolist() == texts.ravel().tolist()


@pytest.mark.parametrize("data", [b"\x01\0", b"\x05\0\0\0ab", b"\xff\xff\xff\xffab"])
def test_damaged_text(data):
    with pytest.raises(ValueError, match="text of"):
        golden_files.decode_text(data)


def test_text_and_calls_in_the_index():
    found = golden_files.files([GoldenCall("one", "rows", None, {}, {"t": TEXTS}, {"n": np.array(3.0)})])
    (entry,) = json.loads(found["golden/golden.json"])
    assert (entry["batch"], entry["inputs"][0]["dtype"], entry["outputs"][0]["shape"]) == (1, "string", [])


def test_a_call_is_written_whatever_it_is_for():
    longer = GoldenCall(
        "time=48", "size", None, {"time": 48}, {"x": np.zeros(48), "mask": np.ones(48, dtype=bool)}, {"y": np.zeros(48)}
    )
    entries = json.loads(golden_files.files([CALL, longer])["golden/golden.json"])
    assert [(entry["id"], entry["case"], entry["batch"]) for entry in entries] == [
        ("000", "h/w=1", 2),
        ("001", "time=48", 1),
    ]
    assert [array["shape"] for array in entries[1]["inputs"]] == [[48], [48]]


def test_little_endian_whatever_the_machine():
    assert golden_files.encode(np.array([1], dtype=">i4")) == b"\x01\0\0\0"


def test_a_text_names_its_call(tmp_path):
    ids = np.array([[2, 5, 3]])
    calls = [
        GoldenCall(name, "texts", 1, {}, {"ids": ids}, {"y": np.zeros((1, 2), np.float32)}, texts=[text])
        for name, text in (("texts of 3 tokens", "the"), ("texts of 3 tokens, part 2", "a"))
    ]
    golden_files.write(tmp_path / "golden", calls, TOKENIZER)
    entries = json.loads((tmp_path / "golden" / "texts.json").read_text())
    assert [(entry["text"], entry["ids"], entry["call"]) for entry in entries] == [
        ("the", [2, 5, 3], "texts of 3 tokens"),
        ("a", [2, 5, 3], "texts of 3 tokens, part 2"),
    ]
