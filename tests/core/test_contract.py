import json

import pytest

from pipeline.core.contract import load_contract, save_contract
from pipeline.core.errors import PipelineError
from pipeline.core.paths import CONTRACT, GOLDEN_ARRAYS, GOLDEN_INDEX, GOLDEN_TEST_SPLIT
from pipeline_runs import reseal


def test_round_trip(linear):
    contract = load_contract()
    save_contract(contract, linear)
    assert (linear / CONTRACT.name).read_bytes() == CONTRACT.read_bytes()


def test_what_it_says(linear):
    contract = load_contract()
    (tensor,) = contract.inputs
    assert (tensor.name, tensor.dtype, tensor.shape) == ("input", "float32", ["batch", 10])
    assert (tensor.minimum, tensor.maximum, tensor.description) == (-1, 1, "Ten features.")
    assert [(t.name, t.shape) for t in contract.outputs] == [("output", ["batch", 5])]
    assert (contract.opset, contract.task) == (20, None)


@pytest.mark.parametrize(
    ("edit", "where"),
    [
        (lambda c: c.pop("opset"), "opset: Field required"),
        (lambda c: c.update(extra=1), "extra: Extra inputs are not permitted"),
        (lambda c: c.update(schema_version=1), "schema_version: "),
        (lambda c: c.update(weights_sha256="abc"), "weights_sha256: String should match"),
        (lambda c: c["inputs"][0].update(shape="batch"), "inputs.0.shape: "),
    ],
)
def test_another_form_is_refused(edit, where, linear):
    said = json.loads(CONTRACT.read_text())
    edit(said)
    CONTRACT.write_text(json.dumps(said))
    reseal(CONTRACT)
    with pytest.raises(PipelineError) as caught:
        load_contract()
    assert f"{CONTRACT}: {where}" in str(caught.value)
    assert "make it again with `python -m pipeline export`" in str(caught.value)


@pytest.mark.parametrize("path", [GOLDEN_INDEX, GOLDEN_ARRAYS, GOLDEN_TEST_SPLIT])
def test_another_golden_file_is_refused(path, linear):
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(
        PipelineError, match=rf"{path}: expected the golden file made with this model's contract .*export`"
    ):
        load_contract()


@pytest.mark.parametrize("path", [GOLDEN_INDEX, GOLDEN_ARRAYS, GOLDEN_TEST_SPLIT])
def test_a_missing_golden_file_is_refused(path, linear):
    path.unlink()
    with pytest.raises(PipelineError, match=r"got another \(no file\)"):
        load_contract()


def test_proven_sizes_are_those_of_the_golden_calls(linear):
    assert load_contract().axes["batch"].sizes == [1, 2, 3, 7, 8, 64]
