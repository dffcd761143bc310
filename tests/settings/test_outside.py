from pathlib import Path

from pipeline.settings.outside import SettingValue, find_files, find_targets


def test_files_are_named_by_settings_for_files(empty):
    section = {
        "path": {"negative": "bad.txt", "positive": "good.txt"},
        "weights": "w.pt",
        "tokenizer": {"file": "t.json", "inputs": {"ids": "x"}},
        "encoders": {"text": {"vocabulary": "v.txt", "kind": "words"}},
        "name": "digits",
        "size": 3,
        "none": None,
    }
    assert list(find_files(section, "s")) == [
        SettingValue("s.path.negative", "bad.txt"),
        SettingValue("s.path.positive", "good.txt"),
        SettingValue("s.weights", "w.pt"),
        SettingValue("s.tokenizer.file", "t.json"),
        SettingValue("s.encoders.text.vocabulary", "v.txt"),
    ]


def test_an_input_may_be_called_as_a_setting_for_files_is(empty):
    section = {
        "dynamic_axes": {"weights": {0: "batch"}},
        "inputs": {"path": {"description": "how it got here"}},
        "encoders": {"file": {"kind": "words", "vocabulary": "v.txt"}},
    }
    assert list(find_files(section, "model")) == [SettingValue("model.encoders.file.vocabulary", "v.txt")]


def test_a_list_of_files(empty):
    assert list(find_files({"path": ["a", "b"]}, "data")) == [
        SettingValue("data.path.0", "a"),
        SettingValue("data.path.1", "b"),
    ]


def test_any_existing_path_in_any_kwargs(empty):
    Path("pretrained").mkdir()
    Path("config.json").write_text("{}")
    section = {
        "net": {"kwargs": {"folder": "pretrained", "nested": {"config": ["config.json"]}, "mode": "fast"}},
        "mode": "pretrained",
    }
    assert list(find_files(section, "model")) == [
        SettingValue("model.net.kwargs.folder", "pretrained"),
        SettingValue("model.net.kwargs.nested.config.0", "config.json"),
    ]


def test_every_target():
    section = {"net": {"_target_": "a.B", "kwargs": {"inner": {"_target_": "c.D"}}}, "losses": [{"_target_": "e.f"}]}
    assert [target.value for target in find_targets(section, "model")] == ["a.B", "c.D", "e.f"]
