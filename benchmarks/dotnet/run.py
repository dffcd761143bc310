"""What one row costs through each way in: `python benchmarks/dotnet/run.py`.

BenchmarkDotNet measures every way in several processes of its own, on one thread of onnxruntime; NamedOnnxValue with
DenseTensor is the usual way, and the ratio is to it, in the same run. Exit 1 when a limit is not kept.
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
WAYS = {
    BASELINE: "NamedOnnxValue + DenseTensor",
    "Row": "Run(row)",
    "Buffers": "CreateBuffers, zero-copy",
    "Batch16": "Run(16 rows), a row",
    "Batch64": "Run(64 rows), a row",
    "Async": "RunAsync(row)",
}


class Limit(NamedTuple):
    """What a way in may cost."""

    ratio: float
    bytes: int | None


# The arithmetic of digits (1.2 million multiply-adds, about 11 us on one 2.6 GHz core) is the most of any way in, so that half the
# time is out of reach there: no way in may be slower than the usual one.
LIMITS = {
    "linear": {"Row": Limit(1.0, None), "Buffers": Limit(0.5, 0)},
    "digits": {"Row": Limit(1.0, None), "Buffers": Limit(1.0, 0)},
}


class Cost(NamedTuple):
    """What one row costs."""

    nanoseconds: float
    bytes: int


def measure(dotnet: Path, arguments: list[str]) -> dict[str, dict[str, Cost]]:
    """Cost of each model's ways in, by BenchmarkDotNet."""
    sdk.run(dotnet, "build", "--configuration", "Release", "--nologo", "--verbosity", "quiet", folder=HERE)
    shutil.rmtree(ARTIFACTS, ignore_errors=True)
    program = next(HERE.glob("bin/Release/*/calls.dll"))
    command = [dotnet, program, "--exporters", "briefjson", "--artifacts", ARTIFACTS, *arguments]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    reports = sorted(ARTIFACTS.glob("results/*-report-brief.json"))
    if done.returncode or not reports:
        print(done.stdout + done.stderr, file=sys.stderr)
        raise PipelineError(f"BenchmarkDotNet ended with {done.returncode} and {len(reports)} reports")
    benchmarks = [entry for report in reports for entry in json.loads(report.read_text())["Benchmarks"]]
    return costs(benchmarks)


def costs(benchmarks: list[dict[str, Any]]) -> dict[str, dict[str, Cost]]:
    """Model -> way in -> cost, from the entries of BenchmarkDotNet's report.

    Raises:
        PipelineError: A benchmark has no result.
    """
    found: dict[str, dict[str, Cost]] = {}
    for entry in benchmarks:
        model = entry["Type"].removesuffix("Calls").lower()
        if not entry["Statistics"]:
            raise PipelineError(f"{entry['FullName']} has no result: run it by hand in {HERE}")
        cost = Cost(entry["Statistics"]["Median"], entry["Memory"]["BytesAllocatedPerOperation"])
        found.setdefault(model, {})[entry["Method"]] = cost
    return found


def broken(found: dict[str, dict[str, Cost]]) -> list[str]:
    """The limits that are not kept, in words."""
    said = []
    for model, ways in found.items():
        for way, limit in LIMITS[model].items():
            ratio = ways[way].nanoseconds / ways[BASELINE].nanoseconds
            if ratio > limit.ratio:
                said.append(f"{model}: {WAYS[way]} takes {ratio:.2f} of {WAYS[BASELINE]}, more than {limit.ratio}")
            if limit.bytes is not None and ways[way].bytes > limit.bytes:
                said.append(f"{model}: {WAYS[way]} allocates {ways[way].bytes} bytes a call, more than {limit.bytes}")
    return said


def table(found: dict[str, dict[str, Cost]]) -> str:
    lines = [
        f"| {'model':<6} | {'way in':<28} | {'ns':>8} | {'ratio':>5} | {'limit':>5} | {'bytes':>6} |",
        f"| {'-' * 6} | {'-' * 28} | {'-' * 7}: | {'-' * 4}: | {'-' * 4}: | {'-' * 5}: |",
    ]
    for model, ways in found.items():
        for way, name in WAYS.items():
            cost = ways[way]
            ratio = cost.nanoseconds / ways[BASELINE].nanoseconds
            limit = f"{LIMITS[model][way].ratio}" if way in LIMITS[model] else ""
            lines.append(
                f"| {model:<6} | {name:<28} | {cost.nanoseconds:>8,.0f} | {ratio:>5.2f} | {limit:>5} | {cost.bytes:>6,} |"
            )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--launches", type=int, default=3, help="processes for each way in (default: %(default)s)")
    parser.add_argument("--iterations", type=int, default=5, help="iterations in each (default: %(default)s)")
    options = parser.parse_args()
    counts = ["--launchCount", str(options.launches), "--iterationCount", str(options.iterations)]
    try:
        found_sdk = sdk.require("the benchmark")
        subprocess.run([sys.executable, PROJECT / "examples" / "feed.py"], check=True)
        arguments = ["--filter", "*", "--warmupCount", "3", "--iterationTime", "250", *counts]
        found = measure(found_sdk.dotnet, arguments)
    except PipelineError as error:
        print(f"error: benchmark: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError:
        return 1
    print(
        f"\none row, medians of {options.launches} processes with {options.iterations} iterations each; "
        f"{platform.machine()}, SDK {found_sdk.version}\n\n{table(found)}\n"
    )
    for sentence in broken(found):
        print(f"error: benchmark: {sentence}", file=sys.stderr)
    return 1 if broken(found) else 0


if __name__ == "__main__":
    sys.exit(main())
