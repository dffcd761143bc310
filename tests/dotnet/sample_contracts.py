"""Small models with text, halves, sizes and no rows, each with questions that the replay asks."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnxruntime
from onnx import helper, numpy_helper

from csharp_projects import DTYPES, contract, model_of, tensor
from pipeline.core.arrays import Arrays
from pipeline.core.contract import Contract

RANDOM = np.random.default_rng(3)
HOSTILE = ["", "NUL \0 inside", "émoji 🎉", "שלום", "line\r\nbreak", "x" * 5000, "\0", "plain"]


@dataclass(frozen=True)
class Exhibit:
    of: Contract
    model: bytes
    questions: dict[str, Arrays]

    @property
    def class_name(self) -> str:
        return self.of.name.capitalize()

    def answers(self) -> dict[str, Arrays]:
        """What onnxruntime says in Python."""
        session = onnxruntime.InferenceSession(self.model)
        names = [output.name for output in self.of.outputs]
        return {
            case: dict(zip(names, session.run(names, inputs), strict=True)) for case, inputs in self.questions.items()
        }


def texts() -> Exhibit:
    """A text and three words a row: joined, and passed on."""
    of = contract(
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
    questions = {
        f"rows-{count}": {
            "text": np.array([HOSTILE[i % 8] for i in range(count)]),
            "words": np.array([[HOSTILE[(i + j) % 8] for j in range(3)] for i in range(count)], dtype=object),
        }
        for count in (1, 3, 8)
    }
    for arrays in questions.values():
        arrays["text"] = arrays["text"].astype(object)
    return Exhibit(of, model_of(nodes, of, constants), questions)


def tokens() -> Exhibit:
    """One text a row; as many tokens as the longest text of a run has."""
    of = contract(
        "tokens",
        [tensor("text", "string", "batch")],
        [tensor("tokens", "string", "batch", "words"), tensor("count", "int64", "batch")],
    ).model_copy(update={"opset": 20, "ir_version": 9})
    nodes = [helper.make_node("StringSplit", ["text"], ["tokens", "count"], delimiter=" ")]
    questions = {
        "same": {"text": np.array(["a b c", "d e f"], dtype=object)},
        "one": {"text": np.array(["g"], dtype=object)},
    }
    return Exhibit(of, model_of(nodes, of, []), questions)


def halves() -> Exhibit:
    """A fixed row of halves: bound buffers, as for any number."""
    of = contract(
        "halves",
        [tensor("a", "float16", "batch", 3, minimum=-4.0, maximum=4.0), tensor("b", "float16", "batch")],
        [tensor("sum", "float16", "batch", 3), tensor("same", "float16", "batch")],
    )
    nodes = [
        helper.make_node("Unsqueeze", ["b", "one"], ["column"]),
        helper.make_node("Add", ["a", "column"], ["sum"]),
        helper.make_node("Identity", ["b"], ["same"]),
    ]
    return Exhibit(
        of,
        model_of(nodes, of, [numpy_helper.from_array(np.array([1]), "one")]),
        _questions(lambda n: {"a": _normal(n, 3).astype(np.float16), "b": _normal(n).astype(np.float16)}, 1, 3, 7),
    )


def series() -> Exhibit:
    """One input of one size that its length tells."""
    of = contract(
        "series",
        [tensor("x", "float32", "batch", "time", 3, minimum=-9.0, maximum=9.0)],
        [tensor("total", "float32", "batch", 3), tensor("twice", "float32", "batch", "time", 3)],
    )
    nodes = [
        helper.make_node("ReduceSum", ["x", "one"], ["total"], keepdims=0),
        helper.make_node("Add", ["x", "x"], ["twice"]),
    ]
    questions = {
        f"time-{time}": {"x": _normal(rows, time, 3)} for rows, time in ((1, 1), (3, 4), (7, 2), (2, 4), (40, 5))
    }
    return Exhibit(of, model_of(nodes, of, [numpy_helper.from_array(np.array([1]), "one")]), questions)


def pair() -> Exhibit:
    """Two inputs that share a size, and a half beside them."""
    of = contract(
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
    questions = {
        f"time-{size}": {
            "time": np.arange(rows),
            "mask": _normal(rows, size) > 0,
            "values": _normal(rows, size).astype(np.float16),
        }
        for rows, size in ((1, 3), (4, 3), (3, 6))
    }
    return Exhibit(of, model_of(nodes, of, [numpy_helper.from_array(np.array(0, np.float16), "zero")]), questions)


def image() -> Exhibit:
    """Height and width that the caller gives."""
    of = contract(
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
    questions = {
        f"case-{i}": {"pixels": RANDOM.integers(0, 256, (*shape, 3), dtype=np.uint8)} for i, shape in enumerate(sizes)
    }
    return Exhibit(of, model_of(nodes, of, []), questions)


def best() -> Exhibit:
    """An output with an axis that no input has: half of the scores, none of a single one."""
    of = contract(
        "best",
        [tensor("scores", "float32", "batch", "time")],
        [tensor("best", "float32", "batch", "found"), tensor("place", "int64", "batch", "found")],
    )
    nodes = [
        helper.make_node("Shape", ["scores"], ["time"], start=1, end=2),
        helper.make_node("Div", ["time", "two"], ["half"]),
        helper.make_node("TopK", ["scores", "half"], ["best", "place"]),
    ]
    questions = {f"time-{time}": {"scores": _normal(rows, time)} for rows, time in ((1, 4), (3, 9), (2, 4))}
    return Exhibit(of, model_of(nodes, of, [numpy_helper.from_array(np.array([2]), "two")]), questions)


def whole() -> Exhibit:
    """No rows at all: one call takes everything."""
    of = contract(
        "whole",
        [tensor("samples", "float64", "n"), tensor("gain", "float64"), tensor("name", "string", 2)],
        [
            tensor("louder", "float64", "n"),
            tensor("total", "float64"),
            tensor("name_again", "string", 2),
            tensor("positive", "int64", 1, "found"),
        ],
    )
    nodes = [
        helper.make_node("Mul", ["samples", "gain"], ["louder"]),
        helper.make_node("ReduceSum", ["louder"], ["total"], keepdims=0),
        helper.make_node("Identity", ["name"], ["name_again"]),
        helper.make_node("Greater", ["samples", "zero"], ["is_positive"]),
        helper.make_node("NonZero", ["is_positive"], ["positive"]),
    ]
    questions = {
        f"n-{n}": {"samples": np.arange(n) - 1.5, "gain": np.array(2.5), "name": np.array(["a", "ü\0"], dtype=object)}
        for n in (3, 8)
    }
    return Exhibit(of, model_of(nodes, of, [numpy_helper.from_array(np.array(0.0), "zero")]), questions)


def many() -> Exhibit:
    """Every dtype in rows of one size, under names that the client's own code has too."""
    kinds = [*DTYPES, "float16", "string"]
    called = [
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
    of = contract(
        "many",
        [tensor(name, kind, "batch", "time") for name, kind in zip(called, kinds, strict=True)],
        [tensor(f"{name}_again", kind, "batch", "time") for name, kind in zip(called, kinds, strict=True)],
    )
    nodes = [helper.make_node("Identity", [name], [f"{name}_again"]) for name in called]
    questions = {
        f"time-{time}": {
            name: RANDOM.integers(0, 100, (rows, time)).astype(object if kind == "string" else kind)
            for name, kind in zip(called, kinds, strict=True)
        }
        for rows, time in ((1, 1), (3, 4), (2, 2))
    }
    for arrays in questions.values():
        arrays["text"] = arrays["text"].astype(str).astype(object)
    return Exhibit(of, model_of(nodes, of, []), questions)


ZOO: list[Callable[[], Exhibit]] = [texts, tokens, halves, series, pair, image, best, whole, many]


def _normal(*shape: int) -> np.ndarray:
    return np.clip(RANDOM.normal(size=shape), -4, 4).astype(np.float32)


def _questions(make: Callable[[int], Arrays], *counts: int) -> dict[str, Arrays]:
    return {f"rows-{count}": make(count) for count in counts}
