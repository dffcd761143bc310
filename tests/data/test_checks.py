import numpy as np
import pytest

from pipeline.core.errors import PipelineError
from pipeline.data.checks import check_rows, check_unicode
from pipeline.settings.model import CategoryEncoderSettings, Model, TaskSettings, TensorSettings

BOUNDED = TensorSettings(minimum=-1, maximum=1)
MODEL = Model(
    name="m",
    description="",
    net={"_target_": "torch.nn.Linear"},
    weights=None,
    strict=True,
    dynamic_axes={"input": {0: "batch"}},
    encoders={},
    inputs={"input": BOUNDED},
    outputs={},
    task=None,
)
TASK = MODEL.model_copy(update={"task": TaskSettings(metric="accuracy", output="output")})
MISSING = MODEL.model_copy(update={"inputs": {"input": TensorSettings(minimum=-1, maximum=1, missing=True)}})
UNDESCRIBED = MODEL.model_copy(update={"inputs": {}})
ENCODED = UNDESCRIBED.model_copy(update={"encoders": {"input": CategoryEncoderSettings(kind="categories")}})
X = np.linspace(-1, 1, 500, dtype=np.float32).reshape(50, 10)
NAN = X.copy()
NAN[7, 3] = np.nan
INF = X.copy()
INF[7, 3] = np.inf
TEXT = np.array(["a"] * 50, dtype=object)


@pytest.mark.parametrize(
    ("model", "arrays"),
    [
        (MODEL, {"input": X}),
        (MODEL, {"input": X > 0}),
        (MODEL, {"input": X, "more": X * 9, "target": np.arange(50)}),
        (TASK, {"input": X, "target": np.arange(50) % 2}),
        (TASK, {"input": X, "target": np.array(["no", "yes"] * 25, dtype=object)}),
        (MISSING, {"input": NAN}),
        (UNDESCRIBED, {"input": X * 9}),
        (ENCODED, {"input": TEXT}),
    ],
)
def test_good_rows(model, arrays):
    assert check_rows(arrays, model, "here", minimum_rows=50) is None


@pytest.mark.parametrize(
    ("model", "arrays", "says"),
    [
        (MODEL, {"other": X}, "expected arrays ['input'], got ['other'] (input missing)"),
        (UNDESCRIBED, {"other": X}, "expected arrays ['input'], got ['other'] (input missing)"),
        (TASK, {"input": X}, "expected arrays ['input', 'target'], got ['input'] (target missing)"),
        (MODEL, {"input": X[:29]}, "expected at least 30 rows, got {'input': 29}"),
        (MODEL, {"input": X[:0]}, "expected at least 30 rows"),
        (MODEL, {"input": X, "target": np.arange(49)}, "expected the same number of rows in every array, got {'input': 50, 't"),
        (MODEL, {"input": X, "target": np.array(1)}, "got {'input': 50, 'target': None}"),
        (MODEL, {"input": NAN}, "expected finite numbers, got nan in 'input' at row 7, index [3] (1 such values in all); repair"),
        (MODEL, {"input": INF}, "expected finite numbers, got inf in 'input' at row 7, index [3]"),
        (MISSING, {"input": INF}, "expected finite numbers, got inf in 'input'"),
        (MISSING, {"input": X * np.nan}, "expected values in 'input', got none that is not missing"),
        (MODEL, {"input": X, "target": np.full(50, np.nan)}, "expected finite numbers, got nan in 'target'"),
        (MODEL, {"input": X * 2}, "expected 'input' from -1.0 to 1.0 (model.inputs.input), got values from -2.0 to 2.0: mend"),
        (MODEL, {"input": X.astype("datetime64[s]")}, "expected numbers in 'input', got datetime64[s]"),
        (MODEL, {"input": X.astype(np.complex64)}, "expected numbers in 'input', got complex64"),
        (MODEL, {"input": TEXT}, "expected numbers in 'input', got text, which torch does not take: give it an encoder ('model.encoders={input: {kind: words}}'"),
        (TASK, {"input": X, "target": np.ones(50, int)}, "expected two values or more in `target`, got [1] alone: there is nothing to tell apart"),
    ],
)  # fmt: skip
def test_bad_rows(model, arrays, says):
    with pytest.raises(PipelineError) as caught:
        check_rows(arrays, model, "here", minimum_rows=30)
    assert str(caught.value).startswith("here: ")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("texts", "row"),
    [(["ok", "\ud800"], 1), ([["a", "b"], ["c", "d"], ["e", "x\udfff"]], 2), ("\ud800", 0)],
)
def test_half_a_surrogate_pair(texts, row):
    with pytest.raises(
        PipelineError, match=rf"^here: expected text .* in 'x', got half a surrogate pair in row {row}: repair"
    ):
        check_unicode("x", np.array(texts, dtype=object), "here")


def test_any_other_text_is_unicode():
    assert check_unicode("x", np.array(["", "\0", "😀", "\uffff"], dtype=object), "here") is None
    assert check_unicode("x", np.empty((0, 2), dtype=object), "here") is None
