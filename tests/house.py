"""The house as it stands: rooms of pipeline/, who imports whom, and docs/house.md made of it.

`python tests/house.py` writes the page; tests/test_repo.py fails when it is stale.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PIPELINE = PROJECT / "pipeline"
# A room imports what stands before it, and nothing behind it.
ROOMS = (
    "core",
    "settings",
    "data",
    "metrics",
    "network",
    "tokenizer",
    "compare",
    "graph",
    "runtimes",
    "export",
    "parity",
    "departure",
    "dotnet",
    "registry",
    "experiments",
    "doctor",
    "stages",
)


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(path): path for path in sorted(PIPELINE.rglob("*.py"))}


def room_of(module: str) -> str:
    """The folder that a module lies in; "" for pipeline's own."""
    return module.split(".")[1] if "." in module else ""


def names_imported(path: Path) -> Iterator[str]:
    """Every module, and everything that may be one, that a file imports anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported(path: Path) -> set[str]:
    """The project's own modules that a module imports, their packages too."""
    own = {name for name in names_imported(path) if name in MODULES}
    return own | {parent for name in own for parent in parents(name)}


def parents(name: str) -> set[str]:
    parts = name.split(".")
    return {".".join(parts[:end]) for end in range(1, len(parts))}


def closure(name: str) -> set[str]:
    """A module and everything that it stands on."""
    reached, waiting = set(), {name, *parents(name)}
    while waiting:
        module = waiting.pop()
        reached.add(module)
        waiting |= imported(MODULES[module]) - reached
    return reached


def arrows() -> dict[str, set[str]]:
    """Which rooms each room imports."""
    found: dict[str, set[str]] = {room: set() for room in ROOMS}
    for name, path in MODULES.items():
        if room_of(name) in ROOMS:
            found[room_of(name)] |= {room_of(other) for other in imported(path)} - {room_of(name), ""}
    return found


def page() -> str:
    """docs/house.md."""
    counts = {room: [path for name, path in MODULES.items() if room_of(name) == room] for room in ROOMS}
    lines = [
        "# The house",
        "",
        "`pipeline/` has a room for each kind of thing. A room imports what stands above it in this table, and nothing below: data flows",
        "one way. `stages/` is the road: each stage reads folders, calls a workshop, writes a folder, and knows no other stage.",
        "Made by `python tests/house.py`; a test fails when it is stale.",
        "",
        "| room | what it is | modules | lines | imports |",
        "|---|---|---|---|---|",
    ]
    for room, to in arrows().items():
        paths = counts[room]
        if not paths:
            continue
        what = (ast.get_docstring(ast.parse((PIPELINE / room / "__init__.py").read_text())) or "").split("\n")[0]
        modules = [path for path in paths if path.stem != "__init__"]
        size = sum(len(path.read_text().splitlines()) for path in modules)
        imports = ", ".join(sorted(to, key=ROOMS.index)) or "nothing of ours"
        lines.append(f"| `{room}/` | {what} | {len(modules)} | {size:,} | {imports} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (PROJECT / "docs" / "house.md").write_text(page())
