import json
from types import SimpleNamespace

import pytest
from mlflow.exceptions import MlflowException

from pipeline.core.contract import TensorSpec, load_contract
from pipeline.registry.model_registry import build_signature, find_experiment


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
