"""Broken copies of one graph, as sessions: its mutants in their order, what each costs, and a session of any of them."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import ModelProto
from onnx.external_data_helper import uses_external_data

from pipeline.core.arrays import Arrays
from pipeline.core.node_sources import NodeSource
from pipeline.graph import inference, mapped_weights, work
from pipeline.graph.mutant_choice import Subject, choose_mutants
from pipeline.graph.mutants import Mutant, note_modules
from pipeline.graph.session import open_session


class BrokenCopies:
    """A graph that lies in memory once, without its weights, however many copies of it are opened.

    Args:
        path: Its file.
        inputs: The largest golden call, whose sizes are those that a mutant freezes.
        seed: Chooses the mutants.
        sources: Where its values come from, so that mutants name their layer.
    """

    def __init__(self, path: Path, inputs: Arrays, seed: int, sources: Mapping[str, NodeSource] | None = None) -> None:
        self.model = mapped_weights.read_graph(path)
        self._folder = mapped_weights.folder(path)
        self._seed = seed
        self._sources = sources or {}
        self._shapes = {name: array.shape for name, array in inputs.items()}
        self._fixed = inference.infer_types_of_call(self.model, self._shapes)
        self._work = work.multiply_adds(self.model, self._fixed)
        self.opening_cost = work.opening(self.model)

    def cost(self, inputs: Arrays) -> float:
        """Multiply-adds of a call: those of the largest one, by how many values it has less."""
        values = sum(math.prod(array.shape) for array in inputs.values())
        return self._work * values / max(sum(math.prod(shape) for shape in self._shapes.values()), 1)

    def mutants(self) -> Iterator[Mutant]:
        """All that there are, in the order in which they are tried."""
        symbolic = inference.infer_types(self.model)
        noted = note_modules(self.model, self._sources)
        return choose_mutants(Subject(noted, self._folder, symbolic, self._fixed), self._seed)

    def edit(self, mutant: Mutant) -> tuple[ModelProto, Arrays]:
        """A copy with the change of `mutant`, and the weights that it has instead of some in the file, which are not in it."""
        copy = ModelProto()
        copy.CopyFrom(self.model)
        weights = mutant.edit(copy, self._folder)
        replaced = {}
        for tensor in copy.graph.initializer:
            if tensor.name in weights:
                values = np.ascontiguousarray(weights[tensor.name])
                if uses_external_data(tensor) and values.dtype.kind == "f":
                    replaced[tensor.name] = values
                else:
                    mapped_weights.set_array(tensor, values)
        return copy, replaced

    def open(self, copy: ModelProto, replaced: Arrays | None = None) -> onnxruntime.InferenceSession:
        """A session of what `edit` has given, or of the graph itself, set up as the gate's own.

        Raises:
            PipelineError: onnxruntime refuses it.
        """
        return open_session(copy.SerializeToString(), weights_folder=self._folder, replaced=replaced)
