"""The time and the allocations of one row by each method of the client: `python benchmarks/dotnet/run.py`.

BenchmarkDotNet measures every method in several processes, with one thread of onnxruntime. The baseline, measured in the same
run, is the usual code: NamedOnnxValue with DenseTensor. Exit 1 when a limit is exceeded.
"""

import argparse
import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.core.errors import PipelineError
from pipeline.dotnet import sdk

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
ARTIFACTS = PROJECT / "build" / "benchmarks" / "dotnet"
BASELINE = "NamedOnnxValue"
METHODS = {
    BASELINE: "NamedOnnxValue + DenseTensor",
    "Row": "Run(row)",
    "Buffers": "CreateBuffers, zero-copy",
    "Batch16": "Run(16 rows), a row",
    "Batch64": "Run(64 rows), a row",
    "Values64": "Run(values, 64), a row",
    "Async": "RunAsync(row)",
    "AsyncOnCaller": "RunAsync, RunOnCallingThread",
}


class Limit(NamedTuple):
    """The most that a method may take: time as a ratio to the baseline, and bytes allocated in a call."""

    ratio: float
    bytes: int | None


# The arithmetic of digits (1.2 million multiply-adds, about 11 us on one 2.6 GHz core) is most of the time of every method, so
# half of the baseline's time is out of reach there: no method may be slower than the baseline.
LIMITS = {
    "linear": {"Row": Limit(1.0, None), "Buffers": Limit(0.5, 0)},
    "digits": {"Row": Limit(1.0, None), "Buffers": Limit(1.0, 0)},
}


class Cost(NamedTuple):
    """Time and bytes allocated for one row."""

    nanoseconds: float
    bytes: int


def measure(dotnet: Path, arguments: list[str]) -> dict[str, dict[str, Cost]]:
    """Run BenchmarkDotNet: model -> method -> cost."""
    sdk.run(dotnet, "build", "--configuration", "Release", "--nologo", "--verbosity", "quiet", folder=HERE)
    shutil.rmtree(ARTIFACTS, ignore_errors=True)
    program = next(HERE.glob("bin/Release/*/calls.dll"))
    command = [dotnet, program, "--exporters", "briefjson", "--artifacts", ARTIFACTS, *arguments]
    completed = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    reports = sorted(ARTIFACTS.glob("results/*-report-brief.json"))
    if completed.returncode or not reports:
        print(completed.stdout + completed.stderr, file=sys.stderr)
        raise PipelineError(f"BenchmarkDotNet ended with {completed.returncode} and {len(reports)} reports")
    benchmarks = [entry for report in reports for entry in json.loads(report.read_text())["Benchmarks"]]
    return read_costs(benchmarks)


def read_costs(benchmarks: list[dict[str, Any]]) -> dict[str, dict[str, Cost]]:
    """Model -> method -> cost, from the entries of BenchmarkDotNet's report.

    Raises:
        PipelineError: A benchmark has no result.
    """
    costs: dict[str, dict[str, Cost]] = {}
    for entry in benchmarks:
        model = entry["Type"].removesuffix("Calls").lower()
        if not entry["Statistics"]:
            raise PipelineError(f"{entry['FullName']} has no result: run it by hand in {HERE}")
        cost = Cost(entry["Statistics"]["Median"], entry["Memory"]["BytesAllocatedPerOperation"])
        costs.setdefault(model, {})[entry["Method"]] = cost
    return costs


def exceeded_limits(costs: dict[str, dict[str, Cost]]) -> list[str]:
    """A sentence for each limit that is exceeded."""
    sentences = []
    for model, by_method in costs.items():
        for method, limit in LIMITS[model].items():
            ratio = by_method[method].nanoseconds / by_method[BASELINE].nanoseconds
            allocated = by_method[method].bytes
            name = f"{model}: {METHODS[method]}"
            if ratio > limit.ratio:
                sentences.append(f"{name} takes {ratio:.2f} of {METHODS[BASELINE]}, more than {limit.ratio}")
            if limit.bytes is not None and allocated > limit.bytes:
                sentences.append(f"{name} allocates {allocated} bytes a call, more than {limit.bytes}")
    return sentences


def format_table(costs: dict[str, dict[str, Cost]]) -> str:
    lines = [
        f"| {'model':<6} | {'method':<28} | {'ns':>8} | {'ratio':>5} | {'limit':>5} | {'bytes':>6} |",
        f"| {'-' * 6} | {'-' * 28} | {'-' * 7}: | {'-' * 4}: | {'-' * 4}: | {'-' * 5}: |",
    ]
    for model, by_method in costs.items():
        for method, name in METHODS.items():
            cost = by_method[method]
            ratio = cost.nanoseconds / by_method[BASELINE].nanoseconds
            limit = f"{LIMITS[model][method].ratio}" if method in LIMITS[model] else ""
            lines.append(
                f"| {model:<6} | {name:<28} | {cost.nanoseconds:>8,.0f} | {ratio:>5.2f} | {limit:>5} | {cost.bytes:>6,} |"
            )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--launches", type=int, default=3, help="processes for each method (default: %(default)s)")
    parser.add_argument("--iterations", type=int, default=5, help="iterations in each (default: %(default)s)")
    options = parser.parse_args()
    counts = ["--launchCount", str(options.launches), "--iterationCount", str(options.iterations)]
    try:
        installed = sdk.require("the benchmark")
        subprocess.run([sys.executable, PROJECT / "examples" / "feed.py"], check=True)
        arguments = ["--filter", "*", "--warmupCount", "3", "--iterationTime", "250", *counts]
        costs = measure(installed.dotnet, arguments)
    except PipelineError as error:
        print(f"error: benchmark: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError:
        return 1
    print(
        f"\none row, medians of {options.launches} processes with {options.iterations} iterations each; "
        f"{platform.machine()}, SDK {installed.version}\n\n{format_table(costs)}\n"
    )
    sentences = exceeded_limits(costs)
    for sentence in sentences:
        print(f"error: benchmark: {sentence}", file=sys.stderr)
    return 1 if sentences else 0


if __name__ == "__main__":
    sys.exit(main())
