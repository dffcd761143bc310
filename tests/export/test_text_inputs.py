"""Text and missing values on the road: model=custom with encoders, from prepare to validate."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.__main__ import main
from pipeline.core.arrays import load, save
from pipeline.core.contract import TensorSpec, load_contract
from pipeline.core.errors import PipelineError
from pipeline.dotnet.client.members import TensorNames, make_view
from pipeline.export.golden_calls import ODD_TEXT
from pipeline.graph.session import answer, open_session
from pipeline_runs import golden_inputs, net

F32 = np.float32
EMBED = net(
    "text, x): n = self.e(text); return {'sum': n.sum(1) + x.unsqueeze(1), 'words': (text > 0).sum(1)}",
    "self.e = nn.Embedding(22, 3, padding_idx=0)",
)
TEXTS = np.array(["a good film", "bad", "", "good good!", "it is bad, bad", "fine", "so so", "never"])
X = np.arange(8, dtype=F32)
AXES = "{text: {0: batch}, x: {0: batch}}"
WORDS = "model.encoders={text: {kind: words, size: 20}}"


def cases() -> dict[str, dict[str, np.ndarray]]:
    return golden_inputs()


@pytest.mark.parametrize("exporter", ["dynamo", "tracer"])
def test_text_beside_numbers(exporter, bring):
    bring(EMBED, AXES, WORDS, f"export.exporter={exporter}", text=TEXTS, x=X)
    assert [(tensor.dtype, tensor.shape) for tensor in load_contract().inputs] == [
        ("string", ["batch"]),
        ("float32", ["batch"]),
    ]
    assert cases()["odd-text"]["text"].tolist() == list(ODD_TEXT)
    found = answer(open_session(Path("build/simplified/model.onnx")), {"text": np.array(["Good; bad", ""]), "x": X[:2]})
    assert found["words"].tolist() == [2, 0]


def test_categories_of_several_columns(bring):
    bring(
        net("c): return self.e(c).flatten(1)", "self.e = nn.Embedding(4, 2)"),
        "{c: {0: batch}}",
        "model.encoders={c: {kind: categories, size: 3}}",
        c=np.array([["red", "s"], ["blue", "m"], ["red", "m"], ["blue", "s"]] * 2),
    )
    assert load_contract().inputs[0].shape == ["batch", 2]
    assert set(cases()["odd-text"]["c"][:, 1]) == set(ODD_TEXT)


def test_categories_where_there_is_no_batch(bring):
    bring(
        net("c): return self.e(c)", "self.e = nn.Embedding(4, 2)"),
        "{}",
        "model.encoders={c: {kind: categories, size: 3}}",
        c=np.array([["red", "s"], ["blue", "m"], ["red", "m"]]),
    )
    assert not load_contract().batched
    assert cases()["odd-text-1"]["c"].tolist() == ["", ""]


def test_an_encoded_input_in_a_branch_of_the_graph(bring):
    bring(
        net(
            "c, x): return torch.cond(x.sum() > 3, lambda c, x: self.e(c) + x, lambda c, x: self.e(c) - x, (c, x))",
            "self.e = nn.Embedding(4, 2)",
        ),
        "{}",
        "model.encoders={c: {kind: categories, size: 3}}",
        c=np.array([["red", "s"], ["blue", "m"], ["red", "m"]]),
        x=np.array([[[1.0, 1], [1, 1]], [[0, 0], [0, 1]], [[2, 2], [0, 0]]], F32),
    )


def test_made_sentences_go_through_an_encoder(bring):
    bring(
        EMBED.replace(", x)", ")").replace(" + x.unsqueeze(1)", ""),
        "{text: {0: batch}}",
        WORDS,
        "data=texts",
        "data.rows=30",
        "data.path=null",
        text=TEXTS,
    )
    assert cases()["rows-1"]["text"].dtype == object


def test_an_embedding_that_is_too_small_says_so(bring, capsys):
    with pytest.raises(AssertionError):
        bring(EMBED.replace("22", "3"), AXES, WORDS, text=TEXTS, x=X)
    assert main(["export"]) == 1
    said = capsys.readouterr().err
    assert "itself cannot answer" in said
    assert "index out of range" in said


def test_missing_values_are_a_golden_case(bring):
    bring(
        net("x): return torch.nan_to_num(x, nan=-1.0)"),
        "{x: {0: batch}}",
        "model.inputs={x: {missing: true, minimum: 0, maximum: 9}}",
        x=np.where(X[:, None] % 2 == 0, X[:, None], np.nan).astype(F32),
    )
    assert np.isnan(cases()["missing"]["x"]).all()
    assert load_contract().inputs[0].missing
    assert json.loads(Path("reports/parity.json").read_text())["passed"]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (("export.opset=19",), "kind=words needs export.opset=20 or later"),
        (("model.dynamic_axes=null",), "kind=words needs one text a row: model.dynamic_axes={text: {0: batch}}"),
        (("model.encoders={text: {kind: letters}}",), "model.encoders.text"),
        (("model.encoders.text.size=0",), "model.encoders.text"),
        (("+model.encoders.text.longest=1001",), "model.encoders.text"),
    ],
)
def test_settings_that_no_text_can_have(settings, says, params):
    with pytest.raises(PipelineError) as caught:
        params("model=sentiment", *settings)
    assert says in str(caught.value)
    assert ": :" not in str(caught.value)


@pytest.mark.parametrize(
    ("bounds", "missing", "refused"),
    [
        ((0.0, 1.0), False, "!(_value >= 0.0f && _value <= 1.0f)"),
        ((0.0, 1.0), True, "!(_value >= 0.0f && _value <= 1.0f) && !float.IsNaN(_value)"),
        ((None, None), False, "float.IsNaN(_value)"),
        ((None, None), True, ""),
    ],
)
def test_csharp_refuses_nan_unless_it_stands_for_what_is_missing(bounds, missing, refused):
    tensor = TensorSpec(
        name="x",
        dtype="float32",
        shape=["batch"],
        description="",
        unit="",
        minimum=bounds[0],
        maximum=bounds[1],
        labels=[],
        missing=missing,
    )
    assert make_view(tensor, "x", TensorNames("x", "X"), batched=True, axes={}).invalid_condition == refused


class TestAdapt:
    """A network's `adapt` sees the training split once, before training."""

    SOURCE = """
class Net(nn.Module):
    def __init__(self, **_):
        super().__init__()
        self.l = nn.Linear(10, 5)
        self.register_buffer("mean", torch.zeros(10))
        self.seen = 0

    def adapt(self, target, input):
        self.seen += 1
        self.mean = self.mean + input.mean(0) + self.seen

    def logits(self, input):
        return self.l(input - self.mean)

    def forward(self, input):
        return self.logits(input)
"""

    @pytest.fixture
    def trained(self, linear, configure, module, passes):
        """The mean that the checkpoint holds."""
        from safetensors.numpy import load_file

        def run(*overrides: str) -> np.ndarray:
            rng = np.random.default_rng(0)
            save(Path("rows.npz"), {"input": rng.random((60, 10), F32), "target": rng.integers(0, 5, 60)})
            own = f"model.net._target_={module(self.SOURCE)}.Net"
            configure("data=npz", "data.path=rows.npz", "train.enabled=true", "train.epochs=2", own, *overrides)
            passes("prepare")
            passes("train")
            return load_file("build/weights/checkpoint.safetensors")["mean"]

        return run

    def test_it_sees_the_training_split_once(self, trained):
        np.testing.assert_allclose(
            trained(), load(Path("build/data/train.npz"), "prepare")["input"].mean(0) + 1, rtol=1e-5
        )

    def test_weights_that_are_brought_are_left_alone(self, trained):
        from safetensors.numpy import save_file

        given = {"l.weight": np.zeros((5, 10), F32), "l.bias": np.zeros(5, F32), "mean": np.full(10, 7, F32)}
        save_file(given, "w.safetensors")
        np.testing.assert_array_equal(trained("model.weights=w.safetensors"), given["mean"])
