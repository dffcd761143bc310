"""Named arrays in .npz files, without pickle and with the same bytes for the same arrays."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.core.errors import PipelineError
from pipeline.core.files import missing, write_bytes

Array = NDArray[Any]
Arrays = dict[str, Array]


def save(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write `arrays` to `path`, whole or not at all. numpy dates every member 1980: equal arrays, equal bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    write_bytes(path, buffer.getvalue())


def load(path: Path, made_by: str) -> Arrays:
    """Read every array of `path`; `made_by` is the stage, or the setting, that the file comes from.

    Raises:
        PipelineError: The file is missing, truncated, not an .npz, empty, or holds Python objects.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file), np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise missing(path, made_by) from None
    except (zipfile.BadZipFile, EOFError, OSError, zlib.error, AttributeError) as error:
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
    if not arrays:
        raise PipelineError(f"{path}: expected at least one array, got an empty archive; make it again with {made_by}")
    return arrays


def is_text(array: Array) -> bool:
    return array.dtype.kind in "OUST"


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
