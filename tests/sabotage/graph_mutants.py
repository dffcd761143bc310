"""Sabotages of the simplified graph, behind agreeing checksums: each keeps names, types and axes, and changes what it answers."""

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from pipeline.core.paths import SIMPLIFIED
from pipeline.graph import onnx_model
from pipeline_runs import reseal
from sabotage import Sabotage

Change = Callable[[ModelProto], None]


def in_graph(change: Change) -> Callable[[], None]:
    """Change the simplified graph, and make its checksum agree."""

    def apply() -> None:
        model = onnx_model.load(SIMPLIFIED, "simplify")
        change(model)
        onnx_model.save(model, SIMPLIFIED)
        reseal(SIMPLIFIED)

    return apply


def weight(name: str | tuple[str, int], change: Callable[[np.ndarray], np.ndarray]) -> Change:
    """Change the first initializer whose name has `name` in it, or that is so many-th an input of an operator; shape and dtype stay."""

    def edit(model: ModelProto) -> None:
        part = name if isinstance(name, str) else node(model, name[0]).input[name[1]]
        tensor = next(tensor for tensor in model.graph.initializer if part in tensor.name)
        array = numpy_helper.to_array(tensor)
        changed = np.asarray(change(array.copy()), array.dtype)
        assert changed.shape == array.shape
        assert (changed != array).any()
        tensor.CopyFrom(numpy_helper.from_array(changed, tensor.name))

    return edit


def node(model: ModelProto, operator: str) -> NodeProto:
    """The first node of that operator."""
    return next(node for node in model.graph.node if node.op_type == operator)


def attribute(operator: str, name: str, value: Any) -> Change:
    """Set an attribute of the first node of that operator to another value."""

    def edit(model: ModelProto) -> None:
        moved = node(model, operator)
        kept = [entry for entry in moved.attribute if entry.name != name]
        moved.ClearField("attribute")
        moved.attribute.extend([*kept, helper.make_attribute(name, value)])

    return edit


def skip(operator: str, place: int = 0) -> Change:
    """Let what reads the answer of the node of that operator, the `place`-th, read its first input instead."""

    def edit(model: ModelProto) -> None:
        skipped = [other for other in model.graph.node if other.op_type == operator][place]
        source, target = skipped.input[0], skipped.output[0]
        if target in {port.name for port in model.graph.output}:
            skipped.CopyFrom(helper.make_node("Identity", [source], [target]))
            return
        rewire(model, target, source)
        model.graph.node.remove(skipped)

    return edit


def rewire(model: ModelProto, name: str, other: str) -> None:
    """Let every node that reads `name` read `other`."""
    for reader in model.graph.node:
        for place, read in enumerate(reader.input):
            if read == name:
                reader.input[place] = other


def insert(after: str, *nodes: NodeProto, constants: dict[str, np.ndarray] | None = None) -> Change:
    """Put nodes between `after` and what reads it; the first reads "raw", the last writes "cooked"."""

    def edit(model: ModelProto) -> None:
        for name, array in (constants or {}).items():
            model.graph.initializer.append(numpy_helper.from_array(array, name))
        writers = [place for place, writer in enumerate(model.graph.node) if after in writer.output]
        if writers:
            writer = model.graph.node[writers[0]]
            writer.output[list(writer.output).index(after)] = "raw"
            rewire(model, after, "cooked")
            for added in nodes:
                rename(added, {"cooked": after})
            rewire(model, "cooked", after)
        else:  # an input of the graph
            rewire(model, after, "cooked")
            for added in nodes:
                rename(added, {"raw": after})
        for place, added in enumerate(nodes):
            model.graph.node.insert((writers[0] + 1 if writers else 0) + place, added)

    return edit


def rename(added: NodeProto, names: dict[str, str]) -> None:
    for ports in (added.input, added.output):
        for place, name in enumerate(ports):
            ports[place] = names.get(name, name)


def exchange(first: str, second: str) -> Change:
    """Let each be read, or written, where the other is."""

    def edit(model: ModelProto) -> None:
        for any_node in model.graph.node:
            rename(any_node, {first: second, second: first})

    return edit


def shift_first(array: np.ndarray) -> np.ndarray:
    """One weight by a thousandth of its tensor's scale."""
    array.flat[0] += 1e-3 * array.std()
    return array


def round_to_half(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float16)


def swap_rows(array: np.ndarray) -> np.ndarray:
    array[[0, 1]] = array[[1, 0]]
    return array


def make(*arguments: Any, **attributes: Any) -> NodeProto:
    return helper.make_node(*arguments, **attributes)


def nan_where_first_is(row: int) -> Change:
    """NaN in the answer to one row of the linear build's test split."""

    def edit(model: ModelProto) -> None:
        from pipeline.core.arrays import load
        from pipeline.core.paths import TEST_SPLIT

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


NUMBERS = r"comparisons failed; build/simplified/model\.onnx: output '{}', row \d+.*expected .+, got "
ANY = NUMBERS.format(r"\w+")


def mutant(name: str, breaks: str, change: Change, says: str = ANY, build: str = "courier") -> Sabotage:
    return Sabotage(name, breaks, build, in_graph(change), ("validate",), says)


MUTANTS = (
    mutant("weight zeroed", "one matrix of weights", weight("embed.weight", np.zeros_like)),
    mutant("one weight zeroed", "one of 60 weights", weight("score.weight", lambda w: np.where(w == w.flat[0], 0, w))),
    mutant("weight by a thousandth", "one weight, by 1e-3 of its tensor's scale", weight("embed.weight", shift_first)),
    mutant("filter by a thousandth", "one weight of the convolution", weight("look.weight", shift_first)),
    mutant("recurrent weight by a thousandth", "one weight of the GRU's state", weight(("GRU", 2), shift_first)),
    mutant("tensor scaled", "a tensor, by 1.0005", weight("look.weight", lambda w: w * 1.0005)),
    mutant("rows of weights exchanged", "two rows of a matrix", weight("embed.weight", swap_rows)),
    mutant(
        "matrix transposed",
        "a square part of a matrix",
        weight(("GRU", 2), lambda w: np.concatenate([w[:, :6].transpose(0, 2, 1), w[:, 6:]], axis=1)),
    ),
    mutant(
        "bias dropped",
        "the bias of the last layer",
        weight("score.bias", np.zeros_like),
        NUMBERS.format("(scores|due|kind)"),
    ),
    mutant("weights rounded", "a matrix, to float16", weight("embed.weight", round_to_half)),
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
        exchange("probabilities", "scores"),
        NUMBERS.format("(probabilities|scores|kind|due)"),
    ),
    mutant("two inputs exchanged", "before and after", exchange("before", "after")),
    mutant("activation skipped", "a ReLU", skip("Relu")),
    mutant("mask skipped: padding read as data", "the mask of the states", skip("Mul", 1)),
    mutant(
        "length of the padded series",
        "the mean over the padding too",
        insert("mask", make("Not", ["raw"], ["inverse"]), make("Or", ["raw", "inverse"], ["cooked"])),
    ),
    mutant(
        "soft-max dropped",
        "scores in place of probabilities",
        skip("Softmax"),
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
    mutant("normalisation left out", "the division by the scale", skip("Div")),
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
