"""Golden calls of the sample that the C# project of this repository is compiled with; numpy's answers stand in for PyTorch's.

`python tests/dotnet/client/sample_golden.py` writes them to pipeline/dotnet/csharp/sample/golden.
"""

import shutil
import sys
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[3]), str(Path(__file__).resolve().parents[1])]

from csharp_projects import make_contract, tensor  # noqa: E402 (of this checkout, whoever runs the script)
from pipeline.compare.policy import Policy, Tolerance  # noqa: E402
from pipeline.core.arrays import Array  # noqa: E402
from pipeline.core.contract import OutputScale  # noqa: E402
from pipeline.core.golden import GoldenCall  # noqa: E402
from pipeline.dotnet.nuget.golden_policy import format_policy  # noqa: E402
from pipeline.dotnet.nuget.golden_selection import encode_travelling  # noqa: E402

GOLDEN = Path(__file__).resolve().parents[3] / "pipeline" / "dotnet" / "csharp" / "sample" / "golden"
CONTRACT = make_contract(
    "the model",
    [tensor("features", "float32", "batch", 4)],
    [tensor("label", "int64", "batch"), tensor("scores", "float32", "batch", 3)],
)
POLICY = Policy(Tolerance(4e-6, 4e-6), scales={"scores": OutputScale(scale=0.8)})
# As in sample_model.py.
WEIGHTS = np.array([[1, 0, -1], [0.5, -0.5, 0.25], [-1, 1, 0], [0.125, 0.75, -0.25]])


def answer(features: Array) -> dict[str, Array]:
    """Softmax(features @ w) and its ArgMax."""
    logits = features.astype(np.float64) @ WEIGHTS
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    scores = powers / powers.sum(axis=1, keepdims=True)
    return {"label": logits.argmax(axis=1).astype(np.int64), "scores": scores.astype(np.float32)}


def encode_golden() -> dict[str, bytes]:
    """File name -> content."""
    rows = np.random.default_rng(0).normal(size=(4, 4)).round(3).astype(np.float32)
    inputs = {"rows-1": rows[:1], "rows-3": rows[1:], "ones": np.ones((2, 4), np.float32)}
    calls = [
        GoldenCall(
            name, "edge" if name == "ones" else "rows", len(features), {}, {"features": features}, answer(features)
        )
        for name, features in inputs.items()
    ]
    files = encode_travelling(calls, None, format_policy(POLICY, CONTRACT, 0.0), "slim")
    return {Path(path).name: content for path, content in files.items()}


if __name__ == "__main__":
    shutil.rmtree(GOLDEN, ignore_errors=True)
    GOLDEN.mkdir()
    for file, content in encode_golden().items():
        (GOLDEN / file).write_bytes(content)
