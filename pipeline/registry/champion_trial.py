"""The champion's packaged graph and the new one, asked today's test split in onnxruntime, side by side."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.core.arrays import Arrays, load
from pipeline.core.contract import Contract
from pipeline.core.errors import PipelineError
from pipeline.core.files import checked
from pipeline.core.paths import SIMPLIFIED, TEST_SPLIT
from pipeline.core.rows import Rows
from pipeline.metrics.score import Score, score
from pipeline.registry.promotion_rule import Judgement, find_obstacle, judge
from pipeline.registry.stored_package import fetch_package

if TYPE_CHECKING:
    from mlflow import MlflowClient


def compare_with_champion(
    client: "MlflowClient", name: str, champion: str, contract: Contract, budget: float
) -> Judgement:
    """Judge the graph that is at hand beside the packaged one of the version `champion`.

    Args:
        client: MLflow's.
        name: The registered model.
        champion: A version of it.
        contract: That of the graph at hand.
        budget: How much of the metric may be lost.

    Raises:
        PipelineError: The champion's package cannot be had, is not the one that was registered, or does not run.
    """
    with tempfile.TemporaryDirectory() as folder:
        package = fetch_package(client, name, champion, Path(folder))
        other = package.read_contract()
        graph = package.read_model()
    if obstacle := find_obstacle(other, contract):
        return Judgement(False, obstacle)
    split = load(checked(TEST_SPLIT, "prepare"), made_by="prepare")
    if "target" not in split:
        return Judgement(False, f"{TEST_SPLIT} has no target to measure by")
    theirs, ours = (measure(model, measured, split) for model, measured in ((graph, other), (SIMPLIFIED, contract)))
    return judge(theirs, ours, budget)


def measure(model: Path | bytes, contract: Contract, split: Arrays) -> Score:
    """The task's metric of a graph, and its answers to every row of a split with a target.

    Raises:
        PipelineError: The split lacks an input, or onnxruntime refuses the graph or fails, or the metric cannot be measured.
    """
    from pipeline.graph.session import answer, open_session

    if contract.task is None:
        raise PipelineError("there is no task metric to compare by (model.task)")
    if absent := [tensor.name for tensor in contract.inputs if tensor.name not in split]:
        raise PipelineError(f"{TEST_SPLIT}: expected the input {absent[0]!r}, got {list(split)}: run `dvc repro`")
    rows = Rows({tensor.name: split[tensor.name] for tensor in contract.inputs}, contract.batched)
    session = open_session(model)
    return score(contract.task, rows.gather([answer(session, inputs) for inputs in rows.all()]), split["target"])
