"""Sabotages of the simplified graph: each keeps names, types and axes, and changes what it answers."""

import numpy as np
from onnx import ModelProto, TensorProto

from graph_edits import Change, attribute, in_graph, insert, make, mutate, node, weight
from pipeline.core.arrays import load
from pipeline.core.paths import EXPORTED, TEST_SPLIT
from sabotage import Sabotage


def nan_where_first_is(row: int) -> Change:
    """NaN in the answer to one row of the linear build's test split."""

    def edit(model: ModelProto) -> None:
        first = load(TEST_SPLIT, "prepare")["input"][row, 0]
        insert(
            "output",
            make("Slice", ["input", "zero", "one", "one"], ["first"]),
            make("Equal", ["first", "bad"], ["hit"]),
            make("Where", ["hit", "nan", "raw"], ["cooked"]),
            constants={
                "zero": np.array([0]),
                "one": np.array([1]),
                "bad": np.array([first], np.float32),
                "nan": np.array([np.nan], np.float32),
            },
        )(model)

    return edit


def shift_recurrent(array: np.ndarray) -> np.ndarray:
    """A weight of the candidate state, by a thousandth of its tensor's scale; what others move is lost in rounding."""
    array[0, 13, 3] += 1e-3 * array.std()
    return array


NUMBERS = r"comparisons failed; build/simplified/model\.onnx: output '{}', row \d+.*expected .+, got "
ANY = NUMBERS.format(r"\w+")


def mutant(name: str, breaks: str, change: Change, says: str = ANY, build: str = "courier") -> Sabotage:
    return Sabotage(name, breaks, build, in_graph(change), ("validate",), says, begins_in="simplifier")


def of_exporter(name: str, breaks: str, change: Change) -> Sabotage:
    """A graph that was exported wrong, and simplified as it was."""
    says = r"comparisons failed; build/exported/model\.onnx: output '\w+', row \d+.*; it begins in the exporter: "
    return Sabotage(
        name, breaks, "courier", in_graph(change, EXPORTED), ("simplify", "validate"), says, begins_in="exporter"
    )


# As onnxruntime's DivMulFusion takes it: (1 / a) * b is b / a, where 1 / 2 is 0 for integers.
HALVES = insert(
    "due",
    make("Clip", ["raw", "two", "two"], ["always two"]),
    make("Div", ["one", "always two"], ["nothing"]),
    make("Mul", ["nothing", "raw"], ["nothing of it"]),
    make("Add", ["raw", "nothing of it"], ["cooked"]),
    constants={"one": np.int64(1), "two": np.int64(2)},
)
MUTANTS = (
    of_exporter("weight zeroed by the exporter", "one matrix of weights", weight("embed.weight", np.zeros_like)),
    of_exporter(
        "epsilon moved by the exporter",
        "that of the layer normalization, to 1e-4",
        attribute("LayerNormalization", "epsilon", 1e-4),
    ),
    Sabotage(
        "right, but for onnxruntime's optimizer",
        "nothing: the optimizer divides integers otherwise",
        "courier",
        in_graph(HALVES),
        ("validate",),
        r"it begins in onnxruntime's optimizer: build/simplified/model\.onnx is right .* off, .*: it is DivMulFusion, which",
        begins_in="optimizer",
    ),
    mutant("weight zeroed", "one matrix of weights", weight("embed.weight", np.zeros_like)),
    mutant("one weight zeroed", "one of 60 weights", weight("score.weight", lambda w: np.where(w == w.flat[0], 0, w))),
    mutant("weight by a thousandth", "one weight, by 1e-3 of its tensor's scale", mutate("weight", "embed.weight")),
    mutant("filter by a thousandth", "one weight of the convolution", mutate("weight", "look.weight")),
    mutant("recurrent weight by a thousandth", "one weight of the GRU's state", weight(("GRU", 2), shift_recurrent)),
    mutant("tensor scaled", "a tensor, by 1.0005", mutate("scaled", "look.weight")),
    mutant("rows of weights exchanged", "two rows of a matrix", mutate("rows", "embed.weight")),
    mutant(
        "matrix transposed",
        "a square part of a matrix",
        weight(("GRU", 2), lambda w: np.concatenate([w[:, :6].transpose(0, 2, 1), w[:, 6:]], axis=1)),
    ),
    mutant(
        "bias dropped",
        "the bias of the last layer",
        mutate("bias", "score.bias"),
        NUMBERS.format("(scores|due|kind)"),
    ),
    mutant("weights rounded", "a matrix, to half precision", mutate("rounded", "embed.weight")),
    mutant(
        "activations rounded",
        "an embedding, to bfloat16",
        insert(
            "/network/Tanh_output_0",
            make("Cast", ["raw"], ["narrow"], to=TensorProto.BFLOAT16),
            make("Cast", ["narrow"], ["cooked"], to=TensorProto.FLOAT),
        ),
    ),
    mutant(
        "epsilon moved", "that of the layer normalization, to 1e-4", attribute("LayerNormalization", "epsilon", 1e-4)
    ),
    mutant("pads moved", "those of the convolution, by one", attribute("Conv", "pads", [0, 0, 2, 2])),
    mutant(
        "padding counted otherwise",
        "count_include_pad of the pooling",
        attribute("AveragePool", "count_include_pad", 0),
    ),
    mutant("mode moved", "bilinear to nearest", attribute("Resize", "mode", "nearest")),
    mutant(
        "corners aligned",
        "the coordinates of the resizing",
        attribute("Resize", "coordinate_transformation_mode", "align_corners"),
    ),
    mutant(
        "axis moved",
        "the soft-max over rows",
        attribute("Softmax", "axis", 0),
        NUMBERS.format("(probabilities|kind|due)"),
    ),
    mutant("gates otherwise", "linear_before_reset of the GRU", attribute("GRU", "linear_before_reset", 0)),
    mutant("series reversed", "the GRU's direction", attribute("GRU", "direction", "reverse")),
    mutant(
        "two outputs exchanged",
        "probabilities and scores",
        mutate("exchange", "the outputs", "'probabilities'", "'scores'"),
        NUMBERS.format("(probabilities|scores|kind|due)"),
    ),
    mutant("two inputs exchanged", "before and after", mutate("exchange", "the inputs", "'before'", "'after'")),
    mutant("activation skipped", "a ReLU", mutate("skip", "Relu")),
    mutant("mask skipped: padding read as data", "the mask of the states", mutate("skip", "Mul_1")),
    mutant(
        "length of the padded series",
        "the mean over the padding too",
        insert("mask", make("Not", ["raw"], ["inverse"]), make("Or", ["raw", "inverse"], ["cooked"])),
    ),
    mutant(
        "mask ignored where all is padding",
        "a series of nothing but padding, read as data",
        insert(
            "mask",
            make("Cast", ["raw"], ["numbers"], to=TensorProto.FLOAT),
            make("ReduceMax", ["numbers", "time"], ["some"], keepdims=1),
            make("Less", ["some", "half"], ["none"]),
            make("Or", ["raw", "none"], ["cooked"]),
            constants={"time": np.array([1]), "half": np.float32(0.5)},
        ),
        r"output '\w+', row \d+.*\(call mask all false, ",
    ),
    mutant(
        "soft-max dropped",
        "scores in place of probabilities",
        mutate("skip", "Softmax"),
        NUMBERS.format("(probabilities|kind|due)"),
    ),
    mutant(
        "bound moved",
        "a clip at 4, to 3",
        insert("scores", make("Clip", ["raw", "", "three"], ["cooked"]), constants={"three": np.float32(0.3)}),
    ),
    mutant(
        "normalisation off by 1/256",
        "pixels to 256 in place of 255",
        insert("image", make("Mul", ["raw", "step"], ["cooked"]), constants={"step": np.float32(255 / 256)}),
    ),
    mutant("normalisation left out", "the division by the scale", mutate("skip", "Sub_output_0")),
    mutant(
        "channels reversed",
        "BGR for RGB",
        insert("image", make("Gather", ["raw", "bgr"], ["cooked"], axis=1), constants={"bgr": np.array([2, 1, 0])}),
    ),
    mutant(
        "picture turned",
        "height and width exchanged",
        insert("image", make("Transpose", ["raw"], ["cooked"], perm=[0, 1, 3, 2])),
    ),
    mutant(
        "labels reordered",
        "the classes' numbers",
        insert("kind", make("Gather", ["order", "raw"], ["cooked"]), constants={"order": np.array([1, 2, 0])}),
        NUMBERS.format("(kind|due)"),
    ),
    mutant(
        "smallest for largest",
        "the arg-max an arg-min",
        lambda model: setattr(node(model, "ArgMax"), "op_type", "ArgMin") or attribute("ArgMin", "axis", 1)(model),
        NUMBERS.format("(kind|due)"),
    ),
    mutant(
        "[rows, 1] for [rows]",
        "a column for a number a row",
        insert("due", make("Unsqueeze", ["raw", "last"], ["cooked"]), constants={"last": np.array([1])}),
        r"output 'due': expected shape \(\d+,\), got \(\d+, 1\)",
    ),
    mutant(
        "integers overflow",
        "int64 through int32",
        insert(
            "due",
            make("Cast", ["raw"], ["narrow"], to=TensorProto.INT32),
            make("Cast", ["narrow"], ["cooked"], to=TensorProto.INT64),
        ),
        NUMBERS.format("due"),
    ),
    mutant(
        "integers through floats",
        "int64 through float32",
        insert(
            "sent",
            make("Cast", ["raw"], ["float"], to=TensorProto.FLOAT),
            make("Cast", ["float"], ["cooked"], to=TensorProto.INT64),
        ),
        NUMBERS.format("due"),
    ),
    mutant(
        "batch frozen in the graph",
        "forty rows, always",
        insert("embedding", make("Reshape", ["raw", "forty"], ["cooked"]), constants={"forty": np.array([40, 6])}),
        r"cannot run the model on .*'float32\[\d+, 3, 6, 6\]'",
    ),
    mutant(
        "sequence axis frozen in the graph",
        "nine steps, always",
        insert("mask", make("Reshape", ["raw", "nine"], ["cooked"]), constants={"nine": np.array([-1, 9])}),
        r"comparisons failed; build/simplified/model\.onnx: ",
    ),
    mutant(
        "series cut beyond the data",
        "the first nine steps alone",
        insert(
            "mask",
            make("Slice", ["raw", "start", "nine", "second"], ["short"]),
            make("Shape", ["raw"], ["whole"]),
            make("Shape", ["short"], ["some"]),
            make("Sub", ["whole", "some"], ["more"]),
            make("Concat", ["none", "more"], ["around"], axis=0),
            make("Pad", ["short", "around"], ["cooked"]),
            constants={
                "start": np.array([0]),
                "nine": np.array([9]),
                "second": np.array([1]),
                "none": np.array([0, 0]),
            },
        ),
        r"output '\w+', row \d+.*\(call time=\d+, ",
    ),
    mutant(
        "first row for all",
        "every row answered like the first",
        insert(
            "embedding",
            make("Shape", ["raw"], ["whole"]),
            make("Gather", ["raw", "first"], ["one"], axis=0),
            make("Expand", ["one", "whole"], ["cooked"]),
            constants={"first": np.array([0])},
        ),
    ),
    mutant(
        "rows together",
        "the mean over the batch taken away",
        insert(
            "embedding",
            make("ReduceMean", ["raw", "rows"], ["mean"]),
            make("Mul", ["mean", "little"], ["less"]),
            make("Sub", ["raw", "less"], ["cooked"]),
            constants={"rows": np.array([0]), "little": np.float32(0.01)},
        ),
    ),
    mutant(
        "sign of nothing",
        "the absolute value of an embedding",
        insert("/network/Tanh_output_0", make("Abs", ["raw"], ["cooked"])),
    ),
    mutant(
        "NaN in one row of 10,000",
        "one answer of the test split",
        nan_where_first_is(5_678),
        r"comparisons failed; build/simplified/model\.onnx: output 'output', row 5678.*got nan",
        "linear",
    ),
    mutant(
        "wrong in one row of 10,000",
        "one answer of the test split",
        lambda model: (nan_where_first_is(5_678)(model), weight("nan", np.zeros_like)(model))[0],
        r"output 'output', row 5678, index \[\d\]: expected -?\d+\.\d+, got 0\.0",
        "linear",
    ),
    mutant(
        "weight of a small answer zeroed",
        "a matrix where answers are about 1e-7",
        weight("rate.weight", np.zeros_like),
        build="rates",
    ),
)
