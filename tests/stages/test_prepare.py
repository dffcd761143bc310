from pathlib import Path

import numpy as np
import pytest

from pipeline.core.arrays import load, save
from pipeline.network import encoders
from pipeline.settings.params import Data
from pipeline.stages.prepare import split

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


def test_digits_without_scikit_learn(digits, fails, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "data=digits needs scikit-learn, which is not installed: run `make setup`" in fails("prepare")


@pytest.mark.parametrize("rows", [30, 31, 99])
def test_no_part_is_empty(rows):
    data = Data(source="npz", path="x", rows=None, shapes={}, validation=0.001, test=0.001)
    made = split({"x": np.arange(rows)}, data, np.random.default_rng(0))
    assert {name: len(part["x"]) for name, part in made.items()} == {"train": rows - 2, "validation": 1, "test": 1}


def test_no_row_is_left_to_train_on(npz, fails):
    npz("data.validation=0.5", "data.test=0.499", input=X)
    assert "train" in fails("prepare")


NAN = X.copy()
NAN[7, 3] = np.nan
INF = X.copy()
INF[7, 3] = np.inf


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"other": X}, "expected arrays ['input'], got ['other'] (input missing)"),
        ({"input": X[:29]}, "expected at least 30 rows, got {'input': 29}"),
        ({"input": X[:0]}, "expected at least 30 rows"),
        (
            {"input": X, "target": np.arange(49)},
            "expected the same number of rows in every array, got {'input': 50, 't",
        ),
        ({"input": X, "target": np.array(1)}, "got {'input': 50, 'target': None}"),
        (
            {"input": NAN},
            "expected finite numbers, got nan in 'input' at row 7, index [3] (1 such values in all); repair",
        ),
        ({"input": INF}, "expected finite numbers, got inf in 'input' at row 7, index [3]"),
        ({"input": X * 2}, "expected 'input' from -1.0 to 1.0 (model.inputs.input), got values from -2.0 to 2.0: mend"),
    ],
    ids=["name", "few", "none", "rows", "scalar", "nan", "inf", "bounds"],
)
def test_bad_rows_are_refused(arrays, says, npz, fails):
    npz(**arrays)
    said = fails("prepare")
    assert "data=npz rows.npz: " in said
    assert says in said


def test_what_is_not_trained_is_tested_whole(npz, passes):
    npz("train.enabled=false", input=X[:3])
    passes("prepare")
    for rows in parts():
        np.testing.assert_array_equal(rows, X[:3])


def test_no_row_at_all(npz, fails):
    npz("train.enabled=false", input=X[:0])
    assert "expected at least 1 rows" in fails("prepare")


def test_a_task_needs_a_target(npz, fails):
    npz("model.task={metric: accuracy, output: output}", input=X)
    assert "expected arrays ['input', 'target'], got ['input'] (target missing)" in fails("prepare")


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
    assert encoders.load()["input"].entries == sorted(train)


def test_without_text_no_encoder_is_learnt(linear):
    assert encoders.load() == {}


def test_half_a_surrogate_pair_is_refused(npz, fails):
    npz("model.inputs.input={}", "model.encoders={input: {kind: words}}", input=np.array(["ok", *["\ud800"] * 49]))
    assert "valid Unicode in 'input', got half a surrogate pair in row 1" in fails("prepare")


def test_dates_are_refused(npz, fails):
    npz(input=np.zeros((50, 10), dtype="datetime64[s]"))
    assert "expected numbers in 'input', got datetime64[s]" in fails("prepare")


MISSING = "+model.inputs.input.missing=true"


def test_values_may_be_missing_where_the_configuration_says_so(npz, passes):
    npz(MISSING, input=NAN)
    passes("prepare")
    assert np.isnan(np.concatenate(parts())).sum() == 1


def test_infinity_is_never_missing(npz, fails):
    npz(MISSING, input=INF)
    assert "expected finite numbers, got inf in 'input'" in fails("prepare")


def test_not_everything_may_be_missing(npz, fails):
    npz(MISSING, input=X * np.nan)
    assert "expected values in 'input', got none that is not missing" in fails("prepare")


def test_one_class_alone_is_no_task(npz, fails):
    npz("model.task={metric: accuracy, output: output}", input=X, target=np.ones(50, int))
    assert "expected two classes or more in `target`, got [1] alone: there is nothing to tell apart" in fails("prepare")


def test_a_target_that_is_missing_is_refused(npz, fails):
    npz(input=X, target=np.full(50, np.nan))
    assert "expected finite numbers, got nan in 'target'" in fails("prepare")


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
