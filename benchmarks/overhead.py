"""What the pipeline costs: `python benchmarks/overhead.py` (or `make benchmark`).

Cold `dvc repro` in fresh clones and benchmarks/peer.py, a single script that does the same work, in empty folders, in turns on this
machine (verify.mode=off: the script proves nothing in .NET); a no-op `dvc repro` and the same graph with commands that copy what the
stages wrote, in turns; a changed tolerance; each stage (verify in real .NET, where there is an SDK); imports; and the documentation.
Medians, beside those of benchmarks/numbers.json, which `--write` renews. Beside the seconds stands the processors' time, which other
processes on the machine disturb less. Machines and days differ: whether a commit is slower than another says only `--against COMMIT`,
which runs both in turns.

`--threads`: a training step by torch's threads, and nothing else.
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
from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.command_line import STAGES
from recorded_numbers import Cost, Numbers, describe_machine, header, middle, name_commit, row

PROJECT = Path(__file__).resolve().parents[1]
UNVERIFIED = "verify.mode=off"
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
}
# A store and a number of threads of the shell's are not the benchmark's.
for variable in ("MLFLOW_TRACKING_URI", "OMP_NUM_THREADS"):
    ENVIRONMENT.pop(variable, None)


def run(*command: str, cwd: Path, project: Path = PROJECT) -> Cost:
    """Run a command with the code of `project`, which must succeed."""
    environment = {**ENVIRONMENT, "PYTHONPATH": str(project)}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
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
    return prepare(folder)


def prepare(folder: Path) -> Path:
    """A checkout as `make setup` leaves it, with nothing run and without .NET."""
    (folder / "dvc.lock").unlink(missing_ok=True)
    run("python", "-m", "pipeline", "params", UNVERIFIED, cwd=folder, project=folder)
    run("python", "-m", "compileall", "-q", "pipeline", "models", cwd=folder, project=folder)
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


def add_pairs(numbers: Numbers, names: tuple[str, str], pairs: list[tuple[Cost, Cost]]) -> None:
    """Medians of both, and of the ratio of each pair."""
    for name, costs in zip(names, zip(*pairs, strict=True), strict=True):
        numbers.add(name, middle(list(costs)))
    by_clock, by_cpu = (statistics.median(ours[place] / theirs[place] for ours, theirs in pairs) for place in (0, 1))
    row(f"ratio of each pair, median (limit {LIMIT:.2f})", f"{by_clock:.2f}", f"{by_cpu:.2f}", "", "")


def measure_project(numbers: Numbers, folder: Path, rounds: int) -> None:
    """Cold, with nothing to do, after a change, and each stage."""
    cold = []
    for pair in range(rounds):
        project = clone(folder / f"project-{pair}")
        alone = folder / f"peer-{pair}"
        alone.mkdir()
        ours = run("dvc", "repro", cwd=project)
        cold.append((ours, run("python", str(PROJECT / "benchmarks" / "peer.py"), cwd=alone)))
    numbers.start("cold")
    add_pairs(numbers, ("cold: dvc repro", "cold: single script (benchmarks/peer.py)"), cold)

    empty = empty_commands(project, folder / "empty")
    noop = [(run("dvc", "repro", cwd=project), run("dvc", "repro", cwd=empty)) for _ in range(2 * rounds + 1)]
    numbers.start("nothing to do")
    add_pairs(numbers, ("no-op: dvc repro", "no-op: the same graph with empty commands"), noop)

    run("python", "-m", "pipeline", "params", UNVERIFIED, "parity.rtol=0.001", cwd=project)
    changed = run("dvc", "repro", cwd=project)
    numbers.start("after parity.rtol=0.001")
    stages = ", ".join(re.findall(r"Running stage '(\w+)'", changed.output))
    numbers.add("parity.rtol=0.001: dvc repro", changed, title=stages)

    run("python", "-m", "pipeline", "params", cwd=project)
    numbers.start(f"stage, alone and warm, {rounds} rounds")
    costs: dict[str, list[Cost]] = {stage: [] for stage in STAGES}
    for _ in range(rounds):
        for stage in STAGES:
            costs[stage].append(run("python", "-m", "pipeline", stage, cwd=project))
    for stage in STAGES:
        numbers.add(f"stage: {stage}", middle(costs[stage]), title=stage)


def compare_commits(commit: str, rounds: int) -> None:
    """This working tree beside a commit, each with its own code: cold, with nothing to do, and each stage, in turns, one thread."""
    ENVIRONMENT["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as scratch:
        other = Path(scratch) / "other"
        run("git", "clone", "-q", "--no-checkout", str(PROJECT), str(other), cwd=PROJECT)
        run("git", "checkout", "-q", "--detach", commit, cwd=other)
        print(f"{describe_machine()}; medians of {rounds} rounds in turns; ratios of each round, median")
        header(f"{name_commit()} beside {name_commit(other)}", "seconds", "before", "ratio", "CPU ratio")
        projects = [clone(Path(scratch) / "ours"), prepare(other)]
        # The order changes with each round: what the machine does meanwhile falls on both.
        measured: dict[str, list[tuple[Cost, Cost]]] = {}
        for turn in range(rounds):
            for name, command in list_steps():
                costs = [Cost(0, 0)] * 2
                for side in (0, 1) if turn % 2 == 0 else (1, 0):
                    if name == "cold":
                        forget(projects[side])
                    costs[side] = run(*command, cwd=projects[side], project=projects[side])
                measured.setdefault(name, []).append((costs[0], costs[1]))
        for name, pairs in measured.items():
            ours, theirs = (middle(list(costs)).seconds for costs in zip(*pairs, strict=True))
            ratios = [statistics.median(now[place] / then[place] for now, then in pairs) for place in (0, 1)]
            row(name, f"{ours:.2f}", f"{theirs:.2f}", *(f"{ratio:.2f}" for ratio in ratios))


def list_steps() -> Iterator[tuple[str, list[str]]]:
    """What is run of both: everything, nothing to do, and each stage alone."""
    yield "cold", ["dvc", "repro"]
    yield "no-op", ["dvc", "repro"]
    for stage in STAGES:
        yield stage, ["python", "-m", "pipeline", stage]


def forget(project: Path) -> None:
    """Remove what a run has made, DVC's cache and MLflow's store too."""
    for made in ("build", "reports", "mlartifacts", ".dvc/cache", ".dvc/tmp"):
        shutil.rmtree(project / made, ignore_errors=True)
    for made in ("dvc.lock", "mlflow.db"):
        (project / made).unlink(missing_ok=True)


def measure_docs(numbers: Numbers, folder: Path) -> None:
    """The documentation, where mkdocs and its settings are here."""
    if not (PROJECT / "mkdocs.yml").exists() or shutil.which("mkdocs", path=ENVIRONMENT["PATH"]) is None:
        print("\ndocumentation: left out: no mkdocs.yml, or no mkdocs")
        return
    numbers.start("documentation")
    command = ["mkdocs", "build", "--quiet", "--site-dir", str(folder / "site")]
    numbers.add("docs: mkdocs build", run(*command, cwd=PROJECT), title="mkdocs build")


def measure_imports(numbers: Numbers) -> None:
    numbers.start("import")
    bare = run("python", "-c", "pass", cwd=PROJECT)
    numbers.add("import: (bare python)", bare, title="(bare python)")
    for module in IMPORTS:
        cost = run("python", "-c", f"import {module}", cwd=PROJECT)
        alone = Cost(max(0.0, cost.seconds - bare.seconds), max(0.0, cost.cpu - bare.cpu))
        numbers.add(f"import: {module}", alone, title=module)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, in turns (default: %(default)s)")
    parser.add_argument("--write", action="store_true", help="record the numbers in benchmarks/numbers.json")
    parser.add_argument("--against", metavar="COMMIT", help="only this tree and that commit, in turns")
    parser.add_argument("--threads", action="store_true", help="only a training step by torch's threads")
    options = parser.parse_args()
    threads = [sys.executable, str(PROJECT / "benchmarks" / "threads.py")]
    if options.threads:
        sys.exit(subprocess.run(threads, check=False).returncode)
    if options.against:
        compare_commits(options.against, options.rounds)
        return
    numbers = Numbers()
    print(f"{describe_machine()}; medians of {options.rounds} rounds in turns\n{numbers.describe()}")
    with tempfile.TemporaryDirectory() as scratch:
        measure_project(numbers, Path(scratch), options.rounds)
        measure_docs(numbers, Path(scratch))
    measure_imports(numbers)
    if options.write:
        numbers.write()
    print(flush=True)
    sys.exit(subprocess.run(threads, check=False).returncode)


if __name__ == "__main__":
    main()
