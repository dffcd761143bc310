"""SHA-256 of files and folders; a large file is read again only when its size or its time has changed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.core.files import sha256, write_json
from pipeline.core.paths import KNOWN_FILES

# Bytes from which on a file is remembered; a smaller one is read faster than it is looked up.
LARGE = 1 << 20


class KnownFiles:
    """Hashes of files, and those of earlier runs. `current` has those that this run used."""

    def __init__(self, earlier: dict[str, object]) -> None:
        self._earlier = earlier
        self.current: dict[str, list[object]] = {}

    def digest(self, path: Path, setting: str) -> dict[str, str]:
        """SHA-256 by relative path: of every file in a folder, or of a file (whose path is then ".").

        Raises:
            PipelineError: There is no such file or folder, or something in it cannot be read.
        """
        if not path.exists():
            raise PipelineError(
                f"{setting}={path}: there is no such file or folder; give another, or get it with `dvc pull` where DVC tracks it"
            )
        if path.is_file():
            return {".": self._file(path, setting)}
        files = sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
        return {file.relative_to(path).as_posix(): self._file(file, setting) for file in files}

    def _file(self, path: Path, setting: str) -> str:
        try:
            status = path.stat()
            if status.st_size < LARGE:
                return sha256(path)
            key, state = str(path.resolve()), [status.st_size, status.st_mtime_ns]
            remembered = self._earlier.get(key)
            match remembered:
                case [*earlier_state, str(digest)] if earlier_state == state:
                    pass
                case _:
                    digest = sha256(path)
        except OSError as error:
            raise PipelineError(
                f"{setting}: {path} cannot be read ({error.strerror}): give access to it, or name another"
            ) from None
        self.current[key] = [*state, digest]
        return digest


@contextmanager
def known_files() -> Iterator[KnownFiles]:
    """What earlier runs know; what this one has seen is added for the next."""
    try:
        earlier = json.loads(KNOWN_FILES.read_text())
    except (OSError, ValueError, RecursionError):
        earlier = {}  # it only saves time
    earlier = earlier if isinstance(earlier, dict) else {}
    files = KnownFiles(earlier)
    yield files
    if not files.current.items() <= earlier.items():
        known = earlier | files.current
        write_json(KNOWN_FILES, {name: entry for name, entry in known.items() if Path(name).exists()})
