"""What the pipeline costs beside a single script: `python benchmarks/overhead.py` (or `make benchmark`).

Cold `dvc repro` in fresh clones and benchmarks/peer.py in empty folders, in turns on this machine (verify.mode=off: the
script proves nothing in .NET); then a no-op `dvc repro`, a changed tolerance, the seconds of each stage (verify in real
.NET, where there is an SDK), and the seconds that imports take.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
STAGES = ("config", "prepare", "train", "export", "simplify", "validate", "sdk", "package", "verify", "publish")
UNVERIFIED = "verify.mode=off"
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
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "PYTHONPATH": str(PROJECT),
}
ENVIRONMENT.pop("MLFLOW_TRACKING_URI", None)


def seconds(*command: str, cwd: Path) -> tuple[float, str]:
    start = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"error: benchmark: {' '.join(command)} failed in {cwd}:\n{done.stdout}\n{done.stderr}")
    return time.perf_counter() - start, done.stdout


def clone(folder: Path) -> Path:
    """The project as it stands in the working tree, without anything that a run has made."""
    seconds("git", "clone", "-q", str(PROJECT), str(folder), cwd=PROJECT)
    for name in seconds("git", "ls-files", "-m", "-o", "--exclude-standard", cwd=PROJECT)[1].splitlines():
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)
    (folder / "dvc.lock").unlink(missing_ok=True)
    seconds("python", "-m", "pipeline", "params", UNVERIFIED, cwd=folder)
    return folder


def row(name: str, *cells: str) -> None:
    print(f"| {name:<44} | " + " | ".join(f"{cell:>9}" for cell in cells) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=3, help="paired cold runs (default: %(default)s)")
    pairs = parser.parse_args().pairs
    cold, peer = [], []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for pair in range(pairs):
            project = clone(folder / f"project-{pair}")
            cold.append(seconds("dvc", "repro", cwd=project)[0])
            alone = folder / f"peer-{pair}"
            alone.mkdir()
            peer.append(seconds("python", str(PROJECT / "benchmarks" / "peer.py"), cwd=alone)[0])
        noop = [seconds("dvc", "repro", cwd=project)[0] for _ in range(5)]
        seconds("python", "-m", "pipeline", "params", UNVERIFIED, "parity.rtol=0.001", cwd=project)
        changed, said = seconds("dvc", "repro", cwd=project)
        ran = re.findall(r"Running stage '(\w+)'", said)
        seconds("python", "-m", "pipeline", "params", cwd=project)
        stages = {stage: seconds("python", "-m", "pipeline", stage, cwd=project)[0] for stage in STAGES}

    ratios = [mine / theirs for mine, theirs in zip(cold, peer, strict=True)]
    print(f"\n{pairs} pairs in turns, {os.cpu_count()} cores, Python {sys.version.split()[0]}; seconds, medians\n")
    row("what", "seconds", "limit")
    row("-" * 44, "-" * 9, "-" * 9)
    row("cold dvc repro", f"{statistics.median(cold):.1f}", "")
    row("single script (benchmarks/peer.py)", f"{statistics.median(peer):.1f}", "")
    row("ratio of each pair, median", f"{statistics.median(ratios):.2f}", "1.60")
    row("no-op dvc repro", f"{statistics.median(noop):.2f}", "1.50")
    row(f"after parity.rtol: {', '.join(ran)}", f"{changed:.1f}", "")
    print()
    row("stage, alone and warm", "seconds", "")
    row("-" * 44, "-" * 9, "-" * 9)
    for stage, taken in stages.items():
        row(stage, f"{taken:.2f}", "")
    print()
    row("import", "seconds", "")
    row("-" * 44, "-" * 9, "-" * 9)
    bare = seconds("python", "-c", "pass", cwd=PROJECT)[0]
    row("(bare python)", f"{bare:.2f}", "")
    for module in IMPORTS:
        row(module, f"{max(0.0, seconds('python', '-c', f'import {module}', cwd=PROJECT)[0] - bare):.2f}", "")


if __name__ == "__main__":
    main()
