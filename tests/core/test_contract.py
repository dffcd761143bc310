import json

import numpy as np
import pytest

from pipeline.core import contract as contracts
from pipeline.core.contract import CONTRACT, GOLDEN_INPUTS, GOLDEN_OUTPUTS, GOLDEN_TEST
from pipeline.core.errors import PipelineError


def test_round_trip(linear):
    contract = contracts.load()
    contracts.save(contract, linear / "again.json")
    assert (linear / "again.json").read_bytes() == CONTRACT.read_bytes()


def test_what_it_says(linear):
    contract = contracts.load()
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
        (lambda c: c.update(schema_version=2), "schema_version: "),
        (lambda c: c.update(weights_sha256="abc"), "weights_sha256: String should match"),
        (lambda c: c["inputs"][0].update(shape="batch"), "inputs.0.shape: "),
    ],
)
def test_another_form_is_refused(edit, where, linear):
    said = json.loads(CONTRACT.read_text())
    edit(said)
    CONTRACT.write_text(json.dumps(said))
    with pytest.raises(PipelineError) as caught:
        contracts.load()
    assert f"{CONTRACT}: {where}" in str(caught.value)
    assert "make it again with `python -m pipeline export`" in str(caught.value)


def test_its_own_golden_files_are_taken(linear):
    assert contracts.check_golden(contracts.load()) is None


@pytest.mark.parametrize("path", [GOLDEN_INPUTS, GOLDEN_OUTPUTS, GOLDEN_TEST])
def test_another_golden_file_is_refused(path, linear):
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(
        PipelineError, match=rf"{path}: expected the golden file made with this model's contract .*export`"
    ):
        contracts.check_golden(contracts.load())


@pytest.mark.parametrize("path", [GOLDEN_INPUTS, GOLDEN_OUTPUTS, GOLDEN_TEST])
def test_a_missing_golden_file_is_refused(path, linear):
    path.unlink()
    with pytest.raises(PipelineError, match=r"got another \(no file\)"):
        contracts.check_golden(contracts.load())


def test_cases_are_split_and_joined():
    x, y, z = np.zeros(1), np.ones(2), np.ones(3)
    flat = {"rows-1/x": x, "rows-1/y.z/0": y, "zeros/x": z}
    by_case = contracts.cases(flat)
    assert by_case == {"rows-1": {"x": x, "y.z/0": y}, "zeros": {"x": z}}
    assert contracts.join(by_case) == flat
    assert list(contracts.join(by_case)) == list(flat)
