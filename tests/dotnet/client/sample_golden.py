"""Golden calls for the tests in C#, in pipeline/dotnet/csharp; numpy's answers stand in for PyTorch's.

`python tests/dotnet/client/sample_golden.py` writes those of the sample (sample/golden), and in tests/models a model of every dtype and one
that takes text, each with its own.
"""

import sys
from pathlib import Path

import numpy as np
from onnx import helper, numpy_helper

sys.path[:0] = [str(Path(__file__).resolve().parents[3]), str(Path(__file__).resolve().parents[1])]

import text_reader  # noqa: E402 (of this checkout, whoever runs the script)
from csharp_projects import DTYPES, make_contract, make_model, tensor  # noqa: E402
from pipeline.compare.policy import Policy, Tolerance  # noqa: E402
from pipeline.core.arrays import Array, Arrays  # noqa: E402
from pipeline.core.contract import Contract, OutputScale  # noqa: E402
from pipeline.core.golden import GoldenCall  # noqa: E402
from pipeline.dotnet.nuget.golden_policy import format_policy  # noqa: E402
from pipeline.dotnet.nuget.golden_selection import encode_travelling  # noqa: E402

CSHARP = Path(__file__).resolve().parents[3] / "pipeline" / "dotnet" / "csharp"
FOLDERS = ("sample/golden", "tests/models/dtypes", "tests/models/texts")
TOLERANCE = Tolerance(4e-6, 4e-6)
# As in sample_model.py.
WEIGHTS = np.array([[1, 0, -1], [0.5, -0.5, 0.25], [-1, 1, 0], [0.125, 0.75, -0.25]])
SAMPLE = make_contract(
    "the model",
    [tensor("features", "float32", "batch", 4)],
    [tensor("label", "int64", "batch"), tensor("scores", "float32", "batch", 3)],
)
ALL_DTYPES = [*DTYPES, "float16", "string"]
EVERY_DTYPE = make_contract(
    "dtypes",
    [tensor(f"in {dtype}", dtype, 2, 3) for dtype in ALL_DTYPES],
    [tensor(f"out {dtype}", dtype, 2, 3) for dtype in ALL_DTYPES],
)
TEXTS = text_reader.make_text_contract().model_copy(
    update={"outputs": [tensor("count", "int64", "batch"), tensor("vector", "float32", "batch", 3)]}
)
TABLE = np.random.default_rng(1).normal(size=(len(text_reader.PIECES), 3)).astype(np.float32)


def answer_sample(features: Array) -> Arrays:
    """Softmax(features @ w) and its ArgMax."""
    logits = features.astype(np.float64) @ WEIGHTS
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    scores = powers / powers.sum(axis=1, keepdims=True)
    return {"label": logits.argmax(axis=1).astype(np.int64), "scores": scores.astype(np.float32)}


def encode(calls: list[GoldenCall], contract: Contract, scales: dict[str, OutputScale]) -> dict[str, bytes]:
    """File name -> content."""
    policy = format_policy(Policy(TOLERANCE, scales=scales), contract, 0.9999)
    files = encode_travelling(calls, contract.tokenizer, policy, "full")
    return {Path(path).name: content for path, content in files.items()}


def encode_sample() -> dict[str, bytes]:
    rows = np.random.default_rng(0).normal(size=(4, 4)).round(3).astype(np.float32)
    inputs = {"rows-1": rows[:1], "rows-3": rows[1:], "ones": np.ones((2, 4), np.float32)}
    calls = [
        GoldenCall(name, "rows", len(features), {}, {"features": features}, answer_sample(features))
        for name, features in inputs.items()
    ]
    return encode(calls, SAMPLE, {"scores": OutputScale(scale=0.8)})


def encode_dtypes() -> dict[str, bytes]:
    """Every dtype passed through, at the ends of its range where it is whole."""
    inputs: Arrays = {}
    for dtype in ALL_DTYPES:
        values = np.arange(-2, 4).reshape(2, 3)
        if dtype == "string":
            inputs[f"in {dtype}"] = np.array([["", "a", "ü"], ["🎉", "x y", "z"]], dtype=object)
        elif "int" in dtype:
            limits = np.iinfo(dtype)
            inputs[f"in {dtype}"] = np.array([[limits.min, 0, 1], [2, 3, limits.max]], dtype=dtype)
        else:
            inputs[f"in {dtype}"] = (values / 4 if "float" in dtype else values > 0).astype(dtype)
    outputs = {name.replace("in ", "out ", 1): array for name, array in inputs.items()}
    nodes = [helper.make_node("Identity", [f"in {dtype}"], [f"out {dtype}"]) for dtype in ALL_DTYPES]
    call = GoldenCall("all", "rows", None, {}, inputs, outputs)
    return {"model.onnx": make_model(nodes, EVERY_DTYPE, []), **encode([call], EVERY_DTYPE, {})}


def encode_texts() -> dict[str, bytes]:
    """The mean of an embedding over the tokens, and their number."""
    tokenizer = text_reader.make_python_tokenizer()
    calls = []
    for name, texts in {"texts of 3 tokens": ["the", "a"], "texts of 4 tokens": ["the nur", "x x", "ä!"]}.items():
        ids = np.array([tokenizer.tokenize(text) for text in texts], dtype=np.int64)
        inputs = {"attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids), "input_ids": ids}
        vectors = TABLE.astype(np.float64)[ids].mean(axis=1).astype(np.float32)
        outputs = {"count": np.full(len(ids), ids.shape[1]), "vector": vectors}
        calls.append(GoldenCall(name, "texts", len(ids), {}, inputs, outputs, texts=texts))
    nodes = [
        helper.make_node("Add", ["input_ids", "token_type_ids"], ["typed"]),
        helper.make_node("Gather", ["table", "typed"], ["embedded"]),
        helper.make_node("ReduceMean", ["embedded"], ["vector"], axes=[1], keepdims=0),
        helper.make_node("ReduceSum", ["attention_mask", "one"], ["count"], keepdims=0),
    ]
    constants = [numpy_helper.from_array(TABLE, "table"), numpy_helper.from_array(np.array([1]), "one")]
    scales = {"vector": OutputScale(scale=1.0)}
    return {"model.onnx": make_model(nodes, TEXTS, constants), **encode(calls, TEXTS, scales)}


def encode_golden() -> dict[str, dict[str, bytes]]:
    """By folder within csharp/, file name -> content."""
    return dict(zip(FOLDERS, (encode_sample(), encode_dtypes(), encode_texts()), strict=True))


if __name__ == "__main__":
    for folder, files in encode_golden().items():
        (CSHARP / folder).mkdir(parents=True, exist_ok=True)
        for path in (CSHARP / folder).iterdir():
            path.unlink()
        for file, content in files.items():
            (CSHARP / folder / file).write_bytes(content)
