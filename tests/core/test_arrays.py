import io
import time
import tracemalloc
import zipfile

import numpy as np
import pytest

from pipeline.core.arrays import Header, as_text, check_finite, count_rows, load, read_headers, save
from pipeline.core.errors import PipelineError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "rows.npz"


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.array([True, False]),
        np.array(["a", "né", "", "\0", "NUL at the end\0", "😀"], dtype=object),
        np.array([["a", "b"], ["c\n", "\ufeff"]], dtype=object),
        np.array("of no axis", dtype=object),
        np.array([], dtype=object),
        np.empty((0, 3), dtype=object),
        np.array([], dtype=np.int64),
        np.array(3, dtype=np.uint8),
        np.array([np.nan, np.inf], dtype=np.float16),
    ],
    ids=lambda array: array.dtype.name,
)
def test_round_trip(array, path):
    save(path, {"x": array})
    got = load(path, "prepare")["x"]
    assert (got.dtype, got.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(got, array)


NAMES = ["file", "arrays", "a/b", "a/b.npy", "x", "x.npy", "x.utf8", "x.lengths", "", "..", "naïve 名\n", "a\\b"]


@pytest.mark.parametrize("array", [np.arange(3), np.array(["a", "b"], dtype=object)], ids=["numbers", "text"])
def test_names_may_hold_anything(array, path):
    save(path, dict.fromkeys(NAMES, array))
    found = load(path, "prepare")
    assert list(found) == NAMES
    assert all(value.tolist() == array.tolist() for value in found.values())


def test_numbers_and_text_whose_members_are_called_alike(path):
    save(path, {"x": np.array(["a"], dtype=object), "x.utf8": np.arange(2), "x.lengths": np.arange(3)})
    found = load(path, "prepare")
    assert [found[name].tolist() for name in ("x", "x.utf8", "x.lengths")] == [["a"], [0, 1], [0, 1, 2]]


def test_a_name_that_no_archive_holds(path):
    with pytest.raises(PipelineError, match=r"expected names without NUL, got 'a\\x00b\.npy'"):
        save(path, {"a\0b": np.zeros(1)})
    assert not path.exists()


def test_numbers_are_as_numpy_writes_them(path):
    arrays = {"x": np.arange(6.0).reshape(2, 3), "columns": np.asfortranarray(np.arange(6).reshape(2, 3))}
    save(path, arrays)
    written = io.BytesIO()
    np.savez(written, allow_pickle=False, **arrays)
    assert path.read_bytes() == written.getvalue()


def test_text_takes_the_room_of_its_characters(path):
    texts = np.array(["x"] * 9_999 + ["y" * 1_000_000], dtype=object)
    tracemalloc.start()
    save(path, {"text": texts})
    found = load(path, "prepare")["text"]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.tolist() == texts.tolist()
    assert path.stat().st_size < 1.2e6
    assert peak < 20e6  # as `U` it would be 40 GB


@pytest.mark.parametrize(
    "array",
    [
        np.array([["a", "né"]]),
        np.array([[b"a", "né".encode()]]),
        np.array([["a", "né"]], np.dtypes.StringDType()),
    ],
    ids=["U", "S", "T"],
)
def test_any_text_comes_back_as_str(array, path):
    save(path, {"x": array})
    found = load(path, "prepare")["x"]
    assert found.dtype == object
    assert found.tolist() == [["a", "né"]]


@pytest.mark.parametrize("array", [np.array([["a", "né"]]), np.array([[b"a", "né".encode()]])], ids=["U", "S"])
def test_text_that_numpy_wrote(array, path):
    np.savez(path, x=array)
    found = load(path, "prepare")["x"]
    assert found.dtype == object
    assert found.tolist() == [["a", "né"]]


def test_bytes_that_are_no_utf_8(path):
    np.savez(path, x=np.array([b"ok", b"\xff"]))
    with pytest.raises(PipelineError, match=r"rows\.npz: 'x': expected UTF-8 text, got invalid start byte in value 1"):
        load(path, "prepare")


def test_half_a_surrogate_pair_is_never_written(path):
    with pytest.raises(UnicodeEncodeError, match="surrogates not allowed"):
        save(path, {"x": np.array(["\ud800"], dtype=object)})
    assert not path.exists()


@pytest.mark.parametrize("value", [None, 1.5, {}, float("nan")], ids=str)
def test_objects_are_no_text(value):
    with pytest.raises(
        PipelineError, match=rf"here: expected .*, got an object of type {type(value).__name__} in value 1"
    ):
        as_text(np.array(["a", value], dtype=object), "here")


def test_order_is_kept(path):
    save(path, {"b/2": np.zeros(1), "a/1": np.zeros(1)})
    assert list(load(path, "prepare")) == ["b/2", "a/1"]


def test_equal_arrays_give_equal_bytes_whenever_they_are_written(path, monkeypatch):
    arrays = {"x": np.arange(5), "t": np.array(["a", "b"], dtype=object)}
    save(path, arrays)
    before = path.read_bytes()
    day_later = time.time() + 86400
    monkeypatch.setattr(time, "time", lambda: day_later)
    save(path, {name: array.copy() for name, array in arrays.items()})
    assert path.read_bytes() == before


def test_objects_are_never_written(path):
    with pytest.raises(PipelineError, match=r"rows\.npz: 'x': expected .*, got an object of type dict in value 0"):
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


def rewrite(path, **members: np.ndarray | None) -> None:
    """Replace members of an archive, or take them out; `__` stands for the dot of their names."""
    with zipfile.ZipFile(path) as archive:
        before = {name: archive.read(name) for name in archive.namelist()}
    for name, array in members.items():
        buffer = io.BytesIO()
        np.save(buffer, array if array is not None else np.zeros(0))
        before[name.replace("__", ".")] = buffer.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in before.items():
            if members.get(name.replace(".", "__"), ...) is not None:
                archive.writestr(name, content)


@pytest.mark.parametrize(
    "members",
    [
        {"x__lengths": np.array([1, 4])},
        {"x__lengths": np.array([4, -1])},
        {"x__lengths": np.array([1.0, 2.0])},
        {"x__lengths": None},
        {"x__utf8": np.array([97, 255, 255], dtype=np.uint8)},
    ],
    ids=["longer", "negative", "no integers", "none", "no UTF-8"],
)
def test_text_with_other_lengths_or_bytes(members, path):
    save(path, {"x": np.array(["a", "bc"], dtype=object)})
    rewrite(path, **members)
    with pytest.raises(
        PipelineError, match=r"expected an \.npz archive, got a damaged file .* make it again with prepare"
    ):
        load(path, "prepare")


def test_a_member_that_is_no_array(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "notes")
    with pytest.raises(PipelineError, match=r"its member 'notes\.txt' is not an array"):
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


@pytest.mark.parametrize("shape", [(10**13,), (2**40, 2**40), (10**30,)])
def test_a_size_that_no_memory_has_is_damage(shape, tmp_path):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f4", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", stream.getvalue() + bytes(40))
    with pytest.raises(PipelineError, match=r"a\.npz: expected an \.npz archive, got a damaged"):
        load(tmp_path / "a.npz", "prepare")


def test_headers_have_types_and_shapes(path):
    save(path, {"x": np.zeros((3, 2), np.float32), "text": np.array(["a", "bc", ""], dtype=object)})
    assert read_headers(path, "prepare") == {"x": ("float32", (3, 2)), "text": ("string", (3,))}


def test_headers_of_a_damaged_file(path):
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(PipelineError, match=r"expected an \.npz archive, got a damaged or truncated file"):
        read_headers(path, "prepare")


def test_headers_of_no_arrays(path):
    save(path, {})
    with pytest.raises(PipelineError, match="expected at least one array, got an empty archive"):
        read_headers(path, "prepare")


@pytest.mark.parametrize(("shapes", "rows"), [([(3, 2), (3,)], 3), ([()], 0)])
def test_rows_are_the_first_axis(shapes, rows):
    assert count_rows({str(place): Header("int64", shape) for place, shape in enumerate(shapes)}) == rows
