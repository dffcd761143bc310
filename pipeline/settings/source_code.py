"""Which files of source an importable name stands on: its module's, and those of every module that it imports. Static.

Nothing is imported and nothing runs. Modules that are installed count by their distribution's version instead.
"""

import ast
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from pipeline.core.errors import PipelineError

# The project's own stages depend on it as a folder.
OURS = "pipeline"


@cache
def search_path() -> tuple[Path, ...]:
    """Folders of modules that are not installed: the project's, and what PYTHONPATH names."""
    installed = {Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders = dict.fromkeys(Path(entry or ".").resolve() for entry in [".", *sys.path])
    return tuple(folder for folder in folders if folder.is_dir() and not _within(folder, installed))


def import_closure(name: str) -> dict[str, Path]:
    """Files by module, for an importable name such as `models.digits.DigitsNet`; empty when it is installed or ours.

    Raises:
        PipelineError: A file cannot be read, or is not Python.
    """
    files: dict[str, Path] = {}
    waiting = list(_prefixes(name))
    while waiting:
        module = waiting.pop()
        if module in files or module.partition(".")[0] == OURS:
            continue
        path = find_module(module)
        if path is not None:
            files[module] = path
            waiting += [prefix for imported in _imports(module, path) for prefix in _prefixes(imported)]
    return dict(sorted(files.items()))


def imported_libraries(files: Mapping[str, Path]) -> list[str]:
    """Top-level names of the installed modules that files of source import; Python's own are left out."""
    tops = {name.partition(".")[0] for module, path in files.items() for name in _imports(module, path)}
    return sorted(top for top in tops - {OURS, *sys.stdlib_module_names} if find_module(top) is None)


def find_module(module: str) -> Path | None:
    """The source file of a module that is not installed; None where there is none."""
    relative = Path(*module.split("."))
    for folder in search_path():
        for candidate in (folder / relative / "__init__.py", folder / relative.with_suffix(".py")):
            if candidate.is_file():
                return candidate
    return None


def _imports(module: str, path: Path) -> Iterator[str]:
    """Every name that the file imports, anywhere in it; what may be a module or a name in one comes as it stands."""
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except OSError as error:
        raise PipelineError(f"{path} cannot be read ({error.strerror}): give access to it") from None
    except (SyntaxError, ValueError) as error:
        raise PipelineError(f"{path}: expected Python, got: {error}: mend it") from None
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".") if package else []
            base = parts[: len(parts) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{origin}.{alias.name}" if origin else alias.name for alias in node.names)


def _prefixes(name: str) -> Iterable[str]:
    parts = name.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _within(folder: Path, others: Iterable[Path]) -> bool:
    return any(folder.is_relative_to(other) for other in others)
