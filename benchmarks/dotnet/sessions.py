"""What settings of a session are worth: `python benchmarks/dotnet/sessions.py`.

Bound buffers of 1 row and of 64 rows of linear and digits, on sessions with other settings, against onnxruntime's defaults with one thread.
Settings of one thread are measured in one process in turns; sessions with more threads, which would disturb the others, in processes of
their own, one after the other. Last, what the arena keeps of one run of 4,096 rows of digits. The defaults of the client, and
docs/dotnet/onnxruntime.md, follow this table.
"""

import argparse
import sys
from pathlib import Path
from statistics import median
from typing import Any

from run import MODELS, build, measure

from pipeline.core.errors import PipelineError

DEFAULTS = "onnxruntime's defaults"
IN_TURNS = (DEFAULTS, "memory pattern off", "arena off", "pattern and arena off")
ALONE = ("2 threads", "2 threads, no spinning")
ROWS = (1, 64)
ARENA_ROWS = 4096


def compare(
    processes: list[dict[str, Any]], setting: str, rows: int, base: list[dict[str, Any]] | None = None
) -> float:
    """Time of a setting as a share of the defaults': by rounds of one process, or where `base` is given by processes beside it."""
    key, default = f"{setting}, {rows}", f"{DEFAULTS}, {rows}"
    if base is not None:
        pairs = zip(processes, base, strict=True)
        return median(
            median(mine[key]["Nanoseconds"]) / median(theirs[default]["Nanoseconds"]) for mine, theirs in pairs
        )
    return median(
        median(a / b for a, b in zip(process[key]["Nanoseconds"], process[default]["Nanoseconds"], strict=True))
        for process in processes
    )


def format_table(shares: dict[tuple[str, str], dict[int, float]]) -> str:
    """(model, setting) -> rows -> share, as a table."""
    lines = [f"| {'model':<6} | {'setting':<24} | 1 row | 64 rows |", f"| {'-' * 6} | {'-' * 24} | ----: | ------: |"]
    lines += [
        f"| {model:<6} | {setting:<24} | {by_rows[1]:>5.3f} | {by_rows[64]:>7.3f} |"
        for (model, setting), by_rows in shares.items()
    ]
    return "\n".join(lines)


def measure_shares(dotnet: Path, processes: int, rounds: int) -> dict[tuple[str, str], dict[int, float]]:
    shares = {}
    for model in MODELS:
        together = [measure(dotnet, "settings", model, str(rounds), *IN_TURNS) for _ in range(processes)]
        for setting in IN_TURNS:
            shares[model, setting] = {rows: compare(together, setting, rows) for rows in ROWS}
        alone: dict[str, list[dict[str, Any]]] = {setting: [] for setting in (DEFAULTS, *ALONE)}
        for _ in range(processes):
            for setting, measured in alone.items():
                measured.append(measure(dotnet, "settings", model, str(rounds), setting))
        for setting in ALONE:
            shares[model, setting] = {rows: compare(alone[setting], setting, rows, alone[DEFAULTS]) for rows in ROWS}
    return shares


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=5, help="for each model (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=300, help="in each process (default: %(default)s)")
    options = parser.parse_args()
    try:
        installed = build("the benchmark")
        shares = measure_shares(installed.dotnet, options.processes, options.rounds)
        arena = {on: measure(installed.dotnet, "arena", str(on), str(ARENA_ROWS)) for on in (True, False)}
    except PipelineError as error:
        print(f"error: benchmark: {error}", file=sys.stderr)
        return 1
    print(f"\ntime as a share of {DEFAULTS} with one thread\n\n{format_table(shares)}\n")
    for on, (before, after) in arena.items():
        print(
            f"arena {'on' if on else 'off'}: {before / 1e6:.0f} MB, after a run of {ARENA_ROWS:,} rows of digits {after / 1e6:.0f} MB"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
