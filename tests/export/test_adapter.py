import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pipeline.core.errors import PipelineError
from pipeline.core.rows import Rows
from pipeline.export.adapter import Adapter
from pipeline.network.arguments import Arguments, match_arguments

X, Y = (np.random.default_rng(seed).normal(size=(4, 3)).astype(np.float32) for seed in (0, 1))


def only(x, /, y):
    return x - y


def many(*values):
    return values[0] - values[1]


def one_and_many(x, *rest):
    return x - rest[0]


def keywords(**given):
    return given["x"] - given["y"]


def keyword_only(y, *, x):
    return x - y


def defaults(x, y, scale=1.0, more=None):
    return (x - y) * scale


def both(*values, **given):
    return given["x"] - given["y"]


def module(forward) -> nn.Module:
    return type("Net", (nn.Module,), {"forward": staticmethod(forward)})()


@pytest.mark.parametrize("forward", [only, many, one_and_many, keywords, keyword_only, defaults, both])
def test_arguments_of_every_kind(forward):
    adapter = Adapter(module(forward), ["x", "y"], {}, [])
    np.testing.assert_array_equal(adapter.answer({"x": X, "y": Y})["output"], X - Y)


def test_a_compiled_network_is_called_by_name():
    script = torch.jit.script(nn.Linear(3, 2))
    assert Adapter(script, ["input"], {}, []).answer({"input": X})["output"].shape == (4, 2)


@pytest.mark.parametrize(
    ("forward", "inputs", "says"),
    [
        (only, ["x", "y", "z"], r"Net\.forward\(x, y\) takes no 'z', got the arrays \['x', 'y', 'z'\]"),
        (only, ["y"], r"Net\.forward\(x, y\) needs 'x', got the arrays \['y'\]"),
        (one_and_many, ["y"], r"needs 'x'"),
    ],
)
def test_arguments_that_do_not_fit(forward, inputs, says):
    with pytest.raises(PipelineError, match=says):
        match_arguments(forward, inputs, "Net")


@pytest.mark.parametrize(
    ("answer", "axes"),
    [
        (lambda x: x, [0]),
        (lambda x: x.T, [1]),
        (lambda x: (x.T[None], x.sum(1)), [2, 0]),
        (lambda x: (x.new_ones(2, len(x)), x.new_ones(3, len(x), 2)), [1, 1]),
        (lambda x: x.sum(), [0]),
    ],
    ids=["first", "last", "two answers", "beside a size of two", "none"],
)
def test_the_batch_of_an_answer_is_found(answer, axes):
    adapter = Adapter(module(answer), ["x"], {"x": 0}, [])
    adapter.find_axes(Rows({"x": X}, batched=True))
    assert adapter.answer_axes == axes


def test_one_row_is_enough_to_find_it():
    adapter = Adapter(module(lambda x: x.T), ["x"], {"x": 0}, [])
    adapter.find_axes(Rows({"x": X[:1]}, batched=True))
    assert adapter.answer({"x": X})["output"].shape == (4, 3)


def test_an_answer_whose_axes_come_and_go_is_refused():
    adapter = Adapter(module(lambda x: x if len(x) == 2 else x[None]), ["x"], {"x": 0}, [])
    with pytest.raises(
        PipelineError, match=r"output 'output': expected one number of axes, got shapes \(2, 3\) and \(1, 3, 3\)"
    ):
        adapter.find_axes(Rows({"x": X}, batched=True))


def test_a_network_that_edits_its_input_does_not_edit_ours():
    before = X.copy()
    Adapter(module(lambda x: x.mul_(2)), ["x"], {}, []).answer({"x": X})
    np.testing.assert_array_equal(X, before)


def test_what_is_answered_twice_has_two_values():
    def forward(x: Tensor) -> dict[str, Tensor]:
        y = x * 2
        return {"x": x, "one": y, "two": y}

    x = torch.ones(2, 3)
    answers = Adapter(module(forward), ["x"], {}, [])(x)
    assert len({id(tensor) for tensor in (x, *answers)}) == 4


def test_an_answer_that_loses_the_batch_axis_is_refused():
    adapter = Adapter(module(lambda x: x.T.squeeze()), ["x"], {"x": 0}, [])
    adapter.answer_axes = [1]
    with pytest.raises(
        PipelineError, match=r"output 'output': expected the batch on axis 1, as in other calls, got shape \[3\]: keep"
    ):
        adapter.answer({"x": X[:1]})


def test_an_answer_with_other_outputs_than_in_other_calls_is_refused():
    adapter = Adapter(module(lambda x: (x, x) if len(x) == 1 else x), ["x"], {"x": 0}, [])
    adapter.answer_axes = [0]
    with pytest.raises(
        PipelineError, match=r"expected 1 outputs, as in other calls, got \['output_0', 'output_1'\]: answer the same"
    ):
        adapter.answer({"x": X[:1]})


@pytest.mark.parametrize("error", [IndexError, KeyError, RuntimeError, TypeError, ZeroDivisionError])
def test_what_a_network_raises_is_explained(error):
    def forward(x):
        raise error("no way")

    with pytest.raises(PipelineError, match=rf"Net itself cannot answer .*: {error.__name__}: .*no way"):
        Adapter(module(forward), ["x"], {}, []).answer({"x": X})


def test_an_error_of_our_own_is_raised_as_it_is():
    adapter = Adapter(module(lambda x: x), ["x"], {}, [])
    adapter.arguments = Arguments(["no such input"], {})
    with pytest.raises(KeyError, match="no such input"):
        adapter.answer({"x": X})


def test_one_row_whose_batch_squeeze_takes_away_has_it_again():
    adapter = Adapter(module(lambda x: x[:, :1].squeeze()), ["x"], {"x": 0}, [])
    adapter.find_axes(Rows({"x": X}, batched=True))
    np.testing.assert_array_equal(adapter.answer({"x": X[:1]})["output"], X[:1, 0])


def differentiate(x):
    x = x.requires_grad_()
    return torch.autograd.grad((x**2).sum(), x)[0]


def test_a_network_that_needs_gradients_has_them():
    adapter = Adapter(module(differentiate), ["x"], {"x": 0}, [])
    np.testing.assert_allclose(adapter.answer({"x": X})["output"], 2 * X)
    assert adapter.form.gradients


def test_another_adapter_of_the_network_takes_what_is_known_of_it():
    adapter = Adapter(module(lambda x: differentiate(x).T), ["x"], {"x": 0}, [])
    adapter.find_axes(Rows({"x": X}, batched=True))
    other = Adapter(adapter.network, ["x"], {"x": 0}, [])
    other.form = adapter.form
    with torch.no_grad():
        (answer,) = other(torch.from_numpy(X.copy()))
    np.testing.assert_allclose(answer.detach(), 2 * X)


def test_a_network_that_fails_in_evaluation_mode_alone():
    class Net(nn.Module):
        def forward(self, x):
            if not self.training:
                raise RuntimeError("no way")
            return x

    adapter = Adapter(Net(), ["x"], {"x": 0}, []).eval()
    with pytest.raises(PipelineError, match=r"Net answers .* in training mode, and not in evaluation mode, .*no way"):
        adapter.answer({"x": X})
    assert not adapter.network.training


def test_rows_that_values_decide_are_told_by_the_line():
    adapter = Adapter(module(lambda x: x[x > 0]), ["x"], {"x": 0}, [])
    with pytest.raises(
        PipelineError, match=r"test_adapter\.py, line \d+ .*answers as many values as it meets, so that output 'output'"
    ):
        adapter.find_axes(Rows({"x": X}, batched=True))


@pytest.mark.parametrize(
    ("dtype", "advice"), [(torch.float64, "array.astype('float64')"), (torch.bfloat16, "call `.float()`")]
)
def test_an_array_of_another_dtype_than_the_weights(dtype, advice):
    with pytest.raises(PipelineError) as caught:
        Adapter(nn.Linear(3, 2, dtype=dtype), ["input"], {}, []).eval().answer({"input": X})
    assert advice in str(caught.value)
