"""The check that `polygraphy debug reduce` runs for benchmarks/localize.py: exit 1 where a piece of a graph answers otherwise.

    python benchmarks/polygraphy_check.py ANSWERS.npz GRAPH.onnx

ANSWERS have every value of the healthy graph, those that go into the piece too.
"""

import sys
from pathlib import Path

import numpy as np
import onnxruntime

# Of the largest number: below it is rounding.
ROUNDING = 1e-4


def open_plain(model: bytes) -> onnxruntime.InferenceSession:
    """A session with the optimizer off."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def differs(got: np.ndarray, expected: np.ndarray) -> bool:
    """Whether an answer is another, by more than rounding."""
    if got.shape != expected.shape or got.dtype != expected.dtype:
        return True
    if expected.dtype.kind != "f":
        return not np.array_equal(got, expected)
    scale = float(np.abs(expected).max(initial=0.0))
    return not np.allclose(got, expected, rtol=0.0, atol=ROUNDING * max(scale, 1e-6), equal_nan=True)


def check(answers: Path, model: Path) -> int:
    """1 where the piece answers otherwise, or cannot be run; 0 where it is right, or is fed what the healthy graph has not."""
    expected = np.load(answers)
    session = open_plain(model.read_bytes())
    inputs = [value.name for value in session.get_inputs()]
    if not set(inputs) <= set(expected.files):
        return 0
    got = session.run(None, {name: expected[name] for name in inputs})
    outputs = zip(session.get_outputs(), got, strict=True)
    return int(any(value.name in expected and differs(array, expected[value.name]) for value, array in outputs))


if __name__ == "__main__":
    sys.exit(check(Path(sys.argv[1]), Path(sys.argv[2])))
