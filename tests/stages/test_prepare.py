from pathlib import Path

import numpy as np
import pytest

from pipeline.core.arrays import load, save
from pipeline.network import encoders

PARTS = ("train", "validation", "test")
X = np.linspace(-1, 1, 500, dtype=np.float32).reshape(50, 10)


@pytest.fixture
def npz(linear, configure):
    """Configure data=npz with these arrays."""

    def make(*overrides: str, **arrays: np.ndarray) -> None:
        save(Path("rows.npz"), arrays)
        configure("data=npz", "data.path=rows.npz", "train.enabled=true", *overrides)

    return make


def parts(name: str = "input") -> list[np.ndarray]:
    return [load(Path(f"build/data/{part}.npz"), "prepare")[name] for part in PARTS]


def test_every_row_comes_once(npz, passes):
    npz(input=X)
    passes("prepare")
    train, validation, test = parts()
    assert (len(train), len(validation), len(test)) == (35, 5, 10)
    together = np.concatenate([train, validation, test])
    np.testing.assert_array_equal(together[together[:, 0].argsort()], X)


def test_rows_stay_with_their_target(npz, passes):
    npz(input=X, target=np.arange(50))
    passes("prepare")
    for rows, target in zip(parts(), parts("target"), strict=True):
        np.testing.assert_array_equal(rows, X[target])


def test_equal_seeds_give_equal_bytes(linear, passes):
    before = [Path(f"build/data/{part}.npz").read_bytes() for part in PARTS]
    passes("prepare")
    assert [Path(f"build/data/{part}.npz").read_bytes() for part in PARTS] == before


def test_another_seed_gives_another_split(npz, passes):
    npz(input=X)
    passes("prepare")
    before = parts()[2]
    npz("seed=1", input=X)
    passes("prepare")
    assert not np.array_equal(parts()[2], before)


def test_data_rows_takes_the_first(npz, passes):
    npz("data.rows=40", input=X, target=np.arange(50))
    passes("prepare")
    assert sorted(np.concatenate(parts("target"))) == list(range(40))


NAN = X.copy()
NAN[7, 3] = np.nan


def test_bad_rows_are_refused_with_the_source_that_gave_them(npz, fails):
    npz(input=NAN)
    assert fails("prepare").startswith(
        "error: prepare: data._target_=pipeline.data.sources.npz, data.path=rows.npz: expected finite numbers, got nan in 'input'"
    )


def test_fewer_rows_than_training_needs(npz, fails):
    npz(input=X[:29])
    assert "expected at least 30 rows, got {'input': 29}" in fails("prepare")


def test_what_is_not_trained_is_tested_whole(npz, passes):
    npz("train.enabled=false", input=X[:3])
    passes("prepare")
    for rows in parts():
        np.testing.assert_array_equal(rows, X[:3])


def test_no_row_at_all(npz, fails):
    npz("train.enabled=false", input=X[:0])
    assert "expected at least 1 rows" in fails("prepare")


def test_text_without_an_encoder_is_refused(npz, fails):
    npz(input=np.array([["a"] * 10] * 50))
    said = fails("prepare")
    assert "expected numbers in 'input', got text, which torch does not take: give it an encoder" in said
    assert "'model.encoders={input: {kind: words}}'" in said


def test_an_encoder_learns_from_the_training_split_alone(npz, passes):
    texts = np.array([f"only{row}" for row in range(50)])
    npz("model.inputs.input={}", "model.encoders={input: {kind: categories}}", input=texts)
    passes("prepare")
    train, *_ = parts()
    assert encoders.load_encoders()["input"].entries == sorted(train)


def test_without_text_no_encoder_is_learnt(linear):
    assert encoders.load_encoders() == {}


def test_half_a_surrogate_pair_is_refused(npz, fails):
    npz("model.inputs.input={}", "model.encoders={input: {kind: words}}", input=X)
    np.savez("rows.npz", input=np.array(["ok", *["\ud800"] * 49]))
    assert "valid Unicode in 'input', got half a surrogate pair in row 1" in fails("prepare")


MISSING = "+model.inputs.input.missing=true"


def test_values_may_be_missing_where_the_configuration_says_so(npz, passes):
    npz(MISSING, input=NAN)
    passes("prepare")
    assert np.isnan(np.concatenate(parts())).sum() == 1


def test_a_missing_source_is_explained(npz, fails):
    npz(input=X)
    Path("rows.npz").unlink()
    assert "rows.npz is missing" in (said := fails("prepare"))
    assert "data.path" in said
    assert "python -m pipeline the setting" not in said


def test_a_truncated_source_is_explained(npz, fails):
    npz(input=X)
    Path("rows.npz").write_bytes(Path("rows.npz").read_bytes()[:900])
    said = fails("prepare")
    assert "rows.npz: expected an .npz archive, got a damaged or truncated file" in said
    assert "data.path" in said


def test_a_source_with_objects_is_never_unpickled(npz, fails):
    npz(input=X)
    np.savez("rows.npz", input=X, extra=np.array([{}], dtype=object))
    assert "got Python objects, which need pickle and are never loaded" in fails("prepare")


def test_an_input_that_random_data_lacks(linear, configure, fails):
    configure("+model.inputs.second={}")
    assert "expected arrays ['input', 'second'], got ['input'] (second missing)" in fails("prepare")


SOURCE = """
def load(rng, rows, power=1):
    import numpy as np
    return {"input": (rng.uniform(-1, 1, (rows, 10)) ** power).astype(np.float32), "target": np.arange(rows) % 2}
"""


def test_a_source_of_one_s_own(linear, configure, module, passes):
    configure(
        f"data._target_={module(SOURCE)}.load",
        "data.rows=40",
        "data.shapes=null",
        "data.kwargs={power: 3}",
        "train=default",
    )
    passes("prepare")
    assert sum(map(len, parts("target"))) == 40
    assert 0 < abs(np.concatenate(parts())).mean() < 0.4


def test_a_source_that_is_not_importable(linear, configure, fails):
    configure("data._target_=my_dta.load")
    assert "data._target_=my_dta.load: expected an importable function or class, got: no module 'my_dta'" in fails(
        "prepare"
    )


def test_a_setting_that_the_source_does_not_take(linear, configure, module, fails):
    configure(f"data._target_={module(SOURCE)}.load", "data.shapes=null", "data.path=x.npz")
    assert "data.path=x.npz: the source " in fails("prepare")


def test_text_is_kept_whole(npz, passes):
    texts = np.array([f"NUL at the end {row}\0" for row in range(50)], dtype=object)
    npz("model.inputs.input={}", "model.encoders={input: {kind: categories}}", input=texts)
    assert "35 train, " in (printed := passes("prepare"))
    assert ": input text; input as categories of 35 entries" in printed
    assert sorted(np.concatenate(parts())) == sorted(texts)
