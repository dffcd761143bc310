import json
import shutil
from pathlib import Path

import pytest
from registry_doubles import NAME, MemoryClient

from pipeline.core.arrays import load, save
from pipeline.core.contract import load_contract
from pipeline.core.errors import PipelineError
from pipeline.core.files import sha256
from pipeline.core.paths import MANIFEST, PACKAGE, SIMPLIFIED, TEST_SPLIT
from pipeline.graph import onnx_model
from pipeline.registry.champion_trial import compare_with_champion, measure
from pipeline_runs import reseal


@pytest.fixture
def client(digits, tmp_path) -> MemoryClient:
    """The package of digits is that of the champion, version 1."""
    registry = MemoryClient(tmp_path / "artifacts")
    registry.add("1")
    shutil.copytree(PACKAGE, registry.artifacts / "run1" / PACKAGE)
    registry.versions["1"].tags["package_sha256"] = json.loads(MANIFEST.read_text())["package_sha256"]
    return registry


def break_weights(path: Path) -> None:
    """Turn the signs of the largest initializer."""
    import numpy as np
    from onnx import numpy_helper

    model = onnx_model.load(path, "simplify")
    largest = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
    array = numpy_helper.to_array(largest)
    largest.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(-array), largest.name))
    path.write_bytes(model.SerializeToString())


def test_the_same_graph_is_as_good(client):
    judgement = compare_with_champion(client, NAME, "1", load_contract(), 0.0)
    assert judgement.moves
    assert "on today's 359 test rows (0 changed, 0 better and 0 worse; " in judgement.why


def test_a_graph_that_is_worse_is_told(client):
    break_weights(SIMPLIFIED)
    judgement = compare_with_champion(client, NAME, "1", load_contract(), 0.0)
    assert not judgement.moves
    assert " is allowed" in judgement.why


def test_today_s_rows_are_asked_not_those_of_then(client):
    rows = {name: array[:10] for name, array in load(TEST_SPLIT, "prepare").items()}
    save(TEST_SPLIT, rows)
    reseal(TEST_SPLIT)
    assert "on today's 10 test rows" in compare_with_champion(client, NAME, "1", load_contract(), 0.0).why


def test_without_a_target_there_is_nothing_to_measure_by(client):
    save(TEST_SPLIT, {name: array for name, array in load(TEST_SPLIT, "prepare").items() if name != "target"})
    reseal(TEST_SPLIT)
    assert compare_with_champion(client, NAME, "1", load_contract(), 0.0) == (
        False,
        "build/data/test.npz has no target to measure by",
    )


def test_a_contract_with_other_inputs_is_not_run(client):
    contract = load_contract()
    other = contract.model_copy(update={"inputs": [contract.inputs[0].model_copy(update={"name": "image"})]})
    judgement = compare_with_champion(client, NAME, "1", other, 0.0)
    assert (judgement.moves, judgement.why.startswith("the inputs are image ")) == (False, True)


def test_a_champion_that_is_gone_is_an_error(client):
    shutil.rmtree(client.artifacts / "run1")
    with pytest.raises(PipelineError, match="cannot be had from run run1"):
        compare_with_champion(client, NAME, "1", load_contract(), 0.0)


def test_a_split_without_the_input(digits):
    with pytest.raises(PipelineError, match=r"build/data/test.npz: expected the input 'pixels', got \['target'\]"):
        measure(SIMPLIFIED, load_contract(), {"target": load(TEST_SPLIT, "prepare")["target"]})


def test_without_a_task_nothing_is_measured(digits):
    with pytest.raises(PipelineError, match="there is no task metric to compare by"):
        measure(SIMPLIFIED, load_contract().model_copy(update={"task": None}), {})


def test_the_comparison_leaves_nothing_behind(client, monkeypatch, tmp_path):
    import tempfile

    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    before = sha256(SIMPLIFIED)
    compare_with_champion(client, NAME, "1", load_contract(), 0.0)
    assert (list((tmp_path / "tmp").iterdir()), sha256(SIMPLIFIED)) == ([], before)
