"""Where rows come from."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from pipeline.core.errors import PipelineError
from pipeline.data.sources import DIABETES, diabetes, digits, discs, multilingual, noise, npz, sentences, waves

RNG = partial(np.random.default_rng, 0)
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


def test_the_diabetes_target_may_be_the_table_s_own_number():
    from sklearn.datasets import load_diabetes

    values = diabetes(RNG(), classes=False)
    assert values["target"].tolist() == load_diabetes(return_X_y=True, scaled=False)[1].tolist()
    assert np.array_equal(values["bmi"], diabetes(RNG())["bmi"], equal_nan=True)


def test_the_diabetes_table_is_scikit_learn_s_but_for_what_is_left_out():
    from sklearn.datasets import load_diabetes

    ours, (table, progress) = diabetes(RNG()), load_diabetes(return_X_y=True, scaled=False)
    assert list(ours) == [*DIABETES, "target"]
    np.testing.assert_array_equal(ours["age"], table[:, 0])
    assert set(ours["sex"]) == {"1", "2"}
    left_out = [np.isnan(ours[name]).mean() for name in DIABETES[2:]]
    assert 0.01 < min(left_out) < max(left_out) < 0.1
    for place, name in enumerate(DIABETES[2:], start=2):
        kept = ~np.isnan(ours[name])
        np.testing.assert_array_equal(ours[name][kept], table[kept, place].astype(np.float32))
    np.testing.assert_array_equal(ours["target"], progress > np.median(progress))


def test_noise_keeps_the_range():
    rows = noise(RNG(), 100, {"input": [10]}, {"input": (3, 4)})["input"]
    assert (rows.shape, rows.dtype) == ((100, 10), np.float32)
    assert 3 <= rows.min() < rows.max() <= 4


@pytest.mark.parametrize("ranges", [{}, {"input": (None, None)}, {"other": (3, 4)}])
def test_noise_without_a_range_is_between_0_and_1(ranges):
    rows = noise(RNG(), 100, {"input": [10]}, ranges)["input"]
    assert 0 <= rows.min() < 0.1
    assert 0.9 < rows.max() <= 1


def test_waves_are_padded_with_zeros():
    made = waves(RNG(), 50, {"series": [40, 1]})
    assert made["series"].shape == (50, 40, 1)
    assert set(made["target"]) == {0, 1, 2}
    assert made["mask"].sum(axis=1).min() >= 8
    assert not made["series"][~made["mask"]].any()


def test_the_brightest_disc_lies_in_the_target_s_cell():
    made = discs(RNG(), 40, {"image": [48, 64, 3]})
    assert made["image"].dtype == np.uint8
    assert made["image"].shape == (40, 48, 64, 3)
    for image, target in zip(made["image"], made["target"], strict=True):
        lit = np.argwhere(image[..., 0] == 230)
        assert (lit.mean(axis=0) // (6, 8)).tolist() == [target // 8, target % 8]


def test_a_folder_has_a_file_for_each_label(folder):
    made = sentences(str(folder), [], RNG())
    assert made["text"].tolist() == ["bad", "awful ", "good"]
    assert made["target"].tolist() == [0, 0, 1]


def test_a_file_for_each_label_by_name(folder):
    made = sentences({"p": str(folder / "positive.txt"), "n": str(folder / "negative.txt")}, ["p", "n"], RNG())
    assert made["text"].tolist() == ["good", "bad", "awful "]
    assert made["target"].tolist() == [0, 1, 1]


def test_a_file_for_each_label_in_their_order(folder):
    made = sentences([str(folder / "positive.txt"), str(folder / "negative.txt")], ["p", "n"], RNG())
    assert made["target"].tolist() == [0, 1, 1]


def test_other_files_than_labels(folder):
    says = refused([str(folder / "positive.txt")], ["p", "n"])
    assert "data.path: expected a file for each of the labels ['p', 'n'] (model.outputs), got 1 files" in says


def test_a_byte_order_mark_is_no_text(folder):
    (folder / "positive.txt").write_bytes(b"\xef\xbb\xbfgood\n")
    assert sentences(str(folder), [], RNG())["text"][-1] == "good"


def refused(path: str | list[str] | dict[str, str], known: list[str] | None = None) -> str:
    with pytest.raises(PipelineError) as caught:
        sentences(path, known or [], RNG())
    return str(caught.value)


def test_a_line_separator_stands_within_a_sentence(folder):
    (folder / "positive.txt").write_bytes("so\u2028so\n".encode())
    assert sentences(str(folder), [], RNG())["text"][-1] == "so\u2028so"


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


def test_fewer_sentences_are_of_every_label(tmp_path):
    for label in ("negative", "positive"):
        (tmp_path / f"{label}.txt").write_text("".join(f"{label} {line}\n" for line in range(100)))
    made = sentences(str(tmp_path), [], RNG(), rows=40)
    assert len(made["text"]) == 40
    assert 10 <= made["target"].sum() <= 30
    assert all(text.startswith(("negative", "positive")[target]) for text, target in zip(*made.values(), strict=True))


def test_made_sentences_are_of_many_languages():
    made = multilingual(RNG(), 30)["text"]
    assert made.dtype == object
    assert len({text for text in made if not text.isascii()}) > 10


def test_an_archive_of_one_s_own(tmp_path):
    np.savez(tmp_path / "rows.npz", x=np.arange(5), text=np.array(list("abcde")), one=np.array(3))
    made = npz(str(tmp_path / "rows.npz"), rows=2)
    assert {name: array.tolist() for name, array in made.items()} == {"x": [0, 1], "text": ["a", "b"], "one": 3}


def test_no_archive(tmp_path):
    with pytest.raises(PipelineError, match=r"rows\.npz is missing: look at the setting data\.path"):
        npz(str(tmp_path / "rows.npz"))


def test_without_scikit_learn(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(PipelineError, match="data=digits needs scikit-learn, which is not installed: run `make setup`"):
        digits()
