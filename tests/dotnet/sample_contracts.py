"""Sample models with text, 16-bit floats, dynamic axes or no batch axis, each with the golden inputs that the replay asks."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnxruntime
from onnx import helper, numpy_helper

from csharp_projects import DTYPES, make_contract, make_model, tensor
from pipeline.core.arrays import Arrays
from pipeline.core.contract import Contract, ProvenAxis

RANDOM = np.random.default_rng(3)
HOSTILE_TEXTS = ["", "NUL \0 inside", "émoji 🎉", "שלום", "line\r\nbreak", "x" * 5000, "\0", "plain"]


@dataclass(frozen=True)
class SampleModel:
    contract: Contract
    model: bytes
    golden_inputs: dict[str, Arrays]

    @property
    def class_name(self) -> str:
        return self.contract.name.capitalize()

    def run_in_python(self) -> dict[str, Arrays]:
        """The outputs of each golden case by onnxruntime in Python."""
        session = onnxruntime.InferenceSession(self.model)
        names = [output.name for output in self.contract.outputs]
        return {
            case: dict(zip(names, session.run(names, inputs), strict=True))
            for case, inputs in self.golden_inputs.items()
        }

    def test_split(self, rows: int) -> tuple[Arrays, Arrays]:
        """`rows` rows of the last golden case, repeated, and their answers; the row's axis is first."""
        case, inputs = list(self.golden_inputs.items())[-1]
        outputs = self.run_in_python()[case]
        if not self.contract.batched:
            inputs, outputs = (
                {name: array[np.newaxis] for name, array in arrays.items()} for arrays in (inputs, outputs)
            )
        given, expected = (
            {name: np.take(array, np.arange(rows) % len(array), axis=0) for name, array in arrays.items()}
            for arrays in (inputs, outputs)
        )
        return given, expected


def texts() -> SampleModel:
    """A text and three words in each row: joined, and passed through."""
    contract = make_contract(
        "texts",
        [tensor("text", "string", "batch", description="A sentence."), tensor("words", "string", "batch", 3)],
        [
            tensor("joined", "string", "batch", 3),
            tensor("same", "string", "batch"),
            tensor("length", "int64", "batch", 3),
        ],
    ).model_copy(update={"opset": 20, "ir_version": 9})
    nodes = [
        helper.make_node("Unsqueeze", ["text", "one"], ["column"]),
        helper.make_node("StringConcat", ["column", "words"], ["joined"]),
        helper.make_node("Identity", ["text"], ["same"]),
        helper.make_node("Equal", ["words", "empty"], ["is_empty"]),
        helper.make_node("Cast", ["is_empty"], ["length"], to=7),
    ]
    constants = [
        numpy_helper.from_array(np.array([1]), "one"),
        helper.make_tensor("empty", 8, [1], [b""]),
    ]
    golden_inputs = {
        f"rows-{count}": {
            "text": np.array([HOSTILE_TEXTS[i % 8] for i in range(count)]),
            "words": np.array([[HOSTILE_TEXTS[(i + j) % 8] for j in range(3)] for i in range(count)], dtype=object),
        }
        for count in (1, 3, 8)
    }
    for arrays in golden_inputs.values():
        arrays["text"] = arrays["text"].astype(object)
    return SampleModel(contract, make_model(nodes, contract, constants), golden_inputs)


def tokens() -> SampleModel:
    """One text in each row; the number of tokens is that of the longest text in the run."""
    contract = make_contract(
        "tokens",
        [tensor("text", "string", "batch")],
        [tensor("tokens", "string", "batch", "words"), tensor("count", "int64", "batch")],
    ).model_copy(update={"opset": 20, "ir_version": 9})
    nodes = [helper.make_node("StringSplit", ["text"], ["tokens", "count"], delimiter=" ")]
    golden_inputs = {
        "same": {"text": np.array(["a b c", "d e f"], dtype=object)},
        "one": {"text": np.array(["g"], dtype=object)},
    }
    return SampleModel(contract, make_model(nodes, contract, []), golden_inputs)


def halves() -> SampleModel:
    """Fixed rows of 16-bit floats, which can be bound as any other number."""
    contract = make_contract(
        "halves",
        [tensor("a", "float16", "batch", 3, minimum=-4.0, maximum=4.0), tensor("b", "float16", "batch")],
        [tensor("sum", "float16", "batch", 3), tensor("same", "float16", "batch")],
    )
    nodes = [
        helper.make_node("Unsqueeze", ["b", "one"], ["column"]),
        helper.make_node("Add", ["a", "column"], ["sum"]),
        helper.make_node("Identity", ["b"], ["same"]),
    ]
    return SampleModel(
        contract,
        make_model(nodes, contract, [numpy_helper.from_array(np.array([1]), "one")]),
        _make_golden_inputs(
            lambda n: {"a": _normal(n, 3).astype(np.float16), "b": _normal(n).astype(np.float16)}, 1, 3, 7
        ),
    )


def series() -> SampleModel:
    """One input with a dynamic axis whose size follows from the length."""
    contract = make_contract(
        "series",
        [tensor("x", "float32", "batch", "time", 3, minimum=-9.0, maximum=9.0)],
        [tensor("total", "float32", "batch", 3), tensor("twice", "float32", "batch", "time", 3)],
    )
    nodes = [
        helper.make_node("ReduceSum", ["x", "one"], ["total"], keepdims=0),
        helper.make_node("Add", ["x", "x"], ["twice"]),
    ]
    golden_inputs = {
        f"time-{time}": {"x": _normal(rows, time, 3)} for rows, time in ((1, 1), (3, 4), (7, 2), (2, 4), (40, 5))
    }
    return SampleModel(
        contract, make_model(nodes, contract, [numpy_helper.from_array(np.array([1]), "one")]), golden_inputs
    )


def pair() -> SampleModel:
    """Two inputs that share a dynamic axis, one of them of 16-bit floats."""
    contract = make_contract(
        "pair",
        [
            tensor("time", "int64", "batch"),
            tensor("mask", "bool", "batch", "time"),
            tensor("values", "float16", "batch", "time"),
        ],
        [tensor("kept", "float16", "batch", "time"), tensor("number", "int64", "batch")],
    )
    nodes = [
        helper.make_node("Where", ["mask", "values", "zero"], ["kept"]),
        helper.make_node("Identity", ["time"], ["number"]),
    ]
    golden_inputs = {
        f"time-{size}": {
            "time": np.arange(rows),
            "mask": _normal(rows, size) > 0,
            "values": _normal(rows, size).astype(np.float16),
        }
        for rows, size in ((1, 3), (4, 3), (3, 6))
    }
    return SampleModel(
        contract, make_model(nodes, contract, [numpy_helper.from_array(np.array(0, np.float16), "zero")]), golden_inputs
    )


def image() -> SampleModel:
    """Height and width, which the caller passes."""
    contract = make_contract(
        "image",
        [tensor("pixels", "uint8", "batch", "height", "width", 3, description="Red, green, blue.")],
        [tensor("grey", "float32", "batch", "height", "width"), tensor("mean", "float32", "batch", 3)],
    )
    nodes = [
        helper.make_node("Cast", ["pixels"], ["real"], to=1),
        helper.make_node("ReduceMean", ["real"], ["grey"], axes=[3], keepdims=0),
        helper.make_node("ReduceMean", ["real"], ["mean"], axes=[1, 2], keepdims=0),
    ]
    sizes = ((1, 1, 1), (2, 4, 6), (3, 6, 4), (2, 6, 4))
    golden_inputs = {
        f"case-{i}": {"pixels": RANDOM.integers(0, 256, (*shape, 3), dtype=np.uint8)} for i, shape in enumerate(sizes)
    }
    return SampleModel(contract, make_model(nodes, contract, []), golden_inputs)


def best() -> SampleModel:
    """An output with an axis that no input has: the better half of the scores, which of one score is none."""
    contract = make_contract(
        "best",
        [tensor("scores", "float32", "batch", "time")],
        [tensor("best", "float32", "batch", "kept"), tensor("place", "int64", "batch", "kept")],
    )
    nodes = [
        helper.make_node("Shape", ["scores"], ["time"], start=1, end=2),
        helper.make_node("Div", ["time", "two"], ["half"]),
        helper.make_node("TopK", ["scores", "half"], ["best", "place"]),
    ]
    golden_inputs = {f"time-{time}": {"scores": _normal(rows, time)} for rows, time in ((1, 4), (3, 9), (2, 4))}
    return SampleModel(
        contract, make_model(nodes, contract, [numpy_helper.from_array(np.array([2]), "two")]), golden_inputs
    )


def window() -> SampleModel:
    """Averages of 40 values: a network that needs a minimum size, and whose single rows were not proven."""
    contract = make_contract(
        "window",
        [tensor("x", "float32", "batch", "time")],
        [tensor("means", "float32", "batch", "windows")],
    ).model_copy(update={"axes": {"batch": ProvenAxis(sizes=[2, 3]), "time": ProvenAxis(sizes=[40, 50])}})
    nodes = [
        helper.make_node("Unsqueeze", ["x", "one"], ["channel"]),
        helper.make_node("AveragePool", ["channel"], ["pooled"], kernel_shape=[40]),
        helper.make_node("Squeeze", ["pooled", "one"], ["means"]),
    ]
    golden_inputs = {f"time-{time}": {"x": _normal(rows, time)} for rows, time in ((2, 40), (3, 50))}
    return SampleModel(
        contract, make_model(nodes, contract, [numpy_helper.from_array(np.array([1]), "one")]), golden_inputs
    )


def whole() -> SampleModel:
    """No batch axis: one call is one run."""
    contract = make_contract(
        "whole",
        [tensor("samples", "float64", "n"), tensor("gain", "float64"), tensor("name", "string", 2)],
        [
            tensor("louder", "float64", "n"),
            tensor("total", "float64"),
            tensor("name_again", "string", 2),
            tensor("positive", "int64", 1, "positives"),
        ],
    )
    nodes = [
        helper.make_node("Mul", ["samples", "gain"], ["louder"]),
        helper.make_node("ReduceSum", ["louder"], ["total"], keepdims=0),
        helper.make_node("Identity", ["name"], ["name_again"]),
        helper.make_node("Greater", ["samples", "zero"], ["is_positive"]),
        helper.make_node("NonZero", ["is_positive"], ["positive"]),
    ]
    golden_inputs = {
        f"n-{n}": {"samples": np.arange(n) - 1.5, "gain": np.array(2.5), "name": np.array(["a", "ü\0"], dtype=object)}
        for n in (3, 8)
    }
    return SampleModel(
        contract, make_model(nodes, contract, [numpy_helper.from_array(np.array(0.0), "zero")]), golden_inputs
    )


def many() -> SampleModel:
    """Every dtype with a dynamic axis, under names that the client's own code uses too."""
    dtypes = [*DTYPES, "float16", "string"]
    names = [
        "row",
        "index",
        "parameter",
        "values",
        "call",
        "rows",
        "outputs",
        "model",
        "shape",
        "value",
        "count",
        "size",
        "text",
    ]
    contract = make_contract(
        "many",
        [tensor(name, dtype, "batch", "time") for name, dtype in zip(names, dtypes, strict=True)],
        [tensor(f"{name}_again", dtype, "batch", "time") for name, dtype in zip(names, dtypes, strict=True)],
    )
    nodes = [helper.make_node("Identity", [name], [f"{name}_again"]) for name in names]
    golden_inputs = {
        f"time-{time}": {
            name: RANDOM.integers(0, 100, (rows, time)).astype(object if dtype == "string" else dtype)
            for name, dtype in zip(names, dtypes, strict=True)
        }
        for rows, time in ((1, 1), (3, 4), (2, 2))
    }
    for arrays in golden_inputs.values():
        arrays["text"] = arrays["text"].astype(str).astype(object)
    return SampleModel(contract, make_model(nodes, contract, []), golden_inputs)


SAMPLE_MODELS: list[Callable[[], SampleModel]] = [texts, tokens, halves, series, pair, image, best, window, whole, many]


def _normal(*shape: int) -> np.ndarray:
    return np.clip(RANDOM.normal(size=shape), -4, 4).astype(np.float32)


def _make_golden_inputs(make: Callable[[int], Arrays], *counts: int) -> dict[str, Arrays]:
    return {f"rows-{count}": make(count) for count in counts}
