"""The split of rows into those that train, those that choose the best epoch, and those that test."""

import numpy as np

from pipeline.core.arrays import Arrays
from pipeline.core.errors import PipelineError
from pipeline.core.paths import SPLITS
from pipeline.settings.params import Data


def split_rows(arrays: Arrays, data: Data, rng: np.random.Generator) -> dict[str, Arrays]:
    """Shuffle the rows and cut them into train, validation and test, by the shares in `data`.

    Raises:
        PipelineError: No row is left to train on.
    """
    rows = len(next(iter(arrays.values())))
    order = rng.permutation(rows)
    validation, test = (max(1, round(rows * share)) for share in (data.validation, data.test))
    if validation + test >= rows:
        raise PipelineError(
            f"data.validation={data.validation} and data.test={data.test} leave none of {rows} rows to train on"
        )
    cuts = (order[validation + test :], order[:validation], order[validation : validation + test])
    return {
        name: {key: array[index] for key, array in arrays.items()} for name, index in zip(SPLITS, cuts, strict=True)
    }
