import numpy as np
import pytest

from pipeline.compare.metrics import accuracy


@pytest.mark.parametrize(("answers", "share"), [([1, 2, 3, 4], 1.0), ([1, 2, 3, 5], 0.75), ([0, 0, 0, 0], 0.0)])
def test_accuracy(answers, share):
    assert accuracy(np.array(answers), np.array([1, 2, 3, 4])) == share


def test_accuracy_is_json_s_number():
    assert type(accuracy(np.array([1]), np.array([1]))) is float
