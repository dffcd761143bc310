"""Where rows come from."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.core.errors import PipelineError
from pipeline.data.sources import DIABETES, diabetes, digits, noise, read, sentences, shapes
from pipeline.settings.params import Data

LABELS = {"negative": "bad\n\n  \nawful \r\n", "positive": "good\n"}


@pytest.fixture
def folder(tmp_path) -> Path:
    for label, content in LABELS.items():
        (tmp_path / f"{label}.txt").write_bytes(content.encode())
    return tmp_path


def test_the_digits_are_scikit_learn_s():
    from sklearn.datasets import load_digits

    ours, theirs = digits(), load_digits()
    np.testing.assert_array_equal(ours["pixels"], theirs.images.astype(np.float32))
    np.testing.assert_array_equal(ours["target"], theirs.target)


def test_the_diabetes_table_is_scikit_learn_s_but_for_what_is_left_out():
    from sklearn.datasets import load_diabetes

    ours, (table, progress) = diabetes(np.random.default_rng(0)), load_diabetes(return_X_y=True, scaled=False)
    assert list(ours) == [*DIABETES, "target"]
    np.testing.assert_array_equal(ours["age"], table[:, 0])
    assert set(ours["sex"]) == {"1", "2"}
    left_out = [np.isnan(ours[name]).mean() for name in DIABETES[2:]]
    assert 0.01 < min(left_out) < max(left_out) < 0.1
    for place, name in enumerate(DIABETES[2:], start=2):
        kept = ~np.isnan(ours[name])
        np.testing.assert_array_equal(ours[name][kept], table[kept, place].astype(np.float32))
    np.testing.assert_array_equal(ours["target"], progress > np.median(progress))


def test_noise_keeps_the_bounds(params):
    made = params("model=linear", "model.inputs.input.minimum=3", "model.inputs.input.maximum=4")
    rows = noise(made.data, made.model, np.random.default_rng(0))["input"]
    assert rows.shape == (100, 10)
    assert 3 <= rows.min() < rows.max() <= 4


def test_noise_without_bounds_is_between_0_and_1(params):
    made = params("model=linear", "model.inputs.input.minimum=null", "model.inputs.input.maximum=null")
    rows = noise(made.data, made.model, np.random.default_rng(0))["input"]
    assert 0 <= rows.min() < 0.1
    assert 0.9 < rows.max() <= 1


def test_the_brightest_disc_lies_in_the_target_s_cell(params):
    made = shapes(params("model=detector", "data.rows=40").data, np.random.default_rng(0))
    assert made["image"].dtype == np.uint8
    assert made["image"].shape == (40, 48, 64, 3)
    for image, target in zip(made["image"], made["target"], strict=True):
        lit = np.argwhere(image[..., 0] == 230)
        assert (lit.mean(axis=0) // (6, 8)).tolist() == [target // 8, target % 8]


def test_a_folder_has_a_file_for_each_label(folder):
    made = sentences(str(folder), [])
    assert made["text"].tolist() == ["bad", "awful ", "good"]
    assert made["target"].tolist() == [0, 0, 1]


def test_a_file_for_each_label_by_name(folder):
    made = sentences({"p": str(folder / "positive.txt"), "n": str(folder / "negative.txt")}, ["p", "n"])
    assert made["text"].tolist() == ["good", "bad", "awful "]
    assert made["target"].tolist() == [0, 1, 1]


def test_a_file_for_each_label_in_their_order(folder):
    made = sentences([str(folder / "positive.txt"), str(folder / "negative.txt")], ["p", "n"])
    assert made["target"].tolist() == [0, 1, 1]


def test_other_files_than_labels(folder):
    says = refused([str(folder / "positive.txt")], ["p", "n"])
    assert "data.path: expected a file for each of the labels ['p', 'n'] (model.outputs), got 1 files" in says


def test_a_byte_order_mark_is_no_text(folder):
    (folder / "positive.txt").write_bytes(b"\xef\xbb\xbfgood\n")
    assert sentences(str(folder), [])["text"][-1] == "good"


def refused(path: str | list[str] | dict[str, str], known: list[str] | None = None) -> str:
    with pytest.raises(PipelineError) as caught:
        sentences(path, known or [])
    return str(caught.value)


def test_text_that_is_not_utf_8(folder):
    (folder / "positive.txt").write_bytes("größer\n".encode("latin-1"))
    assert "positive.txt: expected UTF-8 text, got invalid start byte at byte 2" in refused(str(folder))


def test_one_label_alone(folder):
    (folder / "positive.txt").unlink()
    assert "for each of two labels or more, got ['negative']: there is nothing to tell apart" in refused(str(folder))


def test_no_folder(tmp_path):
    assert "for each of two labels or more, got none" in refused(str(tmp_path / "zzz"))


def test_a_label_without_sentences(folder):
    (folder / "positive.txt").write_text("\n \n")
    assert "positive.txt: expected sentences, one a line, got none" in refused(str(folder))


def test_a_file_that_is_not_there(folder):
    says = refused({"negative": str(folder / "negative.txt"), "positive": str(folder / "zzz.txt")})
    assert "zzz.txt: there is no such file" in says


def test_other_labels_than_the_model_s(folder):
    says = refused(str(folder), ["bad", "good"])
    assert (
        "expected a file for each of the labels ['bad', 'good'] (model.outputs), got ['negative', 'positive']" in says
    )


def test_fewer_sentences_are_of_every_label(params, tmp_path):
    for label in ("negative", "positive"):
        (tmp_path / f"{label}.txt").write_text("".join(f"{label} {line}\n" for line in range(100)))
    made = params("model=sentiment", f"data.path={tmp_path}", "data.rows=40")
    rows = read(made.data, made.model, np.random.default_rng(0))
    assert 10 <= rows["target"].sum() <= 30
    assert all(text.startswith(("negative", "positive")[target]) for text, target in zip(*rows.values(), strict=True))


def test_sentences_need_a_path(params):
    with pytest.raises(PipelineError, match=r"data=sentences needs data\.path="):
        params("model=sentiment", "data.path=null")


def test_shapes_need_rows(params):
    with pytest.raises(PipelineError, match=r"data=shapes needs data\.rows and data\.shapes"):
        params("model=detector", "data.rows=null")


def test_more_files_than_dvc_yaml_has_places_for(params):
    files = ", ".join(f"l{place}: f{place}" for place in range(9))
    with pytest.raises(PipelineError, match="expected 8 files at most, got 9: put them into one folder"):
        params("model=sentiment", f"data.path={{{files}}}")


def test_every_file_is_a_dependency(params):
    made = params("model=sentiment", "data.path={negative: /x/n, positive: /x/p}")
    assert made.files.data[:3] == ["/x/n", "/x/p", "LICENSE"]


def test_every_file_of_a_list_is_a_dependency(params):
    assert params("model=sentiment", "data.path=[/x/n, /x/p]").files.data[:3] == ["/x/n", "/x/p", "LICENSE"]


def test_every_vocabulary_is_a_dependency(params):
    assert params("model=sentiment", "+model.encoders.text.vocabulary=/x/v").files.vocabularies[:2] == [
        "/x/v",
        "LICENSE",
    ]


def test_a_data_section_of_its_own():
    with pytest.raises(ValueError, match="data=npz needs"):
        Data(source="npz", path={"a": "b"}, rows=None, shapes={}, validation=0.1, test=0.1)
