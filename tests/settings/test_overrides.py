import pytest
from ruamel.yaml import YAML

from pipeline.settings.compose import compose
from pipeline.settings.overrides import explain_change, flatten


@pytest.fixture
def composed(tmp_path):
    """Compose the project's own conf/ with overrides, as params.yaml holds it."""

    def make(*overrides: str) -> dict:
        compose(list(overrides), tmp_path / "params.yaml")
        return YAML(typ="safe").load(tmp_path / "params.yaml")

    return make


@pytest.mark.parametrize(
    "typed",
    [
        [],
        ["train.lr=0.1"],
        ["package.id=Foo"],
        ["export.golden_batches=[1, 4]"],
        # A choice stands for all that it brings, the data and the training of a model too.
        ["model=linear"],
        ["model=linear", "export.opset=18"],
        ["model=sentiment", "seed=4", "train.epochs=3"],
        ["model=custom", "model.net._target_=nets.Pitch", "data.path=inputs.npz"],
        # One setting says more than the choice that would bring it.
        ["train.enabled=false"],
        # A setting that agrees with a choice by chance is not that choice.
        ["train.epochs=6"],
    ],
    ids=lambda typed: " ".join(typed) or "nothing",
)
def test_what_was_typed_comes_back(typed, composed):
    assert explain_change(composed(), composed(*typed)) == typed


def test_a_value_that_was_null_comes_back_as_null(composed):
    assert explain_change(composed("package.id=Foo"), composed()) == ["package.id=null"]


def test_the_way_back_to_the_default_model_is_its_choice(composed):
    assert explain_change(composed("model=linear"), composed()) == ["model=digits"]


def test_what_both_were_set_to_is_not_said(composed):
    assert explain_change(composed("train.lr=0.1"), composed("train.lr=0.1", "model=tabular")) == ["model=tabular"]


def test_a_choice_beside_a_model_that_was_chosen_before(composed):
    before = composed("model=sentiment")
    assert explain_change(before, composed("model=sentiment", "train=default")) == ["train=default"]


def test_a_setting_that_a_choice_would_have_brought_is_said_when_it_was_set(composed):
    after = composed("model=linear", "publish.registered_model=x")
    assert explain_change(composed(), after) == ["model=linear", "publish.registered_model=x"]


def test_a_setting_that_is_gone():
    assert explain_change({"train": {"lr": 1, "old": 2}}, {"train": {"lr": 1}}) == ["~train.old"]


def test_computed_settings_are_nobody_s_change():
    assert explain_change({"conf_hash": "a", "files": {"data": "x"}}, {"conf_hash": "b", "files": {}}) == []


def test_a_choice_that_says_the_sections_itself(tmp_path):
    """As `# @package _global_` does: a file that fixes several groups."""
    conf = tmp_path / "conf"
    for path, text in {
        "config.yaml": "defaults: [_self_, {train: default}, {export: default}, {experiment: none}]\n",
        "train/default.yaml": "{lr: 1, epochs: 2}\n",
        "export/default.yaml": "{opset: 20}\n",
        "experiment/none.yaml": "{}\n",
        "experiment/fast.yaml": "# @package _global_\n{train: {lr: 5, epochs: 1}, export: {opset: 18}}\n",
    }.items():
        (conf / path).parent.mkdir(exist_ok=True, parents=True)
        (conf / path).write_text(text)
    before = {"train": {"lr": 1, "epochs": 2}, "export": {"opset": 20}, "experiment": {}}
    after = {"train": {"lr": 5, "epochs": 1}, "export": {"opset": 18}, "experiment": {}}
    assert explain_change(before, after, tmp_path) == ["experiment=fast"]


def test_a_choice_that_cannot_be_composed_is_said_by_its_settings(tmp_path):
    (tmp_path / "conf" / "train").mkdir(parents=True)
    (tmp_path / "conf" / "config.yaml").write_text("defaults: [_self_, {train: default}]\n")
    (tmp_path / "conf" / "train" / "default.yaml").write_text("{lr: 1, epochs: 2}\n")
    (tmp_path / "conf" / "train" / "odd.yaml").write_text("{lr: 5, epochs: 1, rows: '${nowhere}'}\n")
    before, after = {"train": {"lr": 1, "epochs": 2}}, {"train": {"lr": 5, "epochs": 1, "rows": 3}}
    assert explain_change(before, after, tmp_path) == ["train.lr=5", "train.epochs=1", "train.rows=3"]


def test_flat_settings_keep_lists_and_empty_mappings_whole():
    assert flatten({"a": {"b": [1, {"c": 2}], "d": {}}, 0: "batch"}) == {"a.b": [1, {"c": 2}], "a.d": {}, "0": "batch"}
