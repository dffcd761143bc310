"""The memory that each stage takes for a model above 2 GB: `python benchmarks/large.py` (some minutes, 10 GB of disk).

The model has linear layers over rows with a dynamic axis, as a transformer has them, and random weights in a safetensors file.
It runs through the stages as `model=custom` with `train=none`, each stage in a process of its own. Peak is the maximum resident
set size (wait4's ru_maxrss), which includes pages of mapped files that the kernel could reclaim; anonymous is the part that it
could not, read from /proc/<pid>/status every 10 ms. Exit 1 when a peak is above 1.3 times the weights, or when `package` does
not refuse the model in one sentence.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[1]
STAGES = ("fingerprint", "prepare", "train", "export", "simplify", "validate", "package")
PEAK_LIMIT = 1.3
GB = 1e9
NETWORK_SOURCE = """from torch import nn


class Net(nn.Module):
    def __init__(self, size, layers):
        super().__init__()
        self.layers = nn.Sequential(*(nn.Linear(size, size) for _ in range(layers)))

    def forward(self, x):
        return self.layers(x)
"""
MAKE_FILES = """import sys
import numpy as np
import torch
from safetensors.torch import save_file
from large_net import Net

size, layers, rows, steps = map(int, sys.argv[1:])
torch.manual_seed(0)
save_file(Net(size, layers).state_dict(), "weights.safetensors")
np.savez("rows.npz", x=np.random.default_rng(0).normal(size=(rows, steps, size)).astype(np.float32))
"""


class Cost(NamedTuple):
    """Seconds, peak bytes (resident, and the anonymous part), exit code, and what the command printed on stderr."""

    seconds: float
    peak: int
    anonymous: int
    code: int
    stderr: str


def measure(*command: str, cwd: Path) -> Cost:
    """Run a command and measure it."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(PROJECT), str(cwd)])}
    start, anonymous = time.perf_counter(), 0
    with (cwd / "stderr.txt").open("w+b") as stderr:
        process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL, stderr=stderr)
        status = Path(f"/proc/{process.pid}/status")
        while True:
            ended, status_code, usage = os.wait4(process.pid, os.WNOHANG)
            if ended:
                break
            for line in status.read_text().splitlines():
                if line.startswith("RssAnon:"):
                    anonymous = max(anonymous, int(line.split()[1]) * 1024)
            time.sleep(0.01)
        process.returncode = os.waitstatus_to_exitcode(status_code)
        stderr.seek(0)
        text = stderr.read().decode(errors="replace").strip()
    return Cost(time.perf_counter() - start, usage.ru_maxrss * 1024, anonymous, process.returncode, text)


def make_project(folder: Path, size: int, layers: int, *settings: str, rows: int = 8, steps: int = 4) -> int:
    """A project in `folder` with random weights and rows [rows, steps, size]; bytes of the weights."""
    (folder / "conf").symlink_to(PROJECT / "conf")
    (folder / "large_net.py").write_text(NETWORK_SOURCE)
    subprocess.run(
        [sys.executable, "-c", MAKE_FILES, *map(str, (size, layers, rows, steps))],
        cwd=folder,
        check=True,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )
    overrides = [
        "model=custom",
        "model.net._target_=large_net.Net",
        "model.weights=weights.safetensors",
        "data.path=rows.npz",
        f"model.net.kwargs={{size: {size}, layers: {layers}}}",
        "model.dynamic_axes={x: {0: batch, 1: time}}",
        *settings,
    ]
    composed = measure(sys.executable, "-m", "pipeline", "params", *overrides, cwd=folder)
    if composed.code:
        sys.exit(f"error: params: {composed.stderr}")
    return (folder / "weights.safetensors").stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=4500, help="width of each layer (default: %(default)s)")
    parser.add_argument("--layers", type=int, default=30, help="layers (default: %(default)s)")
    parser.add_argument("--exporter", default="auto", help="export.exporter (default: %(default)s)")
    options = parser.parse_args()
    problems = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        settings = (f"export.exporter={options.exporter}", "package.largest_mb=250")
        weights = make_project(folder, options.size, options.layers, *settings)
        print(
            f"\n{options.layers} layers of {options.size} x {options.size}: {weights:,} bytes of weights, {os.cpu_count()} cores\n"
        )
        print("| stage    | seconds | peak GB | / weights      | anonymous GB |")
        print("| -------- | ------- | ------- | -------------- | ------------ |", flush=True)
        for stage in STAGES:
            cost = measure(sys.executable, "-m", "pipeline", stage, cwd=folder)
            ratio = cost.peak / weights
            print(
                f"| {stage:<8} | {cost.seconds:>7.1f} | {cost.peak / GB:>7.2f} | {ratio:>14.2f} | {cost.anonymous / GB:>12.2f} |",
                flush=True,
            )
            if ratio > PEAK_LIMIT:
                problems.append(f"{stage} takes {ratio:.2f} times the weights, more than {PEAK_LIMIT}")
            if cost.code and stage != "package":
                problems.append(f"{stage} failed: {cost.stderr}")
                break
        else:
            print(f"\n{cost.stderr}")
            if not cost.code or "package.largest_mb" not in cost.stderr or "\n" in cost.stderr:
                problems.append("package does not refuse the model in one sentence")
    if problems:
        sys.exit("\n".join(["", *(f"error: large: {problem}" for problem in problems)]))


if __name__ == "__main__":
    main()
