import json
from types import SimpleNamespace

import numpy as np
import pytest
from mlflow.exceptions import MlflowException

from pipeline.core.contract import TensorSpec, load_contract
from pipeline.core.golden import load_calls
from pipeline.registry import model_registry
from pipeline.registry.model_registry import build_signature, choose_example, find_experiment
from pipeline_runs import golden_inputs


def test_the_signature_is_the_contract(linear):
    made = build_signature(load_contract()).to_dict()
    assert json.loads(made["inputs"]) == [
        {"name": "input", "type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 10]}}
    ]
    assert json.loads(made["outputs"])[0]["tensor-spec"]["shape"] == [-1, 5]


def test_text_is_an_object_to_mlflow(linear):
    text = TensorSpec(
        name="x", dtype="string", shape=["n"], description="", unit="", minimum=None, maximum=None, labels=[]
    )
    made = build_signature(load_contract().model_copy(update={"inputs": [text]})).to_dict()
    assert json.loads(made["inputs"])[0]["tensor-spec"] == {"dtype": "object", "shape": [-1]}


def test_the_example_is_one_golden_row(linear):
    example = choose_example(load_contract())
    np.testing.assert_array_equal(example["input"], golden_inputs()["rows-1"]["input"])


def test_the_example_of_a_call_with_many_rows_is_its_first(linear, monkeypatch):
    (many,) = (call for call in load_calls() if call.name == "rows-7")
    monkeypatch.setattr(model_registry, "load_calls", lambda: [many])
    np.testing.assert_array_equal(choose_example(load_contract())["input"], many.inputs["input"][:1])


def test_the_example_of_a_model_of_texts_is_what_the_network_takes(texts):
    contract = load_contract()
    example = choose_example(contract)
    assert {name: array.shape[0] for name, array in example.items()} == {tensor.name: 1 for tensor in contract.inputs}


class Racing:
    """An experiment that another publisher makes between the look and the making."""

    def __init__(self, *looks: object):
        self.looks = list(looks)

    def get_experiment_by_name(self, _: str):
        return self.looks.pop(0)

    def create_experiment(self, *_, **__):
        raise MlflowException("Experiment(name=digits) already exists.")


def test_an_experiment_that_another_publisher_makes_meanwhile_is_taken():
    made = SimpleNamespace(experiment_id="7", lifecycle_stage="active")
    assert find_experiment(Racing(None, made), "digits", "sqlite:////a/mlflow.db") == "7"


def test_an_experiment_that_cannot_be_made_is_an_error():
    with pytest.raises(MlflowException, match="already exists"):
        find_experiment(Racing(None, None), "digits", "sqlite:////a/mlflow.db")
