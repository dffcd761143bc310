"""Mutants: copies of a graph that each differ from it in one place, as a wrong export would.

A mutant is an edit and its description; it is applied to a copy only when it is needed. The edit finds its place by name or by
number, so that it fits every copy of the graph that it was made for, with the weights inside or by reference.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from onnx import ModelProto, NodeProto, TensorProto

from pipeline.core.arrays import Arrays
from pipeline.core.node_sources import NodeSource
from pipeline.graph.mapped_weights import set_array

# What a mutant is: weight, one of them changed by 1e-3 of its tensor's scale and more. scaled, an output times 1.002, or a tensor times 1.0005 and more. rows, two rows of a
# tensor swapped. bias, all zeros. rounded, a tensor through another floating type. attribute, moved (and a vocabulary's entry, or
# an integer constant by one). exchange, of two inputs or outputs. skip, a node's input passed through. frozen, a dynamic axis.
Kind = Literal["weight", "scaled", "rows", "bias", "rounded", "attribute", "exchange", "skip", "frozen"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# Floating types, with the distance from 1 to the next number.
FLOATS: dict[int, float] = {
    TensorProto.FLOAT: 2**-23,
    TensorProto.FLOAT16: 2**-10,
    TensorProto.BFLOAT16: 2**-7,
    TensorProto.DOUBLE: 2**-52,
}
# Where a node's module is noted, in a graph that is only read.
MODULE = "module"
# What the adapter of `export` is to the network (pipeline/export/adapter.py): no part of the user's own names.
ADAPTER = "network."


@dataclass(frozen=True)
class Mutant:
    """One change of a graph: its kind, the layer that it touches, and what it does there, in words.

    `edit` changes the nodes of a copy of the graph in place, and returns the weights that it changes, by name; it reads those that
    are by reference from the folder that it is given.
    """

    kind: Kind
    layer: str
    change: str
    edit: Callable[[ModelProto, Path], Arrays]

    def __str__(self) -> str:
        return f"{self.kind} in {self.layer}: {self.change}"


def apply(model: ModelProto, mutant: Mutant, folder: Path) -> ModelProto:
    """A copy of `model` with the change of `mutant`.

    Args:
        model: The graph that the mutant was made for; stays as it is.
        mutant: What to change.
        folder: Where weights are that `model` does not hold.
    """
    copy = ModelProto()
    copy.CopyFrom(model)
    weights = mutant.edit(copy, folder)
    for tensor in copy.graph.initializer:
        if tensor.name in weights:
            set_array(tensor, weights[tensor.name])
    return copy


def layer_of_tensor(name: str) -> str:
    """The layer of an initializer, as the network names it: `features.0.weight`."""
    return name.removeprefix(ADAPTER)


def note_modules(model: ModelProto, sources: Mapping[str, NodeSource]) -> ModelProto:
    """A copy of `model` whose nodes say of which module they are: that of the first value that has a source."""
    noted = ModelProto()
    noted.CopyFrom(model)
    for node in noted.graph.node:
        module = next((sources[name].module for name in node.output if name in sources), "")
        if module:
            node.metadata_props.add(key=MODULE, value=module)
    return noted


def layer_of_node(node: NodeProto, initializers: set[str]) -> str:
    """The layer of a node: its operator with its module where that is noted, else with its weights, else its name."""
    module = {entry.key: entry.value for entry in node.metadata_props}.get(MODULE, "")
    weights = next((name for name in node.input if name in initializers and name.startswith(ADAPTER)), "")
    where = module or (layer_of_tensor(weights).rpartition(".")[0] if weights else "")
    name = node.name or next(iter(node.output), "")
    return f"{node.op_type} {name}" + (f" ({where})" if where else "")
