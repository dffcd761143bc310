import json

import numpy as np
import pytest

from pipeline.core.arrays import load
from pipeline.core.arrays import save as save_arrays
from pipeline.core.errors import PipelineError
from pipeline.core.files import replacing_folder
from pipeline.core.golden import GoldenCall, check_proven, golden_texts, load_calls, proven_sizes, save_calls
from pipeline.core.paths import GOLDEN, GOLDEN_ARRAYS, GOLDEN_INDEX
from pipeline_runs import reseal

X = np.arange(6, dtype=np.float32).reshape(3, 2)
CALLS = [
    GoldenCall("rows-3", "rows", 3, {"batch": 3}, {"rows-1/x": X}, {"y": X + 1}),
    GoldenCall("rows-3=1", "size", 3, {"batch": 3, "h/w": 1}, {"rows-1/x": X[:, :1]}, {"y": X[:, 0]}),
    GoldenCall("odd", "odd text", None, {}, {"t": np.array("a\0", dtype=object)}, {"n": np.array(3)}),
    GoldenCall(
        "texts of 2 tokens", "texts", 2, {"batch": 2}, {"ids": np.array([[1, 2], [1, 3]])}, {"y": X[:2]}, ["", "a\0"]
    ),
]


def save(calls=CALLS) -> None:
    with replacing_folder(GOLDEN) as folder:
        save_calls(calls, folder)


def test_calls_come_back_whatever_axes_and_inputs_are_called(empty):
    save()
    back = load_calls()
    assert [(c.name, c.purpose, c.rows, c.sizes, list(c.texts)) for c in back] == [
        (c.name, c.purpose, c.rows, c.sizes, list(c.texts)) for c in CALLS
    ]
    for call, expected in zip(back, CALLS, strict=True):
        for arrays, wanted in ((call.inputs, expected.inputs), (call.outputs, expected.outputs)):
            assert list(arrays) == list(wanted)
            for name, array in arrays.items():
                assert (array.dtype, array.shape) == (wanted[name].dtype, wanted[name].shape)
                assert (array == wanted[name]).all()


def test_equal_calls_give_equal_bytes(empty):
    save()
    before = {path.name: path.read_bytes() for path in GOLDEN.iterdir()}
    save()
    assert {path.name: path.read_bytes() for path in GOLDEN.iterdir()} == before


def test_no_calls_prove_nothing(empty):
    save()
    GOLDEN_INDEX.write_text("[]")
    reseal(GOLDEN_INDEX)
    with pytest.raises(PipelineError, match=r"calls\.json: the whole file: List should have at least 1 item"):
        load_calls()


def test_an_index_that_somebody_broke_is_named(empty):
    save()
    entries = json.loads(GOLDEN_INDEX.read_text())
    del entries[1]["purpose"]
    GOLDEN_INDEX.write_text(json.dumps(entries))
    reseal(GOLDEN_INDEX)
    with pytest.raises(
        PipelineError, match=r"calls\.json: 1\.purpose: Field required; make it again with `python -m pipeline export`"
    ):
        load_calls()


def test_proven_sizes_are_those_of_all_calls():
    assert proven_sizes(CALLS) == {"batch": [2, 3], "h/w": [1]}


def test_texts_are_flat():
    texts = golden_texts(CALLS, "ids")
    assert (texts.texts, texts.token_ids) == (["", "a\0"], [[1, 2], [1, 3]])
    assert [row.tolist() for row in texts.outputs["y"]] == [[0, 1], [2, 3]]


def test_a_model_without_a_tokenizer_has_no_texts():
    assert golden_texts(CALLS[:2], "ids").texts == []


def test_an_array_that_is_not_there_is_named(empty):
    save()
    arrays = load(GOLDEN_ARRAYS, "export")
    del arrays["1"]
    save_arrays(GOLDEN_ARRAYS, arrays)
    reseal(GOLDEN_ARRAYS)
    with pytest.raises(
        PipelineError, match=r"calls\.npz: expected 9 arrays by number, .* got none of number 1: make both again"
    ):
        load_calls()


def test_texts_without_a_row_each_are_named(empty):
    save()
    arrays = load(GOLDEN_ARRAYS, "export")
    arrays["6"] = arrays["6"][:1]
    save_arrays(GOLDEN_ARRAYS, arrays)
    reseal(GOLDEN_ARRAYS)
    with pytest.raises(
        PipelineError, match=r"calls\.npz: call 'texts of 2 tokens': expected arrays whose first axis is the row"
    ):
        load_calls()


def test_a_size_that_is_called_proven_has_a_call(empty):
    check_proven(CALLS, {"batch": [2, 3], "h/w": [1]})
    with pytest.raises(PipelineError, match=r"expected a call at each size of 'batch' .* got none at \[4, 7\]"):
        check_proven(CALLS, {"batch": [2, 4, 7]})
