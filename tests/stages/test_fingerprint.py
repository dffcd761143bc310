import json
import os
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from pipeline.core.arrays import save
from pipeline.core.contract import load_contract
from pipeline.core.paths import (
    DATA_FINGERPRINT,
    DEPARTURE,
    DOTNET_FINGERPRINT,
    FINGERPRINT,
    LIBRARIES_FINGERPRINT,
    NETWORK_FINGERPRINT,
    RELEASE_FINGERPRINT,
    RELEASED,
)
from pipeline.core.release import read_release_fingerprint, write_release
from pipeline.core.target_runtime import TargetRuntime, read_target
from pipeline.dotnet import sdk
from pipeline.runtimes.wheels import Wheel
from pipeline.settings.source_code import search_path
from pipeline.stages import fingerprint
from pipeline.stages.fingerprint import library_version
from sample_releases import CONTENT, released

NET = "import torch\nfrom layers import Layer\n\nclass Net(torch.nn.Linear):\n    pass\n"


MINE = (
    "model=custom",
    "model.net._target_=nets.Net",
    "model.weights=weights.safetensors",
    "data.path=rows.npz",
    "model.dynamic_axes={x: {0: batch}}",
    "model.net.kwargs={in_features: 3, out_features: 2}",
)


@pytest.fixture
def mine(linear, passes):
    """The linear model's folder with a network, weights and data of one's own."""
    search_path.cache_clear()
    Path("nets.py").write_text(NET)
    Path("layers.py").write_text("import deeper\n\nclass Layer: pass\n")
    Path("deeper.py").write_text("")
    Path("weights.safetensors").write_bytes(b"w")
    save(Path("rows.npz"), {"x": np.zeros((4, 3), np.float32)})
    passes("params", *MINE)
    passes("fingerprint")
    yield linear
    search_path.cache_clear()


def content() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in FINGERPRINT.iterdir()}


def changed(passes, before: dict[str, bytes]) -> list[str]:
    """Which fingerprints are others now; the checksums aside."""
    passes("fingerprint")
    now = content()
    return [name for name in sorted(now) if now[name] != before[name] and name != "SHA256SUMS"]


def test_a_file_a_kind(mine):
    assert sorted(content()) == [
        "SHA256SUMS",
        "data.json",
        "dotnet.json",
        "libraries.json",
        "network.json",
        "release.json",
        "target.json",
        "task.json",
    ]
    network = json.loads(NETWORK_FINGERPRINT.read_text())
    assert list(network["files"]) == ["model.weights"]
    assert list(network["code"]["model.net._target_"]) == ["deeper", "layers", "nets", "torch"]
    assert "data.path" in json.loads(DATA_FINGERPRINT.read_text())["files"]
    assert "torch" in json.loads(LIBRARIES_FINGERPRINT.read_text())
    assert json.loads(DOTNET_FINGERPRINT.read_text()) == {"sdk": sdk.version(sdk.find()) or "none"}


def test_nothing_changed_gives_the_same_bytes(mine, passes):
    os.utime("weights.safetensors", ns=(1, 1))
    before = content()
    assert changed(passes, before) == []
    assert content() == before


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("rows.npz", "data.json"),
        ("weights.safetensors", "network.json"),
        ("nets.py", "network.json"),
        ("layers.py", "network.json"),
        ("deeper.py", "network.json"),
    ],
)
def test_an_edit_changes_the_fingerprint_of_its_kind_alone(file, kind, mine, passes):
    before = content()
    path = Path(file)
    path.write_bytes(path.read_bytes() + b"\n")
    assert changed(passes, before) == [kind]


def test_a_card_names_no_files_whatever_its_titles(mine, passes):
    before = content()
    passes("params", *MINE, "model.card={weights: See the paper., file: None.}")
    assert changed(passes, before) == []


def test_an_edit_of_the_metric_trains_nothing_again(mine, passes):
    """`validate` and `export` depend on task.json, `train` does not."""
    metric = Path("rates.py")
    metric.write_text("def rate(answers, target): return 0.0\n")
    passes("params", *MINE, "model.task={metric: {_target_: rates.rate}, output: output, direction: higher}")
    passes("fingerprint")
    before = content()
    metric.write_text("def rate(answers, target): return 1.0\n")
    assert changed(passes, before) == ["task.json"]


@pytest.mark.parametrize(
    "setting", ["train.loss={_target_: rates.rate}", "train.monitor={_target_: rates.rate, direction: lower}"]
)
def test_an_edit_of_the_loss_or_the_monitor_trains_again(setting, mine, passes):
    metric = Path("rates.py")
    metric.write_text("def rate(answers, target): return 0.0\n")
    passes("params", *MINE, setting)
    passes("fingerprint")
    before = content()
    metric.write_text("def rate(answers, target): return 1.0\n")
    assert changed(passes, before) == ["network.json"]


def test_an_edit_of_another_model_changes_nothing(mine, passes):
    before = content()
    Path("unrelated.py").write_text("x = 1\n")
    assert changed(passes, before) == []


def test_a_path_counts_by_what_is_there(mine, passes):
    before = content()
    Path("moved").mkdir()
    Path("rows.npz").rename("moved/rows.npz")
    passes(
        "params",
        "model=custom",
        "model.net._target_=nets.Net",
        "model.weights=weights.safetensors",
        "data.path=moved/rows.npz",
        "model.dynamic_axes={x: {0: batch}}",
        "model.net.kwargs={in_features: 3, out_features: 2}",
    )
    assert changed(passes, before) == []


def test_a_pretrained_folder_in_kwargs(mine, passes):
    Path("pretrained").mkdir()
    Path("pretrained/config.json").write_text("{}")
    passes("params", "model=linear", "+model.net.kwargs.folder=pretrained")
    passes("fingerprint")
    before = content()
    Path("pretrained/config.json").write_text("{ }")
    assert changed(passes, before) == ["network.json"]


def test_an_installed_network_counts_by_its_library_s_version(linear):
    code = json.loads(NETWORK_FINGERPRINT.read_text())["code"]["model.net._target_"]
    assert list(code) == ["torch"]


@pytest.mark.parametrize(
    ("module", "distribution"),
    [("torch", "torch"), ("sklearn", "scikit-learn"), ("yaml", "pyyaml"), ("pipeline", None), ("no_such_module", None)],
)
def test_the_version_of_a_library(module, distribution):
    assert library_version(module) == (distribution and version(distribution))


def test_a_source_of_the_project_s_own_is_no_library(linear):
    assert json.loads(DATA_FINGERPRINT.read_text())["code"]["data._target_"] == {}


def test_an_sdk_that_appears(mine, passes, monkeypatch):
    before = content()
    monkeypatch.setattr(sdk, "version", lambda _: "99.0.100")
    assert changed(passes, before) == ["dotnet.json"]


def test_conf_that_was_edited(linear, fails):
    path = Path("conf/train/default.yaml")
    path.write_text(path.read_text().replace("epochs: 40", "epochs: 39"))
    said = fails("fingerprint")
    assert "params.yaml was composed from another conf/" in said
    assert "`python -m pipeline params [your overrides]`, or run `dvc exp run [-S your overrides]`" in said


def test_data_that_is_not_there(mine, fails):
    Path("rows.npz").unlink()
    assert "data.path=rows.npz: there is no such file or folder; give another, or get it with `dvc pull`" in fails(
        "fingerprint"
    )


def test_a_killed_run_s_leftovers_go(mine, passes):
    (FINGERPRINT.parent / ".fingerprint.999999999.tmp").mkdir()
    passes("fingerprint")
    assert [path.name for path in FINGERPRINT.parent.glob(".fingerprint*")] == []


def test_without_a_target_it_is_the_installed_runtime(linear):
    assert read_target() == TargetRuntime(target=None, onnxruntime=version("onnxruntime"))


def test_a_target_that_the_environment_has_needs_no_other_wheel(linear, configure, passes):
    minor = ".".join(version("onnxruntime").split(".")[:2])
    configure(f"target=onnxruntime-{minor}")
    passes("fingerprint")
    assert read_target().target == f"onnxruntime-{minor}"


def test_a_new_wheel_of_the_target_changes_nothing_else(linear, configure, passes, monkeypatch):
    monkeypatch.setattr(fingerprint, "require_wheel", lambda *_: Wheel("1.18.0", Path("a")))
    configure("target=onnxruntime-1.18")
    passes("fingerprint")
    before = content()
    monkeypatch.setattr(fingerprint, "require_wheel", lambda *_: Wheel("1.18.1", Path("b")))
    assert changed(passes, before) == ["target.json"]
    assert read_target() == TargetRuntime(target="onnxruntime-1.18", onnxruntime="1.18.1")


def test_a_target_whose_wheel_is_not_there(linear, configure, fails, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    configure("target=onnxruntime-1.16.0")
    said = fails("fingerprint")
    assert "target=onnxruntime-1.16.0: expected the wheel of onnxruntime 1.16.0 for Python 3." in said
    assert "install it with `python -m pipeline compat --install 1.16.0`" in said


def test_what_locate_wrote_of_the_build_before_goes(linear, passes):
    DEPARTURE.mkdir(parents=True)
    (DEPARTURE / "smallest.onnx").write_bytes(b"o")
    passes("fingerprint")
    assert not DEPARTURE.exists()


def test_a_release_reaches_what_packs_and_nothing_else(mine, passes):
    assert json.loads(RELEASE_FINGERPRINT.read_text()) == {"release": None}
    before = content()
    contract = load_contract().model_copy(update={"name": "custom"})
    write_release(released("1.2.3", replace(CONTENT, package_id="Custom", contract=contract)), RELEASED / "Custom.json")
    assert changed(passes, before) == ["release.json"]
    assert read_release_fingerprint().version == "1.2.3"


def test_the_line_says_what_is_released(linear, passes):
    assert passes("fingerprint").endswith(", nothing released\n")
