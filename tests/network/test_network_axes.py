import numpy as np
import pytest

from pipeline.core.errors import PipelineError
from pipeline.network.axes import check_axes

AXES = "model.dynamic_axes"


@pytest.fixture
def check(params):
    """Check the axes of a configuration against shapes of one call."""

    def run(axes: str, **shapes: tuple[int, ...]) -> None:
        check_axes(shapes, params("model=custom", "model.net._target_=a.B", "data.path=x.npz", f"{AXES}={axes}").model)

    return run


@pytest.mark.parametrize(
    ("axes", "shapes"),
    [
        ("{a: {0: batch, 1: time}, b: {0: batch, 1: time}}", {"a": (1, 3), "b": (1, 3)}),
        ("{a: {0: time, 1: batch}, b: {0: batch, 1: time}}", {"a": (1, 3), "b": (1, 3, 7)}),
        ("{a: {0: time}, b: {1: time}}", {"a": (3,), "b": (7, 3)}),
        ("{a: {0: batch, 1: time}, b: {0: batch, 1: width}}", {"a": (1, 9), "b": (1, 2)}),
    ],
    ids=["alike", "the batch elsewhere", "no batch", "two names"],
)
def test_axes_that_fit(axes, shapes, check):
    check(axes, **shapes)


@pytest.mark.parametrize(
    ("axes", "shapes"),
    [
        ("{a: {0: batch, 1: time}, b: {0: batch, 1: time}}", {"a": (1, 9), "b": (1, 2)}),
        ("{a: {0: time, 1: batch}, b: {0: batch, 1: time}}", {"a": (1, 9), "b": (1, 2)}),
        ("{a: {0: time}, b: {0: time}}", {"a": (9,), "b": (2,)}),
    ],
    ids=["batch first", "the batch elsewhere", "no batch"],
)
def test_axes_of_one_name_have_one_length(axes, shapes, check):
    says = "expected axes named 'time' to have one length, got 9 in 'a' and 2 in 'b': give axes of different length different names"
    with pytest.raises(PipelineError, match=says):
        check(axes, **shapes)


def test_export_says_so_before_it_cuts_them(bring, fails):
    with pytest.raises(AssertionError):
        bring(
            "class Net(nn.Module):\n    def forward(self, a, b): return a",
            "{a: {0: batch, 1: time}, b: {0: batch, 1: time}}",
            a=np.ones((4, 9), np.float32),
            b=np.ones((4, 2), np.float32),
        )
    assert "model.dynamic_axes: expected axes named 'time' to have one length" in fails("export")
