import contextlib
from itertools import islice
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from pipeline.core.errors import PipelineError
from pipeline.core.node_sources import NodeSource
from pipeline.graph import onnx_model
from pipeline.graph.broken_copies import BrokenCopies
from pipeline.graph.mutants import KINDS, Mutant, apply, layer_of_node, note_modules
from pipeline.graph.session import answer, open_session

RANDOM = np.random.default_rng(0)
# Rows of a picture, in two inputs that are alike.
INPUTS = {name: RANDOM.normal(size=(5, 2, 4, 4)).astype(np.float32) for name in ("left", "right")}


def tensor(name: str, *shape: int, scale: float = 0.5):
    values = np.random.default_rng(list(name.encode())).normal(size=shape) * scale
    return numpy_helper.from_array(values.astype(np.float32), name)


def ints(name: str, *values: int):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def value(name: str, *shape: int | str, kind: int = TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, list(shape))


def every_kind() -> onnx.ModelProto:
    """A network in which each kind of mutant has a place."""
    nodes = [
        helper.make_node("Sub", ["left", "right"], ["difference"], "subtract"),
        helper.make_node(
            "Conv", ["difference", "network.conv.weight", "network.conv.bias"], ["map"], "conv", pads=[1, 1, 1, 1]
        ),
        helper.make_node("Relu", ["map"], ["active"], "relu"),
        helper.make_node("Shape", ["active"], ["sizes"], "sizes", start=0, end=1),
        helper.make_node("Concat", ["sizes", "rest"], ["target"], "concat", axis=0),
        helper.make_node("Reshape", ["active", "target"], ["flat"], "flatten"),
        helper.make_node("LayerNormalization", ["flat", "gain", "shift"], ["normal"], "normalize", epsilon=1e-5),
        helper.make_node("Gemm", ["normal", "network.head.weight", "network.head.bias"], ["logits"], "head", transB=1),
        helper.make_node("Softmax", ["logits"], ["probabilities"], "softmax", axis=-1),
    ]
    weights = [
        tensor("network.conv.weight", 3, 2, 3, 3),
        tensor("network.conv.bias", 3),
        tensor("gain", 48),
        tensor("shift", 48),
        tensor("network.head.weight", 6, 48),
        tensor("network.head.bias", 6),
        ints("rest", -1),
    ]
    graph = helper.make_graph(
        nodes,
        "every kind",
        [value("left", "batch", 2, 4, 4), value("right", "batch", 2, 4, 4)],
        [value("logits", "batch", 6), value("probabilities", "batch", 6)],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def single(*nodes, inputs=(), outputs=(), weights=()) -> onnx.ModelProto:
    graph = helper.make_graph(list(nodes), "g", list(inputs), list(outputs), list(weights))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


@pytest.fixture
def write(tmp_path):
    def save(model: onnx.ModelProto) -> Path:
        onnx.checker.check_model(model, full_check=True)
        path = tmp_path / "model.onnx"
        onnx_model.save(model, path)
        return path

    return save


@pytest.fixture
def mutants(write):
    """All mutants of a graph, at most so many, by the inputs of its largest call."""

    def choose(model: onnx.ModelProto, inputs, most: int = 300, seed: int = 0) -> list[Mutant]:
        return list(islice(BrokenCopies(write(model), inputs, seed).mutants(), most))

    return choose


def can_run(mutant: Mutant) -> bool:
    """A shape the wrong way round fits nowhere."""
    return not mutant.layer.startswith("Concat")


def test_there_are_some_of_every_kind_in_turn(mutants):
    kinds = [mutant.kind for mutant in mutants(every_kind(), INPUTS, most=len(KINDS))]
    assert kinds == list(KINDS)


def test_one_seed_gives_one_list(mutants):
    first, second = (list(map(str, mutants(every_kind(), INPUTS, most=60, seed=7))) for _ in range(2))
    assert first == second


def test_another_seed_gives_another_list(mutants):
    assert list(map(str, mutants(every_kind(), INPUTS, seed=1))) != list(
        map(str, mutants(every_kind(), INPUTS, seed=2))
    )


def test_no_two_are_alike(mutants):
    words = list(map(str, mutants(every_kind(), INPUTS)))
    assert len(words) == len(set(words)) >= 100


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "frozen"])
def test_each_kind_keeps_the_graph_valid_and_answers_otherwise(kind, write):
    model = every_kind()
    path = write(model)
    healthy = answer(open_session(path), INPUTS)
    of_kind = [one for one in islice(BrokenCopies(path, INPUTS, 0).mutants(), 60) if one.kind == kind]
    of_kind = [one for one in of_kind if can_run(one)]
    assert of_kind
    for mutant in of_kind:
        broken = apply(model, mutant, path.parent)
        onnx.checker.check_model(broken, full_check=True)
        got = answer(open_session(broken.SerializeToString()), INPUTS)
        assert any((got[name] != healthy[name]).any() for name in healthy), str(mutant)


def test_a_frozen_axis_answers_right_at_the_size_of_the_call_alone(write):
    model = every_kind()
    path = write(model)
    healthy = answer(open_session(path), INPUTS)
    fewer = {name: array[:2] for name, array in INPUTS.items()}
    frozen = [one for one in islice(BrokenCopies(path, INPUTS, 0).mutants(), 60) if one.kind == "frozen"]
    assert {one.layer for one in frozen} == {"Shape sizes", "input 'left'", "input 'right'"}
    for mutant in frozen:
        session = open_session(apply(model, mutant, path.parent).SerializeToString())
        np.testing.assert_array_equal(answer(session, INPUTS)["logits"], healthy["logits"])
        with contextlib.suppress(PipelineError):
            assert len(answer(session, fewer)["logits"]) != 2


def test_applying_leaves_the_graph_as_it_is(mutants):
    model = every_kind()
    before = model.SerializeToString(deterministic=True)
    for mutant in mutants(model, INPUTS, most=40):
        assert apply(model, mutant, Path()).SerializeToString(deterministic=True) != before
    assert model.SerializeToString(deterministic=True) == before


def test_a_copy_by_reference_answers_as_a_whole_one(write):
    model = every_kind()
    path = write(model)
    copies = BrokenCopies(path, INPUTS, 0)
    for mutant in filter(can_run, islice(copies.mutants(), 40)):
        by_reference = answer(copies.open(*copies.edit(mutant)), INPUTS)
        whole = answer(open_session(apply(model, mutant, path.parent).SerializeToString()), INPUTS)
        for name in whole:
            np.testing.assert_array_equal(by_reference[name], whole[name])


def test_one_weight_moves_by_a_thousandth_of_its_tensor(write):
    path = write(every_kind())
    mutant = next(one for one in BrokenCopies(path, INPUTS, 0).mutants() if one.kind == "weight")
    before, after = every_kind_weights(onnx.load(path)), every_kind_weights(apply(onnx.load(path), mutant, path.parent))
    (name,) = [name for name in before if (before[name] != after[name]).any()]
    moved = (after[name] - before[name]).astype(np.float64)
    assert np.count_nonzero(moved) == 1
    assert moved.sum() == pytest.approx(1e-3 * np.sqrt(np.square(before[name]).mean()), rel=1e-2)


def every_kind_weights(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    return {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}


def changes(mutants_of_graph: list[Mutant]) -> set[str]:
    return {str(mutant) for mutant in mutants_of_graph}


@pytest.mark.parametrize(
    ("node", "says"),
    [
        (helper.make_node("LeakyRelu", ["x"], ["y"], "n", alpha=0.1), "alpha is 0.1001, not 0.1"),
        (helper.make_node("Gelu", ["x"], ["y"], "n"), "approximate is tanh, not none"),
        (helper.make_node("Softmax", ["x"], ["y"], "n"), "axis is 2, not -1"),
        (helper.make_node("Transpose", ["x"], ["y"], "n", perm=[0, 1, 3, 2]), "perm is [0, 1, 2, 3], not [0, 1, 3, 2]"),
        (helper.make_node("DepthToSpace", ["x"], ["y"], "n", blocksize=1), "mode is CRD, not DCR"),
        (helper.make_node("LRN", ["x"], ["y"], "n", size=1), "beta is 0.75075, not 0.75"),
        (
            helper.make_node("AveragePool", ["x"], ["y"], "n", kernel_shape=[3, 3], pads=[0, 1, 2, 1]),
            "pads is [1, 1, 1, 1], not [0, 1, 2, 1]",
        ),
        (
            helper.make_node("AveragePool", ["x"], ["y"], "n", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
            "pads is [2, 1, 0, 1], not [1, 1, 1, 1]",
        ),
    ],
)
def test_an_attribute_is_moved_and_the_shape_stays(node, says, mutants):
    model = single(node, inputs=[value("x", "batch", 2, 4, 4)], outputs=[value("y", "batch", 2, 4, 4)])
    graph_mutants = mutants(model, {"x": INPUTS["left"]})
    assert f"attribute in {node.op_type} n: {says}" in changes(graph_mutants)
    for mutant in graph_mutants:
        if mutant.kind == "attribute":
            assert answer(open_session(apply(model, mutant, Path()).SerializeToString()), {"x": INPUTS["left"]})[
                "y"
            ].shape == (5, 2, 4, 4)


def test_the_mode_of_a_resize_is_moved(mutants):
    node = helper.make_node("Resize", ["x", "", "scales"], ["y"], "n", mode="linear")
    scales = numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales")
    model = single(
        node, inputs=[value("x", "batch", 2, 4, 4)], outputs=[value("y", "batch", 2, 8, 8)], weights=[scales]
    )
    assert {
        "attribute in Resize n: mode is nearest, not linear",
        "attribute in Resize n: coordinate_transformation_mode is asymmetric, not half_pixel",
    } <= changes(mutants(model, {"x": INPUTS["left"]}))


def test_a_recurrence_runs_the_other_way(mutants):
    node = helper.make_node("GRU", ["x", "w", "r"], ["y"], "n", hidden_size=3)
    model = single(
        node,
        inputs=[value("x", "time", "batch", 2)],
        outputs=[value("y", "time", 1, "batch", 3)],
        weights=[tensor("w", 1, 9, 2), tensor("r", 1, 9, 3)],
    )
    words = changes(mutants(model, {"x": RANDOM.normal(size=(4, 5, 2)).astype(np.float32)}))
    assert "attribute in GRU n: direction is reverse, not forward" in words
    assert "attribute in GRU n: linear_before_reset is 1, not 0" in words


def test_a_vocabulary_and_an_integer_constant_are_moved(mutants):
    nodes = [
        helper.make_node(
            "LabelEncoder",
            ["text"],
            ["id"],
            "vocabulary",
            domain="ai.onnx.ml",
            keys_strings=["a", "b"],
            values_int64s=[4, 6],
            default_int64=0,
        ),
        helper.make_node("Mod", ["id", "divisor"], ["y"], "rest"),
    ]
    model = single(
        *nodes,
        inputs=[value("text", "batch", kind=TensorProto.STRING)],
        outputs=[value("y", "batch", kind=TensorProto.INT64)],
        weights=[ints("divisor", 5)],
    )
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 4))
    text = {"text": np.array(["a", "b"], object)}
    graph_mutants = mutants(model, text)
    assert {
        "attribute in LabelEncoder vocabulary: entries 0 and 1 of values_int64s are swapped",
        "attribute in divisor: the integer at place 0 is one more",
    } <= changes(graph_mutants)
    answers = [
        answer(open_session(apply(model, one, Path()).SerializeToString()), text)["y"].tolist()
        for one in graph_mutants
        if one.kind == "attribute"
    ]
    assert sorted(answers) == [[1, 4], [4, 0]]


def test_outputs_of_a_node_are_exchanged(mutants):
    node = helper.make_node("Split", ["x"], ["a", "b"], "n", axis=1, num_outputs=2)
    model = single(
        node,
        inputs=[value("x", "batch", 2, 4, 4)],
        outputs=[value("a", "batch", 1, 4, 4), value("b", "batch", 1, 4, 4)],
    )
    assert {
        "exchange in Split n: outputs 'a' and 'b' are exchanged",
        "exchange in the outputs of the graph: 'a' and 'b' are exchanged",
    } <= changes(mutants(model, {"x": INPUTS["left"]}))


def test_what_has_no_order_is_not_exchanged(mutants):
    node = helper.make_node("Add", ["x", "x"], ["y"], "n")
    model = single(node, inputs=[value("x", "batch", 2)], outputs=[value("y", "batch", 2)])
    assert [one for one in mutants(model, {"x": np.ones((3, 2), np.float32)}) if one.kind == "exchange"] == []


def test_a_node_that_changes_the_shape_is_not_skipped(mutants):
    node = helper.make_node("Flatten", ["x"], ["y"], "n")
    model = single(node, inputs=[value("x", "batch", 2, 4, 4)], outputs=[value("y", "batch", 32)])
    assert [one for one in mutants(model, {"x": INPUTS["left"]}) if one.kind == "skip"] == []


def test_weights_that_a_narrow_type_holds_are_not_rounded(mutants):
    weight = numpy_helper.from_array(np.array([[1, 2], [4, 8]], np.float32), "w")
    node = helper.make_node("MatMul", ["x", "w"], ["y"], "n")
    model = single(node, inputs=[value("x", "batch", 2)], outputs=[value("y", "batch", 2)], weights=[weight])
    assert [one for one in mutants(model, {"x": np.ones((3, 2), np.float32)}) if one.kind == "rounded"] == []


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_weights_of_another_type_have_mutants_too(dtype, mutants):
    weight = numpy_helper.from_array(RANDOM.normal(size=(4, 4)).astype(dtype), "w")
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    model = single(
        helper.make_node("MatMul", ["x", "w"], ["y"], "n"),
        inputs=[value("x", "batch", 4, kind=kind)],
        outputs=[value("y", "batch", 4, kind=kind)],
        weights=[weight],
    )
    rows = {"x": RANDOM.normal(size=(3, 4)).astype(dtype)}
    of_weights = [one for one in mutants(model, rows, most=16) if one.layer == "w"]
    assert {"weight", "scaled", "rows", "rounded"} <= {one.kind for one in of_weights}
    for mutant in of_weights:
        (after,) = apply(model, mutant, Path()).graph.initializer
        assert numpy_helper.to_array(after).dtype == dtype
        assert (numpy_helper.to_array(after) != numpy_helper.to_array(weight)).any()


@pytest.mark.parametrize(("dtype", "factor"), [(np.float32, 1.002), (np.float16, 1.002), (np.float64, 1.002)])
def test_a_stretched_output_leaves_what_reads_it_alone(dtype, factor, mutants):
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    model = single(
        helper.make_node("Neg", ["x"], ["y"]),
        helper.make_node("Abs", ["y"], ["z"]),
        inputs=[value("x", 3, kind=kind)],
        outputs=[value("y", 3, kind=kind), value("z", 3, kind=kind)],
    )
    rows = {"x": np.array([1, 2, 3], dtype)}
    stretch = next(one for one in mutants(model, rows) if one.change.startswith("'y' is multiplied"))
    answers = answer(open_session(apply(model, stretch, Path()).SerializeToString()), rows)
    assert answers["y"] == pytest.approx(-factor * rows["x"], rel=1e-3)
    assert answers["z"].tolist() == [1, 2, 3]


def test_a_graph_in_which_nothing_can_be_broken_has_none(mutants):
    x, y = (value(name, 3, kind=TensorProto.INT64) for name in "xy")
    model = single(helper.make_node("Identity", ["x"], ["y"]), inputs=[x], outputs=[y])
    assert mutants(model, {"x": np.ones(3, np.int64)}) == []


def test_a_mask_of_infinities_has_a_scale(mutants):
    mask = numpy_helper.from_array(np.array([[0, -np.inf], [0, 0]], np.float32), "mask")
    node = helper.make_node("Add", ["x", "mask"], ["y"], "n")
    model = single(node, inputs=[value("x", "batch", 2, 2)], outputs=[value("y", "batch", 2, 2)], weights=[mask])
    assert "nan" not in " ".join(changes(mutants(model, {"x": np.ones((3, 2, 2), np.float32)})))


def test_the_module_of_a_node_is_named():
    node = helper.make_node("MatMul", ["x", "w"], ["linear"], "node_linear")
    model = single(node, inputs=[value("x", 2, 2)], outputs=[value("linear", 2, 2)])
    source = NodeSource(module="head.linear", module_class="", operator="", file="", line=0)
    (noted,) = note_modules(model, {"linear": source}).graph.node
    assert layer_of_node(noted, {"w"}) == "MatMul node_linear (head.linear)"


def test_a_node_without_a_module_is_named_by_its_weights():
    node = helper.make_node("Gemm", ["x", "network.head.weight"], ["y"], "node_linear")
    assert layer_of_node(node, {"network.head.weight"}) == "Gemm node_linear (head)"
