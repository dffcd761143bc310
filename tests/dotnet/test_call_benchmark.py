"""The arithmetic of benchmarks/dotnet: ratios of rounds, limits, tables; and that its program measures every method."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from pipeline.core.errors import PipelineError

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "dotnet"
SCRIPTS = ("run", "sessions", "pools", "growth")


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """A script of the folder by its name; they import one another, and other folders have a run.py too."""
    monkeypatch.syspath_prepend(str(BENCHMARK))
    for name in SCRIPTS:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield importlib.import_module
    for name in SCRIPTS:
        sys.modules.pop(name, None)


@pytest.fixture
def calls(script: Callable[[str], ModuleType]) -> ModuleType:
    return script("run")


def process(calls: ModuleType, **nanoseconds: list[float]) -> dict[str, object]:
    """What one process prints: 100 ns in each of two rounds and no byte, unless said otherwise."""
    return {
        method: {"Nanoseconds": nanoseconds.get(method, [100.0, 100.0]), "Bytes": 0.2 if method == "Buffers" else 48.0}
        for method in calls.METHODS
    }


def test_a_ratio_is_that_of_one_round(calls: ModuleType) -> None:
    noisy = process(
        calls, Pointer=[100.0, 900.0, 100.0], Buffers=[105.0, 945.0, 105.0], NamedOnnxValue=[400.0, 3600.0, 400.0]
    )
    for method in noisy.keys() - {"Pointer", "Buffers", "NamedOnnxValue"}:
        noisy[method]["Nanoseconds"] = [100.0] * 3
    cost = calls.read_costs([noisy])["Buffers"]
    assert (cost.of_floor, cost.of_baseline, cost.bytes) == (pytest.approx(1.05), pytest.approx(0.2625), 0)


def test_a_cost_is_the_median_of_processes(calls: ModuleType) -> None:
    processes = [process(calls, Row=[time, time]) for time in (110.0, 120.0, 500.0)]
    cost = calls.read_costs(processes)["Row"]
    assert (cost.nanoseconds, cost.of_floor) == (120.0, 1.2)


def test_64_rows_are_compared_with_64_rows(calls: ModuleType) -> None:
    cost = calls.read_costs([process(calls, Buffers64=[22.0, 22.0], Pointer64=[20.0, 20.0])])["Buffers64"]
    assert cost.of_floor == pytest.approx(1.1)


def test_a_method_without_a_result_is_an_error(calls: ModuleType) -> None:
    measured = process(calls)
    del measured["Row"]
    with pytest.raises(PipelineError, match="got none of Row: "):
        calls.read_costs([measured])


def test_every_limit_is_kept_by_equal_times(calls: ModuleType) -> None:
    measured = process(calls)
    for cost in measured.values():
        cost["Bytes"] = 0.0
    costs = calls.read_costs([measured])
    assert calls.exceeded_limits({"linear": costs, "digits": costs}) == []


def test_each_exceeded_limit_is_a_sentence(calls: ModuleType) -> None:
    costs = {method: calls.Cost(100, 1.0, 1.0, 0) for method in calls.METHODS}
    costs |= {
        "Row": calls.Cost(130, 0.4, 1.3, 72),
        "Buffers": calls.Cost(108, 0.3, 1.08, 24),
        "TelemetryAsked": calls.Cost(102, 0.3, 1.02, 0),
    }
    assert calls.exceeded_limits({"linear": costs}) == [
        "linear: CreateBuffers().Run() takes 1.080 of function pointer, more than 1.07",
        "linear: CreateBuffers().Run() allocates 24 bytes a row, more than 0",
        "linear: Run(row) takes 1.300 of function pointer, more than 1.25",
        "linear: buffers, nobody listens takes 1.020 of buffers without telemetry, more than 1.01",
    ]


def test_the_table_has_each_method_with_both_ratios_and_its_limit(calls: ModuleType) -> None:
    costs = {method: calls.Cost(1100, 0.25, 1.04, 72) for method in calls.METHODS}
    lines = calls.format_table({"linear": costs}).splitlines()
    assert len(lines) == 2 + len(calls.METHODS)
    (row,) = [line for line in lines if " Run(row) " in line]
    assert [cell.strip() for cell in row.split("|")[1:-1]] == [
        "linear",
        "Run(row)",
        "1,100",
        "0.250",
        "1.040",
        "1.25",
        "72",
    ]


def test_the_program_measures_every_method_of_the_table(calls: ModuleType) -> None:
    for model in calls.MODELS:
        source = (BENCHMARK / f"{model.title()}Calls.cs").read_text() + (BENCHMARK / "Telemetry.cs").read_text()
        assert [method for method in calls.METHODS if f'"{method}"' not in source] == []


def test_a_setting_is_compared_in_rounds_or_with_processes_beside_it(script: Callable[[str], ModuleType]) -> None:
    sessions = script("sessions")
    together = [
        {
            f"{sessions.DEFAULTS}, 1": {"Nanoseconds": [100.0, 400.0, 100.0]},
            "arena off, 1": {"Nanoseconds": [90.0, 360.0, 90.0]},
        }
    ]
    alone = [{"arena off, 1": {"Nanoseconds": [50.0]}}]
    assert sessions.compare(together, "arena off", 1) == pytest.approx(0.9)
    assert sessions.compare(alone, "arena off", 1, base=together) == pytest.approx(0.5)


def test_settings_are_those_of_the_program(script: Callable[[str], ModuleType]) -> None:
    sessions = script("sessions")
    source = (BENCHMARK / "Settings.cs").read_text()
    assert [name for name in (*sessions.IN_TURNS, *sessions.ALONE) if f'["{name}"]' not in source] == []


def test_a_table_of_settings_has_a_line_for_each(script: Callable[[str], ModuleType]) -> None:
    table = script("sessions").format_table({("linear", "arena off"): {1: 0.9312, 64: 1.0}})
    assert table.splitlines()[2] == "| linear | arena off                | 0.931 |   1.000 |"


def test_a_table_of_pools_has_a_line_for_each(script: Callable[[str], ModuleType]) -> None:
    pools = script("pools")
    cost = {
        "Threads": 12,
        "WorkingSet": 95_000_000,
        "MedianMilliseconds": 1.5,
        "P99Milliseconds": 2.25,
        "CallsPerSecond": 1234.5,
        "ProcessorSeconds": 0.0015,
    }
    last = pools.format_table([(pools.configurations(4)[3], 20, cost)]).splitlines()[-1]
    assert [cell.strip() for cell in last.split("|")[1:-1]] == [
        "one pool",
        "20",
        "12",
        "95",
        "1.50",
        "2.25",
        "1,234",
        "1.50",
    ]


def test_growth_is_that_of_the_second_half(script: Callable[[str], ModuleType]) -> None:
    growth = script("growth")
    memory = [{"Calls": calls, "Resident": resident} for calls, resident in ((0, 10), (100, 1000), (200, 3000))]
    assert growth.growth(memory) == 20.0
