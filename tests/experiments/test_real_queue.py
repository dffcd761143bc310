"""A queue of real experiments, one of which must fail, as a user compares and draws them."""

import pytest
from test_e2e import Clone

from pipeline.core.terminal import WIDTH

pytestmark = pytest.mark.slow
# Real .NET has tests of its own.
UNVERIFIED = ("-S", "verify.mode=off")
LINEAR = ("-S", "model=linear")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    project = Clone(tmp_path_factory.mktemp("queue"))
    project.call("dvc", "exp", "run", "--queue", "-n", "older", *LINEAR, "-S", "export.opset=18", *UNVERIFIED)
    project.call("dvc", "exp", "run", "--queue", "-n", "exact", *LINEAR, "-S", "parity.rtol=0", "-S", "parity.atol=0")
    project.call("dvc", "exp", "run", "--run-all")
    project.call("dvc", "exp", "run", "--queue", "-n", "later", "-S", "train.epochs=5")
    return project


@pytest.fixture(scope="module")
def printed(clone: Clone) -> str:
    return clone.call("python", "-m", "pipeline", "compare").stdout


def line(printed: str, start: str) -> str:
    return next(each for each in printed.splitlines() if each.startswith(start))


def test_an_experiment_that_ended_has_its_numbers(printed: str) -> None:
    cells = line(printed, "older ").split()
    assert cells[1:5] == ["model=linear", "export.opset=18", "verify.mode=off", "-"]
    assert cells[5].endswith("%")
    assert cells[-2:] == ["no", "linear/1"]


def test_one_that_failed_is_there_without_numbers(printed: str) -> None:
    cells = line(printed, "exact ").split()
    assert cells[1:] == ["model=linear", "parity.atol=0", "parity.rtol=0", "failed", *"------"]


def test_one_that_failed_says_what_our_stage_said(printed: str) -> None:
    assert line(printed, "exact: ").startswith("exact: validate: the parity gate failed: ")


def test_one_that_waits_is_there(printed: str) -> None:
    assert line(printed, "later ").split()[1:3] == ["train.epochs=5", "queued"]


@pytest.mark.parametrize("name", ["workspace", "baseline"])
def test_what_has_not_run_says_so(name: str, printed: str) -> None:
    assert "not run" in line(printed, f"{name} ")


def test_the_table_is_not_too_wide(printed: str) -> None:
    assert max(map(len, printed.splitlines())) <= WIDTH


def test_experiments_are_drawn_over_each_other(clone: Clone) -> None:
    clone.call("python", "-m", "pipeline", "plots", "older")
    assert '"rev": "older"' in (clone.folder / "dvc_plots" / "index.html").read_text()
