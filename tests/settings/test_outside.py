from pathlib import Path

from pipeline.settings.outside import Named, named_files, named_targets


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
    assert list(named_files(section, "s")) == [
        Named("s.path.negative", "bad.txt"),
        Named("s.path.positive", "good.txt"),
        Named("s.weights", "w.pt"),
        Named("s.tokenizer.file", "t.json"),
        Named("s.encoders.text.vocabulary", "v.txt"),
    ]


def test_a_list_of_files(empty):
    assert list(named_files({"path": ["a", "b"]}, "data")) == [Named("data.path.0", "a"), Named("data.path.1", "b")]


def test_any_existing_path_in_any_kwargs(empty):
    Path("pretrained").mkdir()
    Path("config.json").write_text("{}")
    section = {
        "net": {"kwargs": {"folder": "pretrained", "nested": {"config": ["config.json"]}, "mode": "fast"}},
        "mode": "pretrained",
    }
    assert list(named_files(section, "model")) == [
        Named("model.net.kwargs.folder", "pretrained"),
        Named("model.net.kwargs.nested.config.0", "config.json"),
    ]


def test_every_target():
    section = {"net": {"_target_": "a.B", "kwargs": {"inner": {"_target_": "c.D"}}}, "losses": [{"_target_": "e.f"}]}
    assert [named.value for named in named_targets(section, "model")] == ["a.B", "c.D", "e.f"]
