"""The test split in .NET: the parts that the program is asked, and what is made of its answers."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.compare.policy import Policy, Tolerance
from pipeline.core.arrays import Arrays, load, save
from pipeline.core.contract import Contract, Task, load_contract
from pipeline.core.dotnet_report import DotnetTask
from pipeline.core.errors import PipelineError
from pipeline.core.paths import GOLDEN_TEST_SPLIT, TEST_SPLIT
from pipeline.dotnet.nuget import golden_files
from pipeline.dotnet.proof.split_answers import (
    GoldenSplit,
    compare_split,
    describe_split,
    read_split,
    score_split,
    write_inputs,
    write_split,
)
from pipeline.parity.gate import explain_failure
from pipeline.settings.short_names import METRICS
from pipeline_runs import reseal

EXACT = Policy(Tolerance(0.0, 0.0))
ROWS = 300
TASK = Task(metric="accuracy", target=METRICS["accuracy"], direction="higher", output="k")
ANSWERS = {"y": np.arange(2 * ROWS, dtype=np.float32).reshape(ROWS, 2), "k": np.arange(ROWS)}


@pytest.fixture
def split() -> GoldenSplit:
    """More rows than a part takes; every third target is another than the answer."""
    return GoldenSplit(ANSWERS, np.where(np.arange(ROWS) % 3, ANSWERS["k"], -1))


@pytest.fixture
def answers(tmp_path: Path, split: GoldenSplit) -> Path:
    """What a faultless program writes."""
    for number, rows in enumerate(split.parts()):
        for place, array in enumerate(ANSWERS.values()):
            (tmp_path / f"test.0.{number:03}.{place}.bin").write_bytes(golden_files.encode(array[rows]))
    return tmp_path


def judged(answers: Path, split: GoldenSplit) -> str:
    return explain_failure(compare_split(read_split(answers, split), split, "batch", EXACT))


def test_a_part_is_no_larger_than_a_call_may_be(split: GoldenSplit) -> None:
    assert split.parts() == [slice(0, 256), slice(256, 300)]


def test_faultless(answers: Path, split: GoldenSplit) -> None:
    comparisons = compare_split(read_split(answers, split), split, "batch", EXACT)
    assert explain_failure(comparisons) == ""
    assert [(one.way, one.case, one.batch, one.output, one.values) for one in comparisons] == [
        ("batch", "test", ROWS, "y", 2 * ROWS),
        ("batch", "test", ROWS, "k", ROWS),
    ]


def test_a_wrong_value_has_its_row_of_the_whole_split(answers: Path, split: GoldenSplit) -> None:
    wrong = ANSWERS["k"][256:].copy()
    wrong[4] = 7
    (answers / "test.0.001.1.bin").write_bytes(wrong.tobytes())
    assert "way in 'batch', output 'k', row 260: expected 260, got 7" in judged(answers, split)


def test_a_part_that_is_missing(answers: Path, split: GoldenSplit) -> None:
    (answers / "test.0.001.0.bin").unlink()
    assert "output 'y' is missing" in judged(answers, split)


def test_a_part_of_too_few_rows(answers: Path, split: GoldenSplit) -> None:
    (answers / "test.0.001.1.bin").write_bytes(ANSWERS["k"][256:299].tobytes())
    assert "output 'k': expected shape (300,), got (43,)" in judged(answers, split)


def contract_with(task: Task | None) -> Contract:
    return Contract.model_construct(task=task)


def test_the_metric_of_both(split: GoldenSplit) -> None:
    got = {"k": np.where(np.arange(ROWS) < 3, -1, ANSWERS["k"])}
    task = score_split(got, split, contract_with(TASK))
    assert task is not None
    assert (task.metric, task.rows, task.eager, task.dotnet) == ("accuracy", ROWS, 200 / 300, 199 / 300)
    assert task.paired is not None
    assert (task.paired.changed, task.paired.worse, task.paired.better) == (3, 2, 1)


def test_no_metric_without_a_task(split: GoldenSplit) -> None:
    assert score_split(ANSWERS, split, contract_with(None)) is None


@pytest.mark.parametrize("got", [{}, {"k": ANSWERS["k"][:3]}], ids=["missing", "too few rows"])
def test_no_metric_of_an_exempt_output_that_is_no_answer(got: Arrays, split: GoldenSplit) -> None:
    assert score_split(got, split, contract_with(TASK)) is None


def test_no_metric_without_a_target() -> None:
    assert score_split(ANSWERS, GoldenSplit(ANSWERS, None), contract_with(TASK)) is None


@pytest.mark.parametrize(
    ("task", "text"),
    [
        (None, "1,200 test rows"),
        (
            DotnetTask(metric="accuracy", rows=1200, eager=0.5, dotnet=0.25),
            "1,200 test rows, accuracy 0.2500 (PyTorch 0.5000)",
        ),
    ],
)
def test_the_console_line(task: DotnetTask | None, text: str) -> None:
    assert describe_split(1200, task) == text


@pytest.mark.parametrize(("batched", "shapes"), [(True, [[2, 3], [1, 3]]), (False, [[3], [3]])])
def test_shapes_are_those_of_a_call(tmp_path: Path, batched: bool, shapes: list[list[int]]) -> None:
    write_inputs(tmp_path / "split", {"x": np.zeros((3, 3))}, [slice(0, 2), slice(2, 3)], batched)
    index = json.loads((tmp_path / "split/golden.json").read_text())
    assert [entry["inputs"][0]["shape"] for entry in index] == shapes
    assert [entry["batch"] for entry in index] == [2, 1]


def test_every_row_of_the_split_is_written(linear: Path) -> None:
    split = write_split(linear / "split", load_contract())
    entries = json.loads(Path("split/golden.json").read_text())
    data = b"".join(Path("split", entry["inputs"][0]["file"]).read_bytes() for entry in entries)
    rows = load(TEST_SPLIT, made_by="prepare")
    assert data == rows[entries[0]["inputs"][0]["name"]].tobytes()
    assert split.target is None
    for name, array in load(GOLDEN_TEST_SPLIT, made_by="export").items():
        np.testing.assert_array_equal(split.answers[name], array)


def test_the_target_is_kept(linear: Path) -> None:
    rows = load(TEST_SPLIT, made_by="prepare")
    target = np.arange(len(next(iter(rows.values()))))
    save(TEST_SPLIT, {**rows, "target": target})
    reseal(TEST_SPLIT)
    np.testing.assert_array_equal(write_split(linear / "split", load_contract()).target, target)


def test_an_input_that_the_split_lacks(linear: Path) -> None:
    save(TEST_SPLIT, {"other": np.zeros(3)})
    reseal(TEST_SPLIT)
    with pytest.raises(PipelineError, match=r"test.npz: expected the input '\w+' of build/golden/contract.json, got"):
        write_split(linear / "split", load_contract())


def test_rows_that_pytorch_was_not_asked(linear: Path) -> None:
    rows = load(TEST_SPLIT, made_by="prepare")
    save(TEST_SPLIT, {name: array[:3] for name, array in rows.items()})
    reseal(TEST_SPLIT)
    with pytest.raises(PipelineError, match=r"test.npz: expected the \d+ rows that build/golden/test.npz .* got 3 of"):
        write_split(linear / "split", load_contract())
