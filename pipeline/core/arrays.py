"""Named arrays in .npz files, without pickle and with the same bytes for the same arrays.

Text is an object array of `str`: numpy's `U` pads every row to the longest one and loses a NUL at the end. In a
file it is UTF-8 bytes beside the length of each text.
"""

import contextlib
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.core.errors import PipelineError
from pipeline.core.files import missing, write_bytes

Array = NDArray[Any]
Arrays = dict[str, Array]

# Endings of an archive's members. An array of numbers called `x` is `x.npy`, as numpy writes it; of text, all bytes one after
# the other, and int64 of the text's own shape: how many of them each text has.
NUMBERS, TEXT, LENGTHS = ".npy", ".utf8", ".lengths"


def save(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write `arrays` to `path`, whole or not at all. Every member is dated 1980: equal arrays, equal bytes.

    Raises:
        PipelineError: An array of objects holds anything but text, or a name has a NUL.
        UnicodeEncodeError: A text has half a surrogate pair.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member, array in _members(path, arrays):
            entry = zipfile.ZipInfo(member)
            if entry.filename != member:
                raise PipelineError(f"{path}: expected names without NUL, got {member!r}: an archive cannot hold it")
            # Not numpy.savez: it takes the names as its own arguments, and `file` is one.
            with archive.open(entry, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
    write_bytes(path, buffer.getvalue())


def _members(path: Path, arrays: Mapping[str, Array]) -> Iterator[tuple[str, Array]]:
    for name, array in arrays.items():
        if not is_text(array):
            yield f"{name}{NUMBERS}", np.asanyarray(array)
            continue
        encoded = [text.encode() for text in as_text(array, f"{path}: {name!r}").reshape(-1).tolist()]
        yield f"{name}{TEXT}", np.frombuffer(b"".join(encoded), dtype=np.uint8)
        yield f"{name}{LENGTHS}", np.array([len(text) for text in encoded], dtype=np.int64).reshape(array.shape)


def load(path: Path, made_by: str) -> Arrays:
    """Read every array of `path`; `made_by` is the stage, or the setting, that the file comes from.

    Text comes back as object arrays of `str`, whether `save` wrote it or numpy wrote an array of dtype `U` or `S`.

    Raises:
        PipelineError: The file is missing, truncated, not an .npz, empty, or holds Python objects.
    """
    with _explaining_damage(path, made_by):
        with zipfile.ZipFile(path) as archive:
            members = {name: _read(archive, name) for name in archive.namelist()}
        arrays = dict(_arrays(path, members))
    if not arrays:
        raise _explain_emptiness(path, made_by)
    return arrays


class Header(NamedTuple):
    """What a file says of an array before its values: numpy's name of the type ("string" for text), and the shape."""

    dtype: str
    shape: tuple[int, ...]


def read_headers(path: Path, made_by: str) -> dict[str, Header]:
    """Type and shape of every array in a file that `save` wrote, without reading the arrays.

    Raises:
        PipelineError: As `load`.
    """
    headers = {}
    with _explaining_damage(path, made_by), zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            if member.endswith(TEXT):
                continue
            with archive.open(member) as file:
                np.lib.format.read_magic(file)
                shape, _, dtype = np.lib.format.read_array_header_1_0(file)
            if member.endswith(LENGTHS):
                headers[member.removesuffix(LENGTHS)] = Header("string", shape)
            else:
                headers[member.removesuffix(NUMBERS)] = Header(dtype.name, shape)
    if not headers:
        raise _explain_emptiness(path, made_by)
    return headers


def count_rows(headers: Mapping[str, Header]) -> int:
    """How many rows a split has: the first axis of every array in it."""
    return next((header.shape[0] for header in headers.values() if header.shape), 0)


def _explain_emptiness(path: Path, made_by: str) -> PipelineError:
    return PipelineError(f"{path}: expected at least one array, got an empty archive; make it again with {made_by}")


@contextlib.contextmanager
def _explaining_damage(path: Path, made_by: str) -> Iterator[None]:
    """Make one sentence of whatever numpy and zipfile say of a file that is missing or damaged."""
    try:
        yield
    except FileNotFoundError:
        raise missing(path, made_by) from None
    except (
        zipfile.BadZipFile,
        EOFError,
        OSError,
        zlib.error,
        RuntimeError,
        # A member's header claims a size that no memory has.
        OverflowError,
        MemoryError,
    ) as error:
        raise PipelineError(
            f"{path}: expected an .npz archive, got a damaged or truncated file ({error}); make it again with {made_by}"
        ) from None
    except ValueError as error:
        if "pickle" in str(error).lower():
            raise PipelineError(
                f"{path}: expected arrays of numbers, booleans or text, got Python objects, which need pickle and are "
                "never loaded; save them with a plain dtype (text: dtype='U')"
            ) from None
        raise PipelineError(
            f"{path}: expected an .npz archive, got a damaged file ({error}); make it again with {made_by}"
        ) from None


def _read(archive: zipfile.ZipFile, member: str) -> Array:
    if not member.endswith((NUMBERS, TEXT, LENGTHS)):
        raise ValueError(f"its member {member!r} is not an array")
    with archive.open(member) as file:
        array: Array = np.lib.format.read_array(file, allow_pickle=False)
    return array


def _arrays(path: Path, members: Mapping[str, Array]) -> Iterator[tuple[str, Array]]:
    for member, array in members.items():
        if member.endswith(NUMBERS):
            name = member.removesuffix(NUMBERS)
            yield name, as_text(array, f"{path}: {name!r}") if is_text(array) else array
        elif member.endswith(TEXT):
            name = member.removesuffix(TEXT)
            yield name, _decode(name, array, members.get(f"{name}{LENGTHS}"))


def _decode(name: str, encoded: Array, lengths: Array | None) -> Array:
    """Texts from all their bytes and the length of each."""
    if lengths is None or lengths.dtype != np.int64 or (lengths < 0).any() or lengths.sum() != encoded.nbytes:
        raise ValueError(f"the lengths of the texts {name!r} are not those of its {encoded.nbytes} bytes")
    content, ends = encoded.tobytes(), np.cumsum(lengths.reshape(-1)).tolist()
    texts = np.empty(lengths.size, dtype=object)
    for place, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
        texts[place] = content[start:end].decode()
    return texts.reshape(lengths.shape)


def is_text(array: Array) -> bool:
    return array.dtype.kind in "OUST"


def as_text(array: Array, where: str) -> Array:
    """The texts of `array`, of its shape, as an object array of `str`; bytes are read as UTF-8.

    Raises:
        PipelineError: Something in it is no text.
    """
    texts = np.empty(array.size, dtype=object)
    for place, text in enumerate(array.astype(object).reshape(-1).tolist()):
        try:
            texts[place] = text.decode() if isinstance(text, bytes) else text
        except UnicodeDecodeError as error:
            raise PipelineError(
                f"{where}: expected UTF-8 text, got {error.reason} in value {place}: save it as dtype='U'"
            ) from None
        if not isinstance(texts[place], str):
            raise PipelineError(
                f"{where}: expected numbers, booleans or text, got an object of type {type(text).__name__} in value {place}: give the "
                "array a plain dtype, or str in every place"
            )
    return texts.reshape(array.shape)


def check_finite(arrays: Mapping[str, Array], where: str, advice: str) -> None:
    """Raise PipelineError at the first NaN or infinity, naming array, row and column."""
    for name, array in arrays.items():
        if array.dtype.kind not in "fc":
            continue
        bad = ~np.isfinite(array)
        if bad.any():
            place = tuple(int(i) for i in np.argwhere(bad)[0])
            raise PipelineError(
                f"{where}: expected finite numbers, got {array[place]} in {name!r} at row {place[0] if place else 0}, "
                f"index {list(place[1:])} ({int(bad.sum())} such values in all); {advice}"
            )
