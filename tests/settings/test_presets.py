"""What was set beside a model's presets, as a name says it."""

import pytest
from ruamel.yaml import YAML

from pipeline.settings.compose import compose_text
from pipeline.settings.presets import list_changes


@pytest.mark.parametrize(
    ("overrides", "changes"),
    [
        ([], []),
        (["model=linear"], []),
        (["model=sentiment"], []),
        (["model=progression"], []),
        (["train.epochs=5", "model.net.kwargs.width=8"], ["width=8", "epochs=5"]),
        (["experiment=digits_wide"], ["width=64", "epochs=60", "lr=0.0015"]),
        # Called so in one section alone, or in several.
        (["seed=3", "parity.rtol=0.001"], ["seed=3", "parity.rtol=0.001"]),
        # Another choice of a group is one word.
        (["model=sequence", "data=npz", "data.path=a.npz"], ["data=npz", "path=a.npz"]),
        (["model=sentiment", "train=default"], ["train=default"]),
        (["model.weights=/home/me/w.safetensors"], ["weights=w.safetensors"]),
        (["parity.exempt={label: ties}"], ["exempt={label}"]),
        (["model=custom", "model.net._target_=my.Net", "data.path=a.npz"], ["net._target_=my.Net", "path=a.npz"]),
        # Where it is published, how it is described, and what only .NET is asked.
        (["publish.alias=x", "model.name=y", "model.description=z", "+model.card={A: b}", "verify.mode=off"], []),
    ],
)
def test_changes(overrides: list[str], changes: list[str]) -> None:
    assert list_changes(YAML(typ="safe").load(compose_text(overrides))) == changes


def test_a_long_value_is_cut() -> None:
    settings = YAML(typ="safe").load(compose_text(["train.launcher=accelerate launch --num_processes 4"]))
    assert list_changes(settings) == ["launcher=accelerate launch --num_…"]
