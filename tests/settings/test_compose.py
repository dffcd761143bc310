import shutil
from pathlib import Path

import pytest

from pipeline.core.errors import PipelineError
from pipeline.settings.compose import NOTHING, PROJECT, compose, dependency, fingerprint, source

CONF = PROJECT / "conf"
CHOICES = [(path.parent.name, path.stem) for path in sorted(CONF.glob("*/*.yaml"))]


@pytest.mark.parametrize(("group", "choice"), CHOICES)
def test_every_choice_is_a_valid_configuration(group, choice, params):
    own = ["data.path=rows.npz"]
    needs = {"npz": own, "custom": [*own, "model.net._target_=mine.Net"]}.get(choice, [])
    assert params(f"{group}={choice}", *needs).conf_hash == fingerprint()


def test_a_model_brings_the_data_and_the_training_that_suit_it(params):
    made = params("model=linear")
    assert (made.data.source, made.train.enabled, made.publish.experiment) == ("random", False, "linear")


def test_an_override_beats_the_model_s_own_choice(params):
    assert params("model=linear", "data=digits").data.source == "digits"


@pytest.mark.parametrize("overrides", [[], ["train.epochs=5", "model=linear"], ["export.golden_batches=[1,2]"]])
def test_same_bytes_as_dvc_exp_run(overrides, tmp_path):
    from dvc.utils.hydra import compose_and_dump

    compose(overrides, tmp_path / "ours.yaml")
    compose_and_dump(str(tmp_path / "dvcs.yaml"), str(CONF), None, "config", str(PROJECT), overrides)
    assert (tmp_path / "ours.yaml").read_bytes() == (tmp_path / "dvcs.yaml").read_bytes()


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("train.epoch=5", "train.epoch: there is no such setting; did you mean 'train.epochs'?"),
        ("epochs=5", "epochs: there is no such setting; did you mean 'train.epochs'?"),
        ("dta=npz", "dta: there is no such setting; did you mean 'data'?"),
        ("model=digts", "model=digts: there is no such choice; did you mean 'digits'?"),
        ("model=zzz", "model=zzz: there is no such choice; expected one of custom, detector, digits, linear"),
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
        compose(["data.shapes={other: [3]}"], tmp_path / "params.yaml")
    assert "did you mean 'data.shapes'" not in str(caught.value)


@pytest.fixture
def conf(tmp_path) -> Path:
    return Path(shutil.copytree(CONF, tmp_path / "conf"))


def test_fingerprint_sees_an_edit(conf):
    before = fingerprint(conf)
    path = conf / "train" / "default.yaml"
    path.write_text(path.read_text() + "# a comment\n")
    assert fingerprint(conf) != before


def test_fingerprint_sees_a_new_name(conf):
    before = fingerprint(conf)
    (conf / "train" / "default.yaml").rename(conf / "train" / "other.yaml")
    assert fingerprint(conf) != before


def test_fingerprint_sees_a_moved_boundary(tmp_path):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder, (a, b) in zip(folders, (("xb.yaml", ""), ("x", "b.yaml")), strict=True):
        folder.mkdir()
        (folder / "a.yaml").write_text(a)
        (folder / "b.yaml").write_text(b)
    assert fingerprint(folders[0]) != fingerprint(folders[1])


def test_fingerprint_is_the_same_on_windows(conf):
    before = fingerprint(conf)
    for path in conf.rglob("*.yaml"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert fingerprint(conf) == before


def test_fingerprint_leaves_other_files_alone(conf):
    before = fingerprint(conf)
    (conf / "README.md").write_text("notes")
    assert fingerprint(conf) == before


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("my_nets.Pitch", "my_nets.py"),
        ("folder.nets.Pitch", "folder"),
        ("models.digits.DigitsNet", NOTHING),
        ("torch.nn.Linear", NOTHING),
    ],
)
def test_the_network_s_own_source_is_a_dependency(target, expected, tmp_path):
    (tmp_path / "my_nets.py").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "models").mkdir()
    assert source(target, tmp_path) == expected


@pytest.mark.parametrize(("path", "expected"), [("/x/w.pt", "/x/w.pt"), (None, NOTHING), ("???", NOTHING)])
def test_files_of_one_s_own_are_dependencies(path, expected):
    assert dependency(path) == expected


def test_params_name_them(params):
    made = params(
        "model=custom", "model.net._target_=models.digits.DigitsNet", "data.path=/x/rows.npz", "model.weights=/x/w.pt"
    )
    assert made.files.model_dump() == {
        "data": ["/x/rows.npz", *[NOTHING] * 7],
        "vocabularies": [NOTHING] * 8,
        "weights": "/x/w.pt",
        "network": NOTHING,
        "tokenizer": NOTHING,
    }
