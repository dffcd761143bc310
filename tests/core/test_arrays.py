import time

import numpy as np
import pytest

from pipeline.core.arrays import check_finite, load, save
from pipeline.core.errors import PipelineError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "rows.npz"


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.array([True, False]),
        np.array(["a", "né"]),
        np.array([], dtype=np.int64),
        np.array(3, dtype=np.uint8),
        np.array([np.nan, np.inf], dtype=np.float16),
    ],
    ids=lambda array: array.dtype.name,
)
def test_round_trip(array, path):
    save(path, {"x": array})
    got = load(path, "prepare")["x"]
    assert got.dtype == array.dtype
    np.testing.assert_array_equal(got, array)


def test_order_is_kept(path):
    save(path, {"b/2": np.zeros(1), "a/1": np.zeros(1)})
    assert list(load(path, "prepare")) == ["b/2", "a/1"]


def test_equal_arrays_give_equal_bytes_whenever_they_are_written(path, monkeypatch):
    save(path, {"x": np.arange(5)})
    before = path.read_bytes()
    day_later = time.time() + 86400
    monkeypatch.setattr(time, "time", lambda: day_later)
    save(path, {"x": np.arange(5)})
    assert path.read_bytes() == before


def test_objects_are_never_written(path):
    with pytest.raises(ValueError, match="allow_pickle"):
        save(path, {"x": np.array([{}], dtype=object)})
    assert not path.exists()


def test_objects_are_never_read(path, tmp_path):
    class Boom:
        def __reduce__(self):
            return (open, (str(tmp_path / "unpickled"), "w"))

    np.savez(path, x=np.array([Boom()], dtype=object))
    with pytest.raises(PipelineError, match="got Python objects, which need pickle and are never loaded"):
        load(path, "prepare")
    assert not (tmp_path / "unpickled").exists()


def test_missing(path):
    with pytest.raises(PipelineError, match=r"rows\.npz is missing: it is written by `python -m pipeline prepare`"):
        load(path, "prepare")


@pytest.mark.parametrize("share", [0, 0.02, 0.3, 0.6, 0.95])
def test_truncated(share, path):
    save(path, {"x": np.arange(5000.0), "y": np.arange(5000.0)})
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(PipelineError, match=r"expected an \.npz archive, got .* make it again with prepare"):
        load(path, "prepare")


def test_a_flipped_bit_is_noticed(path):
    save(path, {"x": np.arange(5000.0)})
    content = bytearray(path.read_bytes())
    content[20000] ^= 1
    path.write_bytes(content)
    with pytest.raises(PipelineError, match=r"Bad CRC-32"):
        load(path, "prepare")


@pytest.mark.parametrize("content", [b"some text", b"PK", b"\x80\x04K\x01."], ids=["text", "zip", "pickle"])
def test_another_file(content, path):
    path.write_bytes(content)
    with pytest.raises(PipelineError, match=r"rows\.npz: expected an \.npz archive"):
        load(path, "prepare")


def test_a_lone_npy_is_not_an_archive(path):
    with path.open("wb") as file:
        np.save(file, np.arange(3))
    with pytest.raises(PipelineError, match=r"expected an \.npz archive"):
        load(path, "prepare")


def test_a_folder(path):
    path.mkdir()
    with pytest.raises(PipelineError, match=r"expected an \.npz archive"):
        load(path, "prepare")


def test_no_arrays(path):
    save(path, {})
    with pytest.raises(PipelineError, match="expected at least one array, got an empty archive"):
        load(path, "prepare")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_value_that_is_not_finite_is_placed(value, dtype):
    array = np.zeros((4, 2, 3), dtype)
    array[2, 1, 0] = array[3, 0, 0] = value
    with pytest.raises(PipelineError) as caught:
        check_finite({"good": np.ones(1), "x": array}, "here", "mend it")
    assert str(caught.value) == (
        f"here: expected finite numbers, got {array[2, 1, 0]} in 'x' at row 2, index [1, 0] (2 such values in all); mend it"
    )


def test_a_scalar_that_is_not_finite():
    with pytest.raises(PipelineError, match=r"'x' at row 0, index \[\]"):
        check_finite({"x": np.array(np.nan)}, "here", "mend it")


def test_finite_numbers_and_text_are_taken():
    assert check_finite({"x": np.array([1e38]), "i": np.array([1]), "s": np.array(["nan"])}, "here", "") is None
