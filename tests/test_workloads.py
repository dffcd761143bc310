"""The workloads that ship, each trained a little and taken through all stages, through real .NET where there is an SDK."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.core.arrays import load
from pipeline.core.contract import load_contract
from pipeline.core.paths import TEST_SPLIT, TRAIN_SPLIT
from pipeline.dotnet import sdk
from pipeline.export.golden_calls import ODD_TEXT
from pipeline.graph.session import answer, open_session
from pipeline_runs import PROJECT, golden_inputs, golden_outputs, run_stages

pytestmark = pytest.mark.slow
AUTO = "verify.mode=auto"


@pytest.fixture(scope="module")
def sentiment_run(tmp_path_factory) -> Path:
    return run_stages(
        tmp_path_factory.mktemp("sentiment"), "model=sentiment", f"data.path={PROJECT}/data/reviews", AUTO
    )


@pytest.fixture(scope="module")
def tabular_run(tmp_path_factory) -> Path:
    return run_stages(tmp_path_factory.mktemp("tabular"), "model=tabular", AUTO)


@pytest.fixture(scope="module")
def progression_run(tmp_path_factory) -> Path:
    return run_stages(tmp_path_factory.mktemp("progression"), "model=progression", AUTO)


@pytest.fixture(scope="module")
def detector_run(tmp_path_factory) -> Path:
    return run_stages(tmp_path_factory.mktemp("detector"), "model=detector", "train.epochs=6", "data.rows=400", AUTO)


@pytest.fixture
def sentiment(sentiment_run, enter) -> Path:
    return enter(sentiment_run)


@pytest.fixture
def tabular(tabular_run, enter) -> Path:
    return enter(tabular_run)


@pytest.fixture
def detector(detector_run, enter) -> Path:
    return enter(detector_run)


def report(name: str) -> dict:
    return json.loads(Path(f"reports/{name}.json").read_text())


@pytest.mark.parametrize(("workload", "least"), [("sentiment", 0.8), ("tabular", 0.65), ("detector", 0.8)])
def test_it_learns_and_is_proven(workload, least, request):
    request.getfixturevalue(workload)
    parity, dotnet = report("parity"), report("dotnet")
    assert parity["passed"]
    assert parity["task"]["simplify"] == parity["task"]["eager"] >= least
    if sdk.version(sdk.find()) is None:
        assert dotnet["reason"].startswith("there is no .NET SDK")
        pytest.skip("there is no .NET SDK: the rest was checked")
    assert dotnet["verified"], dotnet["reason"]


def test_a_regression_learns_and_is_proven(progression_run, enter):
    """The table's own standard deviation is 77."""
    enter(progression_run)
    parity, dotnet = report("parity"), report("dotnet")
    assert parity["passed"]
    assert (parity["task"]["metric"], parity["task"]["direction"]) == ("rmse", "lower")
    assert parity["task"]["simplify"] == pytest.approx(parity["task"]["eager"], rel=1e-5)
    assert parity["task"]["eager"] < 65
    assert dotnet["verified"] or dotnet["reason"].startswith("there is no .NET SDK")


def test_sentiment_takes_text(sentiment):
    (text,) = load_contract().inputs
    assert (text.dtype, text.shape) == ("string", ["batch"])


def test_sentiment_s_odd_text_is_golden(sentiment):
    asked = golden_inputs()["odd-text"]["text"]
    assert asked.tolist() == list(ODD_TEXT)
    for words in range(4):
        assert golden_inputs()[f"{words}-words"]["text"].tolist() == [" ".join(["good"] * words)]


def test_sentiment_answers_a_text_alike_whatever_stands_beside_it(sentiment):
    session = open_session(Path("build/simplified/model.onnx"))
    rows = load(TEST_SPLIT, "prepare")["text"][:20]
    together = answer(session, {"text": np.append(rows, "word " * 5000)})["probabilities"][:20]
    alone = np.concatenate([answer(session, {"text": rows[place : place + 1]})["probabilities"] for place in range(20)])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_sentiment_knows_good_from_bad(sentiment):
    session = open_session(Path("build/simplified/model.onnx"))
    asked = np.array(["An EXCELLENT meal, friendly staff!", "A terrible, boring film..."])
    assert answer(session, {"text": asked})["label"].tolist() == [1, 0]


def test_tabular_s_columns_are_inputs_of_their_own(tabular):
    assert {tensor.name: tensor.dtype for tensor in load_contract().inputs} == {
        "age": "int64",
        "sex": "string",
        **dict.fromkeys(("bmi", "pressure", "tc", "ldl", "hdl", "tch", "ltg", "glu"), "float32"),
    }


def test_tabular_answers_where_all_is_missing_or_unknown(tabular):
    cases = golden_inputs()
    answers = golden_outputs()
    assert np.isnan(cases["missing"]["bmi"]).all()
    assert "qzxv" in cases["odd-text"]["sex"]
    for case in ("missing", "odd-text"):
        np.testing.assert_allclose(answers[case]["probabilities"].sum(axis=1), 1, rtol=1e-5)


def test_a_missing_value_counts_as_the_median(tabular):
    session = open_session(Path("build/simplified/model.onnx"))
    row = {name: array[:1] for name, array in load(TEST_SPLIT, "prepare").items() if name != "target"}
    train = load(TRAIN_SPLIT, "prepare")["bmi"]
    given = answer(session, row | {"bmi": np.array([np.nanmedian(train)], np.float32)})["probabilities"]
    missing = answer(session, row | {"bmi": np.array([np.nan], np.float32)})["probabilities"]
    np.testing.assert_allclose(missing, given, atol=0.3)  # but the network is told that it was missing


def test_detector_s_outputs_differ_in_length(detector):
    shapes = {tensor.name: tensor.shape for tensor in load_contract().outputs}
    assert shapes == {"cell": ["batch"], "boxes": ["batch", 3, 4], "scores": ["batch", 3]}


@pytest.mark.parametrize(("height", "width"), [(8, 8), (31, 17), (480, 640)])
def test_detector_finds_the_disc_in_a_picture_of_any_size(height, width, detector):
    y, x = np.mgrid[:height, :width]
    inside = (((y + 0.5) / height - 5.5 / 8) ** 2 + ((x + 0.5) / width - 2.5 / 8) ** 2) ** 0.5 < 1 / 16
    image = np.where(inside[..., None], 230, 40).astype(np.uint8).repeat(3, axis=-1)
    found = answer(open_session(Path("build/simplified/model.onnx")), {"image": image[None]})
    assert found["cell"][0] == 5 * 8 + 2
    np.testing.assert_allclose(
        found["boxes"][0, 0], [2 * width / 8, 5 * height / 8, 3 * width / 8, 6 * height / 8], rtol=1e-5
    )
