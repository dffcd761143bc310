"""Ways to break a file that a stage reads: seeded edits by the file's kind, for tests/test_fuzz.py and benchmarks/fuzz.py."""

import contextlib
import io
import json
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

from damage.arrays import NPZ, SAFETENSORS
from damage.edits import BYTES, Edit
from damage.graphs import ONNX
from damage.texts import LINES, TREE
from pipeline.core.contract import golden_sha256
from pipeline.core.files import CHECKSUMS, sha256
from pipeline.core.paths import BUILD, CONTRACT, GOLDEN, MANIFEST, PACKAGE, REPORTS
from pipeline_runs import reseal

BY_SUFFIX: dict[str, dict[str, Edit]] = {
    ".json": TREE,
    ".yaml": TREE,
    ".lock": TREE,
    ".npz": NPZ,
    ".nupkg": {"a member missing": NPZ["an array missing"], "a member broken": NPZ["an array broken"]},
    ".safetensors": SAFETENSORS,
    ".onnx": ONNX,
    ".csv": LINES,
    ".txt": LINES,
    "": LINES,
}


@dataclass(frozen=True)
class Damage:
    """One edit of one file, and the stage that reads it next.

    `sealed`: the checksums are made to agree with the edit, so that it reaches what stands behind them.
    """

    path: Path
    stage: str
    edit: str
    sealed: bool
    seed: int

    @property
    def name(self) -> str:
        return f"{self.stage}: {self.path}: {self.edit}{', resealed' if self.sealed else ''} (seed {self.seed})"


def choose(readers: dict[str, tuple[str, ...]], count: int, seed: int) -> list[Damage]:
    """`count` damages of the files of a project, every file in turn, every stage and edit by chance.

    Args:
        readers: The stages that read each file; a name may be a pattern.
        count: How many.
        seed: The same seed, the same damages.
    """
    chance = random.Random(seed)
    damages = []
    for number in range(count):
        pattern, stages = list(readers.items())[number % len(readers)]
        (path,) = Path().glob(pattern)
        sealed = (
            path.parent not in (BUILD, Path(), REPORTS, REPORTS / "plots")
            and path.name != CHECKSUMS
            and chance.random() < 0.7
        )
        edits = [*BYTES, *("folder", "missing"), *2 * list(BY_SUFFIX.get(path.suffix, {}))]
        damages.append(Damage(path, chance.choice(stages), chance.choice(edits), sealed, chance.randrange(2**32)))
    return damages


def apply(damage: Damage) -> None:
    """Break the file, and make the checksums agree where the damage says so."""
    path, chance = damage.path, random.Random(damage.seed)
    if damage.edit in ("folder", "missing"):
        path.unlink()
        if damage.edit == "folder":
            path.mkdir()
    else:
        edit = BYTES.get(damage.edit) or BY_SUFFIX[path.suffix][damage.edit]
        path.write_bytes(edit(path.read_bytes(), chance))
    if damage.sealed and path.is_file():
        seal(path)


def seal(path: Path) -> None:
    """Make everything that notes a file's SHA-256 agree with the file as it is."""
    if path.is_relative_to(GOLDEN) and path != CONTRACT:
        content = json.loads(CONTRACT.read_text())
        content["golden"] = golden_sha256()
        CONTRACT.write_text(json.dumps(content))
    if path.is_relative_to(PACKAGE) and path != MANIFEST:
        content = json.loads(MANIFEST.read_text())
        content["package_sha256"] = sha256(path)
        MANIFEST.write_text(json.dumps(content))
    reseal(path)


def run_quietly(command: list[str]) -> tuple[int, str]:
    """Run a pipeline command in this process; its exit code, and what it printed on stderr."""
    from pipeline.__main__ import main

    stderr = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(stderr):
        return main(command), stderr.getvalue()


def is_sentence(stage: str, stderr: str) -> bool:
    """Whether this is what a person shall read of a failure: one line that names the stage."""
    return stderr.startswith(f"error: {stage}: ") and stderr.count("\n") == 1 and "Traceback" not in stderr


def copy(project: Path, folder: Path) -> Path:
    """A copy of a project to break."""
    return Path(shutil.copytree(project, folder, symlinks=True))
