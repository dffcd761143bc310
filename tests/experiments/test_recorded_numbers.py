"""benchmarks/recorded_numbers.py: what a benchmark prints beside what was recorded, and what it records."""

import importlib.util
import json
import platform
import sys

import pytest

from pipeline_runs import PROJECT


@pytest.fixture(scope="module")
def recorded_numbers():
    spec = importlib.util.spec_from_file_location("recorded_numbers", PROJECT / "benchmarks/recorded_numbers.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["recorded_numbers"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["recorded_numbers"]


@pytest.fixture
def recorded(tmp_path):
    file = tmp_path / "numbers.json"
    file.write_text(
        json.dumps({"commit": "abc", "date": "2026-01-02", "machine": "a machine", "seconds": {"stage: train": 2.0}})
    )
    return file


def cells(printed: str) -> list[str]:
    return [cell.strip() for cell in printed.splitlines()[-1].split("|")[1:-1]]


def test_a_number_stands_beside_the_recorded_one(recorded_numbers, recorded, capsys):
    recorded_numbers.Numbers(recorded).add("stage: train", recorded_numbers.Cost(3.0, 1.0), title="train")
    assert cells(capsys.readouterr().out) == ["train", "3.00", "1.00", "2.00", "1.50"]


def test_a_number_that_was_not_recorded_stands_alone(recorded_numbers, recorded, capsys):
    recorded_numbers.Numbers(recorded).add("stage: new", recorded_numbers.Cost(3.0, 1.0))
    assert cells(capsys.readouterr().out) == ["stage: new", "3.00", "1.00", "", ""]


def test_where_the_recorded_numbers_are_from_is_said(recorded_numbers, recorded):
    assert recorded_numbers.Numbers(recorded).describe() == "before: abc, 2026-01-02, on a machine"


def test_before_anything_is_recorded_it_says_what_records(recorded_numbers, tmp_path):
    assert (
        recorded_numbers.Numbers(tmp_path / "none.json").describe()
        == "nothing was recorded before: --write makes none.json"
    )


def test_what_was_written_is_what_the_next_run_stands_beside(recorded_numbers, tmp_path):
    numbers = recorded_numbers.Numbers(tmp_path / "numbers.json")
    numbers.add("stage: train", recorded_numbers.Cost(3.0, 1.0))
    numbers.write()
    assert recorded_numbers.Numbers(tmp_path / "numbers.json").before["seconds"] == {"stage: train": 3.0}


def test_medians_are_of_each_number_alone(recorded_numbers):
    costs = [recorded_numbers.Cost(1, 30), recorded_numbers.Cost(2, 10), recorded_numbers.Cost(9, 20)]
    assert recorded_numbers.middle(costs) == (2, 20, "")


def test_the_machine_is_described_and_not_named(recorded_numbers):
    assert platform.node() not in recorded_numbers.describe_machine()
