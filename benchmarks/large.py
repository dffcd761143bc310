"""What a model above 2 GB costs in memory: `python benchmarks/large.py` (takes some minutes and 10 GB of disk).

Linear layers over rows of any length, as a transformer has them, with weights from a seed as safetensors in a temporary
folder, go through the stages as `model=custom` with `train=none`, each in a process of its own. Peak is the most that was resident at once, as the kernel
counts it (wait4's ru_maxrss): with it pages of mapped files, which it could take back at any time. Anonymous is the part
that it could not, from /proc/<pid>/status every 10 ms. Ends with 1 when a peak is above 1.3 times the weights, or when
`package` does not refuse the model in one sentence.
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
STAGES = ("prepare", "train", "export", "simplify", "validate", "package")
LIMIT = 1.3
GB = 1e9
NET = """from torch import nn


class Net(nn.Module):
    def __init__(self, size, layers):
        super().__init__()
        self.layers = nn.Sequential(*(nn.Linear(size, size) for _ in range(layers)))

    def forward(self, x):
        return self.layers(x)
"""
MAKE = """import sys
import numpy as np
import torch
from safetensors.torch import save_file
from large_net import Net

size, layers = int(sys.argv[1]), int(sys.argv[2])
torch.manual_seed(0)
save_file(Net(size, layers).state_dict(), "weights.safetensors")
np.savez("rows.npz", x=np.random.default_rng(0).normal(size=(8, 4, size)).astype(np.float32))
"""


class Cost(NamedTuple):
    """Seconds, bytes at the peak (all that is resident, and the anonymous part), exit code, and what stderr said."""

    seconds: float
    peak: int
    anonymous: int
    code: int
    said: str


def measure(*command: str, cwd: Path) -> Cost:
    """Run a command to its end."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(PROJECT), str(cwd)])}
    start, anonymous = time.perf_counter(), 0
    with (cwd / "said.txt").open("w+b") as said:
        process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL, stderr=said)
        status = Path(f"/proc/{process.pid}/status")
        while True:
            ended, code, usage = os.wait4(process.pid, os.WNOHANG)
            if ended:
                break
            for line in status.read_text().splitlines():
                if line.startswith("RssAnon:"):
                    anonymous = max(anonymous, int(line.split()[1]) * 1024)
            time.sleep(0.01)
        process.returncode = os.waitstatus_to_exitcode(code)
        said.seek(0)
        text = said.read().decode(errors="replace").strip()
    return Cost(time.perf_counter() - start, usage.ru_maxrss * 1024, anonymous, process.returncode, text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=4500, help="width of each layer (default: %(default)s)")
    parser.add_argument("--layers", type=int, default=30, help="layers (default: %(default)s)")
    parser.add_argument("--exporter", default="auto", help="export.exporter (default: %(default)s)")
    options = parser.parse_args()
    problems = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "conf").symlink_to(PROJECT / "conf")
        (folder / "large_net.py").write_text(NET)
        subprocess.run(
            [sys.executable, "-c", MAKE, str(options.size), str(options.layers)],
            cwd=folder,
            check=True,
            env={**os.environ, "PYTHONPATH": scratch},
        )
        weights = (folder / "weights.safetensors").stat().st_size
        settings = [
            "model=custom",
            "model.net._target_=large_net.Net",
            "model.weights=weights.safetensors",
            "data.path=rows.npz",
        ]
        settings += [
            f"model.net.kwargs={{size: {options.size}, layers: {options.layers}}}",
            "model.dynamic_axes={x: {0: batch, 1: time}}",
        ]
        settings += [f"export.exporter={options.exporter}", "package.largest_mb=250"]
        composed = measure(sys.executable, "-m", "pipeline", "params", *settings, cwd=folder)
        if composed.code:
            sys.exit(f"error: large: {composed.said}")
        print(
            f"\n{options.layers} layers of {options.size} x {options.size}: {weights:,} bytes of weights, {os.cpu_count()} cores\n"
        )
        print("| stage    | seconds | peak GB | of the weights | anonymous GB |")
        print("| -------- | ------- | ------- | -------------- | ------------ |", flush=True)
        for stage in STAGES:
            cost = measure(sys.executable, "-m", "pipeline", stage, cwd=folder)
            ratio = cost.peak / weights
            print(
                f"| {stage:<8} | {cost.seconds:>7.1f} | {cost.peak / GB:>7.2f} | {ratio:>14.2f} | {cost.anonymous / GB:>12.2f} |",
                flush=True,
            )
            if ratio > LIMIT:
                problems.append(f"{stage} takes {ratio:.2f} times the weights, more than {LIMIT}")
            if cost.code and stage != "package":
                problems.append(f"{stage} failed: {cost.said}")
                break
        else:
            print(f"\n{cost.said}")
            if not cost.code or "package.largest_mb" not in cost.said or "\n" in cost.said:
                problems.append("package does not refuse the model in one sentence")
    if problems:
        sys.exit("\n".join(["", *(f"error: large: {problem}" for problem in problems)]))


if __name__ == "__main__":
    main()
