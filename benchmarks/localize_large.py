"""What `locate` costs on models of some size: seconds, and its peak memory beside a program that only loads and runs the model.

`python benchmarks/localize.py --large` runs this for ResNet-18 (transformers' own, random weights, pictures of 224 x 224) and for
the MiniLM encoder. A fault is put into the middle of the exported graph. The program loads the network and its weights, answers the
same golden call, and answers it once more by the graph in onnxruntime. Exit 1 above 60 s or 1.5 times that program's memory.
"""

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from torch import Tensor, nn

from graph_faults import seed
from localizers import run_measured, run_pipeline
from pipeline.core.paths import EXPORTED
from pipeline.graph import onnx_model

PROJECT = Path(__file__).resolve().parents[1]
MOST_SECONDS, MOST_MEMORY = 60.0, 1.5
STAGES = ("fingerprint", "prepare", "train", "export", "simplify")
LOAD_AND_RUN = """
import json
import torch
from pipeline.core.golden import load_calls
from pipeline.core.paths import CHECKPOINT, EXPORTED
from pipeline.graph.session import answer, open_session
from pipeline.network.factory import restore
from pipeline.settings.params import load

torch.set_num_threads(1)
name = json.load(open("reports/departure/departure.json"))["call"]
call = next(call for call in load_calls() if call.name == name)
network, _ = restore(load().model.net, CHECKPOINT, "train")
with torch.no_grad():
    network.eval()(**{key: torch.from_numpy(array) for key, array in call.inputs.items()})
answer(open_session(EXPORTED), call.inputs)
"""


class ResNet18(nn.Module):
    """Scores of 1,000 classes."""

    def __init__(self) -> None:
        super().__init__()
        from transformers import ResNetConfig, ResNetForImageClassification

        sizes = {"embedding_size": 64, "hidden_sizes": [64, 128, 256, 512], "depths": [2, 2, 2, 2]}
        self.net = ResNetForImageClassification(ResNetConfig(**sizes, layer_type="basic", num_labels=1000))

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.net(x).logits
        return scores


def write_pictures() -> None:
    np.savez("rows.npz", x=np.random.default_rng(0).normal(size=(8, 3, 224, 224)).astype(np.float32))


MODELS: dict[str, tuple[Callable[[], None], list[str], str]] = {
    "ResNet-18": (
        write_pictures,
        [
            "model=custom",
            "model.net._target_=localize_large.ResNet18",
            "data.path=rows.npz",
            "model.dynamic_axes={x: {0: batch}}",
            "export.golden_batches=[1, 2, 3]",
        ],
        "rows exchanged",
    ),
    "MiniLM": (lambda: None, ["model=minilm"], "wrong weight"),
}


def measure_large(run: Callable[[list[str]], int], reseal: Callable[[Path], None]) -> None:
    """Print a row for each model.

    Args:
        run: Runs a pipeline command.
        reseal: Makes the checksums of a file's folder agree.
    """
    print(
        "| model | nodes | fault in | locate | seconds | MB | load and run, MB | times |\n" + "|---" * 8 + "|",
        flush=True,
    )
    paths = [str(PROJECT), str(PROJECT / "benchmarks")]
    exceeded = False
    for name, (write_rows, settings, kind) in MODELS.items():
        with tempfile.TemporaryDirectory() as temporary, contextlib.chdir(temporary):
            shutil.copytree(PROJECT / "conf", "conf")
            write_rows()
            for command in (["params", *settings, "verify.mode=off"], *([stage] for stage in STAGES)):
                run(command)
            fault = next(seed(onnx.load(EXPORTED), kind))
            onnx_model.save(fault.model, EXPORTED)
            reseal(EXPORTED)
            run(["validate"])
            search = run_pipeline(Path(temporary), paths)
            environment = {"PYTHONPATH": ":".join(paths), "OMP_NUM_THREADS": "1"}
            _, printed, _, plain = run_measured([sys.executable, "-c", LOAD_AND_RUN], Path(temporary), environment)
            if search.suspects is None or not plain:
                sys.exit(f"error: localize: {name}: {search.problem or printed}")
            times = search.megabytes / plain
            exceeded |= search.seconds > MOST_SECONDS or times > MOST_MEMORY
            rank = search.rank(fault.values)
            print(
                f"| {name} | {len(fault.model.graph.node)} | {fault.operator} | {f'place {rank}' if rank else 'missed'} | {search.seconds:.1f} | "
                f"{search.megabytes:.0f} | {plain:.0f} | {times:.2f} |",
                flush=True,
            )
    sys.exit(exceeded)
