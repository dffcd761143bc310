"""Numbers of a benchmark beside those that were recorded before, in benchmarks/numbers.json."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[1]
RECORDED = Path(__file__).with_name("numbers.json")
NAME_WIDTH = 52


class Cost(NamedTuple):
    """Seconds on the clock and of the processors, and what the command printed."""

    seconds: float
    cpu: float
    output: str = ""


def middle(costs: list[Cost]) -> Cost:
    """Medians of both."""
    return Cost(median(cost.seconds for cost in costs), median(cost.cpu for cost in costs))


def row(name: str, *cells: str) -> None:
    print(f"| {name:<{NAME_WIDTH}} | " + " | ".join(f"{cell:>9}" for cell in cells) + " |", flush=True)


def header(name: str, *columns: str) -> None:
    print()
    row(name, *columns)
    row("-" * NAME_WIDTH, *("-" * 9 for _ in columns))


def describe_machine() -> str:
    """Its processor and cores; nothing that names the machine."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        processor = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        processor = platform.machine()
    return f"{processor}, {os.cpu_count()} cores, Python {platform.python_version()}"


def name_commit(folder: Path = PROJECT) -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=10"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


class Numbers:
    """Medians of this run by name, printed beside the recorded ones."""

    def __init__(self, recorded: Path = RECORDED) -> None:
        self._recorded = recorded
        self.before = json.loads(recorded.read_text(encoding="utf-8")) if recorded.exists() else {}
        self.measured: dict[str, Cost] = {}

    def describe(self) -> str:
        """Where the recorded numbers are from."""
        if not self.before:
            return f"nothing was recorded before: --write makes {self._recorded.name}"
        return f"before: {self.before['commit']}, {self.before['date']}, on {self.before['machine']}"

    def start(self, title: str) -> None:
        header(title, "seconds", "CPU", "before", "ratio")

    def add(self, name: str, cost: Cost, *, title: str = "") -> None:
        """Print a row: seconds and the processors' seconds now, seconds before, and now as a share of before."""
        self.measured[name] = cost
        before = self.before.get("seconds", {}).get(name)
        beside = (f"{before:.2f}", f"{cost.seconds / before:.2f}") if before else ("", "")
        row(title or name, f"{cost.seconds:.2f}", f"{cost.cpu:.2f}", *beside)

    def write(self) -> None:
        """Record this run."""
        content = {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": describe_machine(),
            "commit": name_commit(),
            "seconds": {name: round(cost.seconds, 3) for name, cost in self.measured.items()},
            "cpu": {name: round(cost.cpu, 3) for name, cost in self.measured.items()},
        }
        self._recorded.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
