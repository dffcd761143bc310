"""What the README says of the model as a web service; the request that it shows is what the endpoint takes."""

import json
import shlex

import numpy as np
import pytest
from client import snapshots

from csharp_projects import TINY, make_contract, make_identity, tensor
from pipeline.core.arrays import Arrays
from pipeline.core.contract import Contract
from pipeline.core.golden import GoldenCall
from pipeline.dotnet.client.layout import derive_layout
from pipeline.dotnet.nuget.readme_service import describe_service, encode_answer, encode_request


def make_call(inputs: Arrays, outputs: Arrays | None = None, **changes: object) -> GoldenCall:
    return GoldenCall("golden", "rows", 1, {}, inputs, outputs or {}, **changes)


NUMBER = tensor("x", "float32", "batch")
ANSWER = tensor("y", "float32", "batch")


def encode(contract: Contract, inputs: Arrays) -> str:
    return encode_request(contract, derive_layout(contract), make_call(inputs))


def test_two_lines_register_and_map_the_model() -> None:
    lines = describe_service(TINY, make_identity("Tiny"))
    assert 'builder.Services.AddTiny(builder.Configuration.GetSection("Tiny"));' in lines
    assert 'app.MapTiny("/tiny");' in lines


def test_the_smallest_call_of_rows_is_the_example() -> None:
    contract = make_contract("t", [tensor("x", "float32", "batch", 2)], [tensor("y", "float32", "batch")])
    answer = {"y": np.ones(1, np.float32)}
    calls = [
        make_call({"x": np.array([[0.1, 2]], np.float32)}, answer),
        make_call({"x": np.zeros((3, 2), np.float32)}, answer),
        GoldenCall("edge", "edge", 1, {}, {"x": np.zeros((1, 2), np.float32)}, answer),
    ]
    lines = describe_service(contract, make_identity("Tiny"), calls[::-1])
    assert lines[lines.index("```sh") + 1] == """curl http://localhost:5000/tiny --json '{"x": [0.1, 2]}'"""
    assert lines[lines.index("```json") + 1] == '{"y": 1}'


def test_without_golden_calls_there_is_no_example() -> None:
    assert "```sh" not in describe_service(TINY, make_identity("Tiny", golden="none"))


def test_an_apostrophe_reaches_the_endpoint() -> None:
    contract = make_contract("t", [tensor("x", "string", "batch")], [tensor("y", "float32", "batch")])
    call = make_call({"x": np.array(["don't"], object)}, {"y": np.ones(1, np.float32)})
    line = next(line for line in describe_service(contract, make_identity("Tiny"), [call]) if line.startswith("curl"))
    assert json.loads(shlex.split(line)[-1]) == {"x": "don't"}


def test_numbers_of_a_request_are_exact() -> None:
    contract = make_contract("t", [tensor("x", "float32", "batch", 4)], [ANSWER])
    values = np.array([[1 / 3, 1e-30, 3e38, np.nan]], np.float32)
    sent = json.loads(encode(contract, {"x": values}))["x"]
    assert sent[3] is None
    np.testing.assert_array_equal(np.array(sent[:3], np.float32), values[0, :3])


@pytest.mark.parametrize(
    ("dtype", "values", "expected"),
    [
        ("int64", [1, -2], "[1, -2]"),
        ("bool", [True, False], "[true, false]"),
        ("uint8", [255, 0], '"/wA="'),
        ("string", ["a", "b"], '["a", "b"]'),
    ],
)
def test_a_value_of_each_kind(dtype: str, values: list[object], expected: str) -> None:
    contract = make_contract("t", [tensor("x", dtype, "batch", 2)], [ANSWER])
    array = np.array([values], object if dtype == "string" else dtype)
    assert encode(contract, {"x": array}) == f'{{"x": {expected}}}'


def test_many_values_are_shortened() -> None:
    contract = make_contract("t", [tensor("x", "float32", "batch", 100)], [ANSWER])
    assert encode(contract, {"x": np.zeros((1, 100), np.float32)}) == '{"x": [0, 0, 0, …]}'


def test_arrays_are_nested_where_their_sizes_do_not_follow_from_their_lengths() -> None:
    contract = make_contract("t", [tensor("x", "int64", "batch", "height", "width")], [ANSWER])
    assert encode(contract, {"x": np.arange(4).reshape(1, 2, 2)}) == '{"x": [[0, 1], [2, 3]]}'


def test_a_model_with_a_tokenizer_takes_a_text() -> None:
    contract = snapshots.list_contracts()["text_sum"]
    call = make_call({}, texts=["a text"])
    assert encode_request(contract, derive_layout(contract), call) == '{"text": "a text"}'


def test_a_call_without_texts_shows_its_tokens_and_one_with_texts_is_preferred() -> None:
    contract = snapshots.list_contracts()["text_sum"]
    ids = np.array([[3]])
    tokens = make_call(
        {view.name: ids for view in contract.inputs}, {view.name: np.array([[1]]) for view in contract.outputs}
    )
    request = encode_request(contract, derive_layout(contract), tokens)
    assert json.loads(request) == {view.name: [3] for view in contract.inputs}
    texts = make_call({"input_ids": np.arange(9)}, tokens.outputs, texts=["a text"])
    shown = describe_service(contract, make_identity("TextSum"), [tokens, texts])
    assert any('{"text": "a text"}' in line for line in shown)


def test_a_class_is_answered_by_its_label_and_a_number_by_four_digits() -> None:
    outputs = {"label": np.array([1]), "score": np.array([0.123456], np.float32)}
    contract = make_contract(
        "t", [NUMBER], [tensor("label", "int64", "batch", labels=["no", "yes"]), tensor("score", "float32", "batch")]
    )
    assert encode_answer(derive_layout(contract), make_call({}, outputs)) == '{"label": "yes", "score": 0.1235}'


def test_a_model_without_a_batch_takes_no_list_of_rows() -> None:
    assert not any('{"rows"' in line for line in describe_service(snapshots.list_contracts()["whole"], make_identity()))
