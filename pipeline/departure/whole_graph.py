"""The whole graph at one call: with onnxruntime's optimizer and without, and values on the way to its answers."""

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from onnx import ModelProto, ValueInfoProto

from pipeline.compare.comparison import OutputComparison, compare, failure
from pipeline.compare.policy import Policy
from pipeline.core.arrays import Arrays
from pipeline.core.errors import PipelineError
from pipeline.departure.pieces import Pieces
from pipeline.graph.session import answer, open_session

# In place of an output, where onnxruntime does not open the graph.
UNOPENED = "(open)"


def compare_answers(
    path: Path, inputs: Arrays, answers: Arrays, policy: Policy, optimizer: Literal["all", "off"]
) -> list[OutputComparison]:
    """The graph's answers beside PyTorch's; one failure, of UNOPENED or "(run)", where it is not opened or cannot run."""
    try:
        session = open_session(path, optimizer=optimizer)
    except PipelineError as error:
        return [failure(UNOPENED, str(error))]
    try:
        return compare(answers, answer(session, inputs), policy)
    except PipelineError as error:
        return [failure("(run)", str(error))]
    finally:
        del session
        gc.collect()


def answer_between(pieces: Pieces, inputs: Arrays, names: Sequence[str]) -> Arrays:
    """Values of a graph that runs from its own inputs, optimizer off; none where it cannot run."""
    model = ModelProto()
    model.CopyFrom(pieces.model)
    known = set(pieces.outputs)
    model.graph.output.extend(ValueInfoProto(name=name) for name in names if name not in known)
    try:
        session = open_session(model.SerializeToString(), weights_folder=pieces.folder, optimizer="off")
        return answer(session, inputs)
    except PipelineError:
        return {}
    finally:
        gc.collect()
