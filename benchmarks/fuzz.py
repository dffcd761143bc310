"""What the stages say to files that somebody broke: `python benchmarks/fuzz.py` (500 seeded cases, some minutes).

Every file that a stage reads is broken (truncated, bits flipped, emptied, a folder in its place, keys missing, other types, deep
nesting, arrays and graphs edited from within), with the checksums as they were and made to agree. The stage must end with one
sentence, or take an edit that still is a file of the right form. Each case runs in a process of its own. Exit 1 when one ended
otherwise, or when a file that a checksum guards was edited and taken.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests")]

import damage  # noqa: E402
import pipeline_runs  # noqa: E402
import text_network  # noqa: E402
from pipeline.core.paths import BUILD  # noqa: E402

ANY = ("prepare", "train", "export", "simplify", "validate", "package", "verify", "publish")
# By project: how it is made, and which stages read each of its files.
LINEAR = {
    "params.yaml": ("fingerprint", *ANY),
    "dvc.lock": ("publish",),
    "build/.known-files.json": ("fingerprint", "export"),
    "build/fingerprint/target.json": ("export", "simplify", "validate", "package"),
    "build/fingerprint/release.json": ("package",),
    "build/data/test.npz": ("export", "validate"),
    "build/data/SHA256SUMS": ("export", "validate", "package"),
    "build/weights/checkpoint.safetensors": ("export",),
    "build/weights/SHA256SUMS": ("export",),
    "build/exported/model.onnx": ("simplify", "validate", "publish"),
    "build/exported/sources.json": ("simplify", "validate", "locate"),
    "build/exported/SHA256SUMS": ("simplify", "validate"),
    "build/simplified/model.onnx": ("validate", "package", "publish"),
    "build/simplified/SHA256SUMS": ("validate", "package"),
    "build/golden/contract.json": ("simplify", "validate", "package", "verify", "publish"),
    "build/golden/calls.json": ("simplify", "validate", "package"),
    "build/golden/calls.npz": ("simplify", "validate", "package"),
    "build/golden/test.npz": ("simplify", "validate"),
    "build/golden/SHA256SUMS": ("simplify", "validate", "package", "verify", "publish"),
    "build/package/manifest.json": ("verify", "publish"),
    "build/package/*.nupkg": ("verify", "publish"),
    "reports/train.json": ("publish",),
    "reports/export.json": ("validate", "publish"),
    "reports/simplify.json": ("validate", "publish"),
    "reports/parity.json": ("package", "verify", "publish", "locate"),
    "reports/metrics.json": ("publish",),
    "reports/dotnet.json": ("publish",),
    "reports/plots/train.csv": ("publish",),
    "reports/plots/parity.csv": ("publish",),
}
PROJECTS = {
    "linear": ((*pipeline_runs.LINEAR, "export.exporter=tracer"), LINEAR, 0.72),
    "digits": (
        (*pipeline_runs.SMALL, "train.epochs=1", "export.exporter=tracer"),
        {
            "build/data/train.npz": ("train",),
            "build/data/validation.npz": ("train",),
            "build/golden/contract.json": ("simplify", "validate"),
            "build/simplified/model.onnx": ("validate", "package"),
            "build/weights/checkpoint.safetensors": ("export",),
            "build/data/test.npz": ("validate",),
        },
        0.12,
    ),
    "tabular": (
        ("model=tabular", "train.epochs=1", "export.exporter=tracer"),
        {"build/data/encoders.json": ("train", "export"), "build/golden/calls.npz": ("validate", "package")},
        0.06,
    ),
    "texts": (
        (*text_network.OVERRIDES, "export.exporter=tracer"),
        {
            "build/data/tokenizer/tokenizer.json": ("export",),
            "build/data/tokenizer/texts.npz": ("export",),
            "build/data/tokenizer/vocab.txt": ("package",),
            "build/data/tokenizer/characters.txt": ("package",),
            "build/golden/calls.npz": ("validate", "package"),
            "build/golden/contract.json": ("validate", "package"),
        },
        0.1,
    ),
}
LOCK = "schema: '2.0'\nstages:\n  prepare:\n    cmd: python -m pipeline prepare\n    outs:\n    - path: build/data\n      hash: md5\n      md5: 0123456789abcdef.dir\n      size: 1\n      nfiles: 4\n"
# Files of build/ without a checksum, or whose reader needs none: they decide no byte of what is packaged.
UNGUARDED = ("SHA256SUMS", ".known-files.json", "target.json", "sources.json")
# Seconds that a stage may take.
LIMIT = 60
REFUSED, TAKEN, TRACEBACK = "refused in a sentence", "accepted", "traceback"


class Ending(NamedTuple):
    """How a stage ended, and what is to be said of it."""

    kind: str
    text: str


def make_project(name: str, overrides: tuple[str, ...], project: Path) -> str:
    """A project in which every stage has run, the publication included where a case needs it."""
    project.mkdir()
    if name == "texts":
        with contextlib.chdir(project):
            text_network.write(project)
    pipeline_runs.run_stages(project, *overrides)
    (project / "dvc.lock").write_text(LOCK)
    with contextlib.chdir(project):
        (BUILD / ".known-files.json").write_text('{"gone": [1, 2, "x"]}')
        if name == "linear":
            damage.run_quietly(["publish"])
    return TAKEN


class Worker:
    """A process that runs stages one after the other; one that dies, or never ends, is seen, and replaced for the next."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, there = context.Pipe()
        self._process = context.Process(target=serve, args=(there, self._store), daemon=True)
        self._process.start()
        there.close()

    def run(self, function: Callable[..., str], *arguments: object) -> Ending:
        """Call the function there; the first line of what it returns is the kind of its ending."""
        try:
            self._connection.send((function, arguments))
            if not self._connection.poll(LIMIT):
                self._process.kill()
            kind, _, text = self._connection.recv().partition("\n")
        except (EOFError, ConnectionError):
            self._process.join()
            code = self._process.exitcode
            self._start()
            return Ending(TRACEBACK, f"the process ended with {code}, or took more than {LIMIT} s")
        return Ending(kind, text)


def serve(connection: Connection, store: Path) -> None:
    """Do what is asked until nobody asks any more."""
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123 (until the process ends)
    # MLflow keeps its store open: one for all cases.
    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{store}"
    with contextlib.suppress(EOFError):
        while True:
            function, arguments = connection.recv()
            connection.send(function(*arguments))


def break_and_run(folder: Path, case: damage.Damage) -> str:
    """How the stage ends once the file is broken."""
    with contextlib.chdir(folder):
        damage.apply(case)
        if case.path.name == "dvc.lock":  # read when something new is published
            Path("reports/metrics.json").write_text(json.dumps({"seed": case.seed}))
        try:
            code, stderr = damage.run_quietly([case.stage])
        except BaseException:  # whatever it is, it is what this is looking for
            return f"{TRACEBACK}\n{traceback.format_exc()}"
    if not code:
        return f"{TAKEN}\n{stderr}"
    return f"{REFUSED if damage.is_sentence(case.stage, stderr) else TRACEBACK}\n{stderr}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=500, help="how many (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of cases (default: %(default)s)")
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    parser.add_argument("--verbose", action="store_true", help="print every case and how it ended")
    options = parser.parse_args()
    start, counts, problems = time.perf_counter(), {}, []
    with tempfile.TemporaryDirectory() as scratch:
        projects, worker = {name: Path(scratch) / name for name in PROJECTS}, Worker(Path(scratch) / "mlflow.db")
        for name, (overrides, _, _) in PROJECTS.items():
            ending = worker.run(make_project, name, overrides, projects[name])
            if ending.kind == TRACEBACK:
                sys.exit(f"error: fuzz: {name} cannot be made: {ending.text}")
        for name, (_, readers, share) in PROJECTS.items():
            with contextlib.chdir(projects[name]):
                cases = damage.choose(readers, round(options.cases * share), options.seed)
            for number, case in enumerate(cases):
                if options.only not in case.name:
                    continue
                folder = damage.copy(projects[name], Path(scratch) / f"case-{number}")
                before = (folder / case.path).read_bytes()
                ending = worker.run(break_and_run, folder, case)
                after = (folder / case.path).read_bytes() if (folder / case.path).is_file() else None
                counts.setdefault(case.path.as_posix(), Counter())[ending.kind] += 1
                if options.verbose or ending.kind == TRACEBACK:
                    print(f"{name}: {case.name}: {ending.kind}\n    {ending.text.strip()[-1500:]}", flush=True)
                if ending.kind == TRACEBACK:
                    problems.append(case.name)
                guarded = case.path.is_relative_to(BUILD) and case.path.name not in UNGUARDED
                if ending.kind == TAKEN and guarded and not case.sealed and before != after:
                    problems.append(f"{case.name} was taken, though a checksum guards it")
                shutil.rmtree(folder)
    print_table(counts, time.perf_counter() - start)
    if problems:
        sys.exit("\n".join(["", *(f"error: fuzz: {problem}" for problem in problems)]))


def print_table(counts: dict[str, Counter[str]], seconds: float) -> None:
    width = max(map(len, counts))
    print(f"\n| {'file':<{width}} | cases | {REFUSED} | {TAKEN} | {TRACEBACK} |")
    print(f"| {'-' * width} | ----- | {'-' * len(REFUSED)} | {'-' * len(TAKEN)} | {'-' * len(TRACEBACK)} |")
    for path, kinds in [*sorted(counts.items()), ("all", sum(counts.values(), Counter()))]:
        cells = " | ".join(f"{kinds[kind]:>{len(kind)}}" for kind in (REFUSED, TAKEN, TRACEBACK))
        print(f"| {path:<{width}} | {kinds.total():>5} | {cells} |")
    print(f"\n{seconds:.0f} s")


if __name__ == "__main__":
    main()
