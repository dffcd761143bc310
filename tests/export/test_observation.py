import random

import numpy as np
import pytest
import torch
from torch.nn import functional

from pipeline.export.observation import find_randomness, find_sizes_of_values

X = torch.randint(0, 3, (3, 4)).float()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: torch.rand(3), r": rand draws random numbers"),
        (lambda: X.clone().normal_(), r": normal_ draws random numbers"),
        (lambda: functional.dropout(X, 0.5), r": dropout draws random numbers"),
        (random.random, "Python's `random` is drawn from within forward"),
        (np.random.rand, "NumPy's `np.random` is drawn from within forward"),
        (lambda: functional.dropout(X, 0.5, training=False), ""),
        (lambda: functional.dropout(X, 0.0), ""),
        (X.sum, ""),
    ],
)
def test_what_draws_random_numbers(call, says):
    said = find_randomness(call)
    assert said.endswith(says)
    assert bool(said) == bool(says)


@pytest.mark.parametrize(
    ("call", "function"),
    [
        (X.unique, "unique"),
        (lambda: torch.nonzero(X), "nonzero"),
        (lambda: X[X > 0], "__getitem__"),
        (lambda: torch.where(X > 0), "where"),
        (lambda: torch.where(X > 0, X, X), None),
        (lambda: X[:, 1:], None),
    ],
)
def test_what_has_as_many_values_as_it_meets(call, function):
    observed = find_sizes_of_values(call)
    assert (observed and observed.function) == function
