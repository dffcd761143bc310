import itertools

import numpy as np
import pytest

from pipeline.core.errors import PipelineError
from pipeline.data.split import SPLITS, split_rows
from pipeline.settings.params import Data


def shares(validation: float, test: float) -> Data:
    return Data(target="my_data.load", path=None, rows=None, shapes={}, validation=validation, test=test)


def divide(rows: int, data: Data, seed: int = 0) -> dict[str, list[int]]:
    return {
        name: part["x"].tolist()
        for name, part in split_rows({"x": np.arange(rows)}, data, np.random.default_rng(seed)).items()
    }


def test_every_row_comes_once():
    parts = divide(50, shares(0.1, 0.2))
    assert list(parts) == list(SPLITS)
    assert {name: len(rows) for name, rows in parts.items()} == {"train": 35, "validation": 5, "test": 10}
    assert sorted(itertools.chain(*parts.values())) == list(range(50))


def test_rows_stay_together():
    parts = split_rows({"x": np.arange(50), "target": np.arange(50) * 2}, shares(0.1, 0.2), np.random.default_rng(0))
    assert all((part["target"] == 2 * part["x"]).all() for part in parts.values())


def test_the_seed_decides():
    assert divide(50, shares(0.1, 0.2)) == divide(50, shares(0.1, 0.2))
    assert divide(50, shares(0.1, 0.2)) != divide(50, shares(0.1, 0.2), seed=1)


@pytest.mark.parametrize("rows", [30, 31, 99])
def test_no_part_is_empty(rows):
    parts = divide(rows, shares(0.001, 0.001))
    assert {name: len(part) for name, part in parts.items()} == {"train": rows - 2, "validation": 1, "test": 1}


def test_no_row_is_left_to_train_on():
    with pytest.raises(
        PipelineError, match=r"data\.validation=0\.5 and data\.test=0\.499 leave none of 50 rows to train on"
    ):
        divide(50, shares(0.5, 0.499))
