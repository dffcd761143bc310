import json

from pipeline.core.contract import TensorSpec, load_contract
from pipeline.registry.model_registry import build_signature


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
