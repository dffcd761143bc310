"""What the pipeline costs beside a single script: `python benchmarks/overhead.py` (or `make benchmark`).

Cold `dvc repro` in fresh clones and benchmarks/peer.py in empty folders, in turns on this machine (verify.mode=off: the
script proves nothing in .NET); a no-op `dvc repro` and the same graph with commands that copy what the stages wrote, in
turns; a changed tolerance; the seconds of each stage (verify in real .NET, where there is an SDK) and of imports; and a
training step by torch's threads (`--threads`: that alone). Beside the seconds stands the processors' time, which other
processes on the machine disturb less.
"""

import argparse
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from ruamel.yaml import YAML

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.__main__ import STAGES

PROJECT = Path(__file__).resolve().parents[1]
UNVERIFIED = "verify.mode=off"
NOOP_PAIRS = 7
LIMIT = 1.25
IMPORTS = (
    "numpy",
    "pydantic",
    "ruamel.yaml",
    "onnx",
    "onnxruntime",
    "onnxsim",
    "torch",
    "accelerate",
    "mlflow",
    "hydra",
)
# Where the graph of empty commands keeps what the stages wrote.
WRITTEN = ".written"
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "PYTHONPATH": str(PROJECT),
}
# A store and a number of threads of the shell's are not the benchmark's.
for variable in ("MLFLOW_TRACKING_URI", "OMP_NUM_THREADS"):
    ENVIRONMENT.pop(variable, None)


class Cost(NamedTuple):
    """Seconds on the clock and of the processors, and what the command printed."""

    seconds: float
    cpu: float
    output: str


def run(*command: str, cwd: Path) -> Cost:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"error: benchmark: {' '.join(command)} failed in {cwd}:\n{done.stdout}\n{done.stderr}")
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(seconds, cpu, done.stdout)


def clone(folder: Path) -> Path:
    """The project as it stands in the working tree, without anything that a run has made."""
    run("git", "clone", "-q", str(PROJECT), str(folder), cwd=PROJECT)
    for name in run("git", "ls-files", "-m", "-o", "--exclude-standard", cwd=PROJECT).output.splitlines():
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)
    (folder / "dvc.lock").unlink(missing_ok=True)
    run("python", "-m", "pipeline", "params", UNVERIFIED, cwd=folder)
    run("python", "-m", "compileall", "-q", "pipeline", "models", cwd=folder)  # as `make setup` does
    return folder


def empty_commands(project: Path, folder: Path) -> Path:
    """A copy of a project that has run, whose stages only copy the same outputs from beside."""
    shutil.copytree(project, folder, symlinks=True)
    yaml = YAML()
    graph = yaml.load(folder / "dvc.yaml")
    for stage in graph["stages"].values():
        entries = [entry for kind in ("outs", "metrics", "plots") for entry in stage.get(kind, [])]
        paths = [path for entry in entries for path in ([entry] if isinstance(entry, str) else entry)]
        for path in paths:
            kept = folder / WRITTEN / path
            kept.parent.mkdir(parents=True, exist_ok=True)
            if (folder / path).is_dir():
                shutil.copytree(folder / path, kept)
            else:
                shutil.copy2(folder / path, kept)
        stage["cmd"] = " && ".join(f"mkdir -p {Path(path).parent} && cp -R {WRITTEN}/{path} {path}" for path in paths)
    yaml.dump(graph, folder / "dvc.yaml")
    run("dvc", "repro", cwd=folder)
    return folder


def row(name: str, *cells: str) -> None:
    print(f"| {name:<48} | " + " | ".join(f"{cell:>9}" for cell in cells) + " |", flush=True)


def header(name: str, *columns: str) -> None:
    print()
    row(name, *columns)
    row("-" * 48, *("-" * 9 for _ in columns))


def print_pairs(names: tuple[str, str], pairs: list[tuple[Cost, Cost]], digits: int) -> None:
    """Medians of both, and of the ratio of each pair."""
    for name, costs in zip(names, zip(*pairs, strict=True), strict=True):
        seconds, cpu = (statistics.median(cost[place] for cost in costs) for place in (0, 1))
        row(name, f"{seconds:.{digits}f}", f"{cpu:.{digits}f}", "")
    by_clock, by_cpu = (statistics.median(ours[place] / theirs[place] for ours, theirs in pairs) for place in (0, 1))
    row("ratio of each pair, median", f"{by_clock:.2f}", f"{by_cpu:.2f}", f"{LIMIT:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=3, help="paired cold runs (default: %(default)s)")
    parser.add_argument("--threads", action="store_true", help="only a training step by torch's threads")
    options = parser.parse_args()
    threads = [sys.executable, str(PROJECT / "benchmarks" / "threads.py")]
    if options.threads:
        sys.exit(subprocess.run(threads, check=False).returncode)
    print(
        f"{os.cpu_count()} cores, Python {sys.version.split()[0]}; medians of {options.pairs} pairs in turns (no-op: {NOOP_PAIRS})"
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        cold = []
        for pair in range(options.pairs):
            project = clone(folder / f"project-{pair}")
            alone = folder / f"peer-{pair}"
            alone.mkdir()
            ours = run("dvc", "repro", cwd=project)
            cold.append((ours, run("python", str(PROJECT / "benchmarks" / "peer.py"), cwd=alone)))
        header("cold", "seconds", "CPU", "limit")
        print_pairs(("dvc repro", "single script (benchmarks/peer.py)"), cold, 1)

        empty = empty_commands(project, folder / "empty")
        noop = [(run("dvc", "repro", cwd=project), run("dvc", "repro", cwd=empty)) for _ in range(NOOP_PAIRS)]
        header("nothing to do", "seconds", "CPU", "limit")
        print_pairs(("dvc repro", "the same graph with empty commands"), noop, 2)

        run("python", "-m", "pipeline", "params", UNVERIFIED, "parity.rtol=0.001", cwd=project)
        changed = run("dvc", "repro", cwd=project)
        header("after parity.rtol=0.001", "seconds", "CPU")
        row(
            ", ".join(re.findall(r"Running stage '(\w+)'", changed.output)),
            f"{changed.seconds:.1f}",
            f"{changed.cpu:.1f}",
        )

        run("python", "-m", "pipeline", "params", cwd=project)
        header("stage, alone and warm", "seconds", "CPU")
        for stage in STAGES:
            cost = run("python", "-m", "pipeline", stage, cwd=project)
            row(stage, f"{cost.seconds:.2f}", f"{cost.cpu:.2f}")

    header("import", "seconds", "CPU")
    bare = run("python", "-c", "pass", cwd=PROJECT)
    row("(bare python)", f"{bare.seconds:.2f}", f"{bare.cpu:.2f}")
    for module in IMPORTS:
        cost = run("python", "-c", f"import {module}", cwd=PROJECT)
        row(module, f"{max(0.0, cost.seconds - bare.seconds):.2f}", f"{max(0.0, cost.cpu - bare.cpu):.2f}")
    print(flush=True)
    sys.exit(subprocess.run(threads, check=False).returncode)


if __name__ == "__main__":
    main()
