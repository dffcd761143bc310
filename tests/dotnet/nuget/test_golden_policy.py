"""golden/policy.json says what `verify` would allow."""

import json
from typing import Any

import numpy as np

import text_reader
from csharp_projects import make_contract, tensor
from pipeline.compare.policy import Policy, Tolerance
from pipeline.core.contract import OutputScale
from pipeline.dotnet.nuget.golden_policy import format_policy

CONTRACT = make_contract(
    "any",
    [],
    [
        tensor("label", "int64"),
        tensor("word", "string"),
        tensor("half", "float16"),
        tensor("scores", "float32", "batch", 2),
    ],
)
SCALES = {
    "half": OutputScale(scale=2.0, varies=False),
    "scores": OutputScale(scale=0.5, rounding=1e-4, axis=1, channels=[1.0, 0.001]),
}
POLICY = Policy(
    Tolerance(4e-6, 4e-6),
    {"float16": Tolerance(1e-2, 2e-2, cosine=0.9)},
    stage={"floor": 1e-9},
    outputs={"scores": {"ulp": 3}},
    scales=SCALES,
    rounding=4.0,
    exempt={"label": "ties"},
)


def outputs() -> dict[str, Any]:
    return {entry["name"]: entry for entry in json.loads(format_policy(POLICY, CONTRACT, 0.99))["outputs"]}


def test_what_must_be_equal_has_no_tolerance() -> None:
    assert [outputs()[name]["tolerance"] for name in ("label", "word")] == [None, None]


def test_a_tolerance_is_the_policys_after_widening() -> None:
    for name, dtype in (("half", "float16"), ("scores", "float32")):
        assert outputs()[name]["tolerance"] == POLICY.tolerance(name, np.dtype(dtype))._asdict()
    assert outputs()["scores"]["tolerance"]["atol"] > 4e-6
    assert outputs()["half"]["tolerance"]["atol"] < 1e-2


def test_scale_and_channels() -> None:
    scores = outputs()["scores"]
    assert (scores["scale"], scores["axis"], scores["channels"]) == (0.5, 1, [1.0, 0.001])
    assert outputs()["half"]["axis"] is None


def test_what_is_not_judged_has_its_reason() -> None:
    assert {name: entry["exempt"] for name, entry in outputs().items() if entry["exempt"]} == {"label": "ties"}


def test_texts_have_their_inputs_and_least_cosine() -> None:
    contract = text_reader.make_text_contract()
    assert json.loads(format_policy(POLICY, contract, 0.99))["texts"] == {
        "fills": contract.tokenizer.fills,
        "outputs": ["sum", "count"],
        "least_cosine": 0.99,
    }


def test_without_a_tokenizer_there_are_no_texts() -> None:
    assert json.loads(format_policy(POLICY, CONTRACT, 0.99))["texts"] is None
