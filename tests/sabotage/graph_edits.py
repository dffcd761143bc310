"""Edits of the simplified graph, behind agreeing checksums: of a weight, an attribute, or what stands between two nodes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, helper, numpy_helper

from pipeline.core.paths import SIMPLIFIED
from pipeline.graph import onnx_model
from pipeline.graph.inference import infer_types
from pipeline.graph.mutants import Kind, Mutant, apply
from pipeline.graph.node_mutants import exchange_mutants, skip_mutants
from pipeline.graph.weight_mutants import bias_mutants, rounded_mutants, row_mutants, scaled_mutants, weight_mutants
from pipeline_runs import reseal

Change = Callable[[ModelProto], None]
# The gate's own mutants that are used here, by their kind; of weights, those of the first and smallest round.
SOURCES: dict[Kind, Callable[[ModelProto, Path, np.random.Generator], Iterator[Mutant]]] = {
    "weight": lambda model, folder, random: weight_mutants(model, folder, random, 0),
    "scaled": lambda model, folder, random: scaled_mutants(model, folder, random, 0),
    "rows": lambda model, folder, random: row_mutants(model, folder, random, 0),
    "bias": bias_mutants,
    "rounded": rounded_mutants,
    "exchange": lambda model, folder, random: exchange_mutants(model, infer_types(model), random),
    "skip": lambda model, folder, random: skip_mutants(model, infer_types(model), random),
}


def in_graph(change: Change, path: Path = SIMPLIFIED) -> Callable[[], None]:
    """Change the simplified graph, or another, and make its checksum agree."""

    def apply() -> None:
        model = onnx_model.load(path, "simplify")
        change(model)
        onnx_model.save(model, path)
        reseal(path)

    return apply


def mutate(kind: Kind, *words: str) -> Change:
    """One of the gate's own mutants: the first of its kind that has all the words in its description."""

    def edit(model: ModelProto) -> None:
        mutants = SOURCES[kind](model, SIMPLIFIED.parent, np.random.default_rng(0))
        mutant = next(mutant for mutant in mutants if all(word in str(mutant) for word in words))
        model.CopyFrom(apply(model, mutant, SIMPLIFIED.parent))

    return edit


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


def make(*arguments: Any, **attributes: Any) -> NodeProto:
    return helper.make_node(*arguments, **attributes)
