"""Sabotages of the settings: a graph that answers wrong, and a gate told to let it pass."""

from collections.abc import Callable

import numpy as np
from onnx import ModelProto, TensorProto, numpy_helper

import good_builds
from graph_edits import in_graph
from sabotage import Sabotage


def scale_weights(factor: float) -> Callable[[ModelProto], None]:
    """Multiply every weight."""

    def change(model: ModelProto) -> None:
        for tensor in model.graph.initializer:
            if tensor.data_type == TensorProto.FLOAT:
                array = numpy_helper.to_array(tensor) * np.float32(factor)
                tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))

    return change


def lenient(name: str, breaks: str, factor: float, setting: str, says: str) -> Sabotage:
    """Every weight of the linear graph times `factor`, and a setting under which its answers pass."""

    def apply() -> None:
        in_graph(scale_weights(factor))()
        good_builds.configure("linear", setting)

    return Sabotage(name, breaks, "linear", apply, ("validate",), says)


WEAK = r"the gate would pass a wrong graph: [1-9]\d* of \d+ mutants were missed; .*the tolerance is too wide for this model: divide parity\.atol, parity\.rtol and parity\.floor by "
LENIENT = (
    lenient("tolerance 1e9", "every weight zeroed, and any answer allowed", 0, "parity.atol=1e9", WEAK),
    lenient("relative tolerance 1e9", "every weight zeroed, and any answer allowed", 0, "parity.rtol=1e9", WEAK),
    lenient(
        "relative tolerance 0.5", "every weight times 1.4, and half of an answer allowed", 1.4, "parity.rtol=0.5", WEAK
    ),
    lenient("floor 1e9", "every weight zeroed, and any answer allowed", 0, "parity.floor=1e9", WEAK),
    lenient(
        "every output exempt",
        "every weight zeroed, and no output judged",
        0,
        "parity.exempt={output: it differs}",
        r"nothing was judged: every output is exempt \(parity\.exempt\)",
    ),
)
