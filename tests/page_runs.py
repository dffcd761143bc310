"""A page of the documentation, done as a reader would: its files are written, its commands carried out, in an empty project.

All of it happens in one process, since each stage imports torch, onnx or .NET's client once and a page has nine of them. So
`dvc repro` stands here for the stages in their order, publication left out (tests/test_e2e.py runs real DVC), and no page verifies in
.NET (tests/dotnet does). `dvc exp run -S …` composes what it would run.
"""

import contextlib
import io
import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from code_blocks import PROJECT, CodeBlock
from pipeline.__main__ import main
from pipeline.command_line import STAGES
from pipeline.settings.compose import compose_text
from pipeline.settings.source_code import search_path

UNVERIFIED = "verify.mode=off"
REPRO = [stage for stage in STAGES if stage != "publish"]
# What a page that adds to the project itself needs a copy of.
COPIED = ("pipeline", "models", "conf", "hydra_plugins", "dvc.yaml", "params.yaml", "pyproject.toml", "data")
ADDITIONS = ("conf/", "pipeline/")


class PageRun:
    """The project that a page is done in; `printed` has what each block's commands wrote to stdout."""

    def __init__(self, folder: Path, blocks: list[CodeBlock]) -> None:
        self.folder = folder
        self.blocks = [block for block in blocks if block.runs]
        self.printed: dict[CodeBlock, str] = {}
        # conf/ is composed from where the code lies: a page that adds a file to it runs a copy of both, in processes of its own.
        self.copy = any(block.title.startswith(ADDITIONS) for block in self.blocks)

    def run(self) -> dict[CodeBlock, str]:
        folder = self.folder / "project"
        folder.mkdir()
        for name in COPIED if self.copy else ("conf", "data"):
            source = PROJECT / name
            (shutil.copytree if source.is_dir() else shutil.copy2)(source, folder / name)
        with contextlib.chdir(folder), importing_from(folder):
            for block in self.blocks:
                self.printed[block] = write_file(block) if block.title else self._carry_out(block)
        return self.printed

    def _carry_out(self, block: CodeBlock) -> str:
        printed = io.StringIO()
        for command in block.commands():
            for words in stand_in(command):
                with contextlib.redirect_stdout(printed):
                    code = self._call(words)
                assert code == 0, f"{block}: {' '.join(words)}: exit {code}"
        # What fingerprint says is the machine's: which SDK, which libraries.
        return "".join(
            line for line in printed.getvalue().splitlines(keepends=True) if not line.startswith("fingerprint:")
        )

    def _call(self, words: list[str]) -> int:
        if self.copy:
            return run_process(words)
        match words:
            case ["python", "-m", "pipeline", *arguments]:
                try:
                    return main(arguments)
                except SystemExit as end:
                    return int(end.code or 0)
            case ["python", script]:
                runpy.run_path(script, run_name="__main__")
                return 0
            case ["dvc", "exp", "run", *arguments]:
                changes = [word for flag, word in pairwise(arguments) if flag in ("-S", "--set-param")]
                # A list of values, 'train.lr=0.001,0.01', is as many experiments.
                compose_text([re.sub(r"^([^\[{,]+=[^\[{,]+),.*", r"\1", change) for change in changes])
                return 0
        raise AssertionError(f"nothing here runs {' '.join(words)!r}: mark the block, <!-- not run: why -->")


def stand_in(command: list[str]) -> list[list[str]]:
    """The commands in place of one: the stages for `dvc repro`, without .NET."""
    if command == ["dvc", "repro"]:
        return [["python", "-m", "pipeline", stage] for stage in REPRO]
    if command[:4] == ["python", "-m", "pipeline", "params"]:
        return [[*command[:4], UNVERIFIED, *command[4:]]]
    return [command]


def run_process(words: list[str]) -> int:
    """Carry a command out with the code of the current folder, which it imports first."""
    program = [sys.executable, *words[1:]] if words[0] == "python" else words
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    print(done.stdout, end="")
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
    return done.returncode


def write_file(block: CodeBlock) -> str:
    path = Path(block.title)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")
    return ""


@contextlib.contextmanager
def importing_from(folder: Path) -> Iterator[None]:
    """Let modules of `folder` be imported, as `python -m` does, and forget them afterwards."""
    sys.path.insert(0, str(folder))
    search_path.cache_clear()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        search_path.cache_clear()
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None) or "").startswith(str(folder)):
                del sys.modules[name]


def printed_blocks(blocks: list[CodeBlock]) -> list[tuple[CodeBlock, CodeBlock]]:
    """Blocks of what was printed, each with the block of commands before it."""
    return [
        (block, next(before for before in reversed(blocks[:place]) if before.is_command))
        for place, block in enumerate(blocks)
        if block.mark == "printed"
    ]


def first_clauses(text: str) -> list[str]:
    """What each line says up to its first comma, a # for every number and hash: those are the machine's, and what follows may be too."""
    lines = [re.sub(r"-g[0-9a-f]{6,}", "-g#", line).rstrip() for line in text.strip().splitlines()]
    return [re.sub(r"\d[\d.,]*\d|\d|e[+-]\d+", "#", line).split(", ")[0] for line in lines]
