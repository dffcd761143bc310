"""The time and the allocations of a call by each method of the client, beside the floor: `python benchmarks/dotnet/run.py`.

The floor is OrtRunWithBinding itself, by an unmanaged function pointer, on the client's own session. All methods are measured in one
process in turns of a fraction of a millisecond, and a ratio is the median of the ratios of rounds, so that other work on the machine,
which disturbs all of a round alike, moves it little. One thread of onnxruntime. Exit 1 when a limit is exceeded.

What a method is compared with makes the same answer of the same rows: a call of 64 rows with the function pointer's own call of 64,
and where the client answers an object a row, the objects too; both copy inputs in and outputs out. Telemetry that nobody listens to is
measured by running the same buffers with the client's question whether anybody listens and without it.
"""

import argparse
import json
import platform
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from pipeline.core.errors import PipelineError
from pipeline.dotnet import sdk

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
MODELS = ("linear", "digits")
BASELINE = "NamedOnnxValue"


class Method(NamedTuple):
    """How a method is called in the table, and the method whose time its floor is."""

    title: str
    floor: str


METHODS = {
    BASELINE: Method("NamedOnnxValue + DenseTensor", "Pointer"),
    "IoBinding": Method("OrtIoBinding by hand", "Pointer"),
    "Pointer": Method("function pointer", "Pointer"),
    "Buffers": Method("CreateBuffers().Run()", "Pointer"),
    "Row": Method("Run(row)", "Pointer"),
    "Async": Method("RunAsync(row)", "Pointer"),
    "AsyncOnCaller": Method("RunAsync, RunOnCallingThread", "Pointer"),
    "Pointer64": Method("64 rows: function pointer", "Pointer64"),
    "Buffers64": Method("64 rows: CreateBuffers(64)", "Pointer64"),
    "Pointer64Rows": Method("64 rows: pointer, objects", "Pointer64Rows"),
    "Values64": Method("64 rows: Run(values, 64)", "Pointer64Rows"),
    "Batch64": Method("64 rows: Run(rows)", "Pointer64Rows"),
    "TelemetryNotAsked": Method("buffers without telemetry", "TelemetryNotAsked"),
    "TelemetryAsked": Method("buffers, nobody listens", "TelemetryNotAsked"),
}


class Limit(NamedTuple):
    """The most that a method may take: time as a ratio to its floor, and bytes allocated in a call."""

    ratio: float
    bytes: int | None = None


# Run(rows) checks each row of a list before the first is run, which the floor beside it does not: where there is no arithmetic, that is seen.
LIMITS = {
    "linear": {
        "Buffers": Limit(1.07, 0),
        "Row": Limit(1.25),
        "Buffers64": Limit(1.05, 0),
        "Values64": Limit(1.05),
        "Batch64": Limit(1.15),
        "TelemetryAsked": Limit(1.01, 0),
    },
    "digits": {
        "Buffers": Limit(1.03, 0),
        "Row": Limit(1.25),
        "Buffers64": Limit(1.05, 0),
        "Values64": Limit(1.05),
        "Batch64": Limit(1.05),
        "TelemetryAsked": Limit(1.01, 0),
    },
}


class Cost(NamedTuple):
    """Of one row: time, its ratios to the baseline and to the floor, and bytes allocated."""

    nanoseconds: float
    of_baseline: float
    of_floor: float
    bytes: int


def read_costs(processes: list[dict[str, Any]]) -> dict[str, Cost]:
    """Method -> cost, from what each process has measured in the same rounds: medians of processes' medians.

    Raises:
        PipelineError: A method has no result.
    """
    if missing := [method for method in METHODS if any(method not in process for process in processes)]:
        raise PipelineError(f"expected a result of every method, got none of {', '.join(missing)}: see {HERE}")

    def compare(process: dict[str, Any], method: str, other: str) -> float:
        rounds = zip(process[method]["Nanoseconds"], process[other]["Nanoseconds"], strict=True)
        return median(mine / theirs for mine, theirs in rounds)

    def cost(method: str, floor: str) -> Cost:
        return Cost(
            median(median(process[method]["Nanoseconds"]) for process in processes),
            median(compare(process, method, BASELINE) for process in processes),
            median(compare(process, method, floor) for process in processes),
            # The runtime's own threads allocate a little now and then, never less than the call.
            round(min(process[method]["Bytes"] for process in processes)),
        )

    return {method: cost(method, entry.floor) for method, entry in METHODS.items()}


def exceeded_limits(costs: dict[str, dict[str, Cost]]) -> list[str]:
    """A sentence for each limit that is exceeded; `costs` by model and method."""
    sentences = []
    for model, by_method in costs.items():
        for method, limit in LIMITS[model].items():
            cost = by_method[method]
            title, floor = METHODS[method]
            if cost.of_floor > limit.ratio:
                taken = f"{cost.of_floor:.3f} of {METHODS[floor].title}"
                sentences.append(f"{model}: {title} takes {taken}, more than {limit.ratio}")
            if limit.bytes is not None and cost.bytes > limit.bytes:
                sentences.append(f"{model}: {title} allocates {cost.bytes} bytes a row, more than {limit.bytes}")
    return sentences


def format_table(costs: dict[str, dict[str, Cost]]) -> str:
    lines = [
        f"| {'model':<6} | {'method':<28} | {'ns a row':>8} | of {BASELINE} | of its floor | {'limit':>5} | {'bytes':>6} |",
        f"| {'-' * 6} | {'-' * 28} | {'-' * 7}: | {'-' * 16}: | {'-' * 11}: | {'-' * 4}: | {'-' * 5}: |",
    ]
    for model, by_method in costs.items():
        for method, entry in METHODS.items():
            cost = by_method[method]
            limit = f"{LIMITS[model][method].ratio}" if method in LIMITS[model] else ""
            lines.append(
                f"| {model:<6} | {entry.title:<28} | {cost.nanoseconds:>8,.0f} | {cost.of_baseline:>17.3f} "
                f"| {cost.of_floor:>12.3f} | {limit:>5} | {cost.bytes:>6,} |"
            )
    return "\n".join(lines)


def measure(dotnet: Path, *arguments: str) -> Any:
    """What the program measures, in a process of its own.

    Raises:
        PipelineError: The program has failed.
    """
    program = next(HERE.glob("bin/Release/*/calls.dll"))
    completed = subprocess.run([dotnet, program, *arguments], cwd=HERE, capture_output=True, text=True, check=False)
    if completed.returncode:
        print(completed.stdout + completed.stderr, file=sys.stderr)
        raise PipelineError(f"calls.dll {' '.join(arguments)} ended with {completed.returncode}")
    return json.loads(completed.stdout)


def build(needed_for: str) -> sdk.Sdk:
    """Make the packages and build the program with them.

    Raises:
        PipelineError: There is no .NET SDK, or a part does not build.
    """
    installed = sdk.require(needed_for)
    if subprocess.run([sys.executable, PROJECT / "examples" / "feed.py"], check=False).returncode:
        raise PipelineError("the packages of examples/feed.py were not made; see above")
    sdk.run(installed.dotnet, "build", "--configuration", "Release", "--nologo", "--verbosity", "quiet", folder=HERE)
    return installed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=5, help="for each model (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=400, help="in each process (default: %(default)s)")
    options = parser.parse_args()
    try:
        installed = build("the benchmark")
        costs = {
            model: read_costs([measure(installed.dotnet, model, str(options.rounds)) for _ in range(options.processes)])
            for model in MODELS
        }
    except PipelineError as error:
        print(f"error: benchmark: {error}", file=sys.stderr)
        return 1
    print(
        f"\none row, medians of {options.processes} processes with {options.rounds} rounds each; "
        f"{platform.machine()}, SDK {installed.version}\n\n{format_table(costs)}\n"
    )
    sentences = exceeded_limits(costs)
    for sentence in sentences:
        print(f"error: benchmark: {sentence}", file=sys.stderr)
    return 1 if sentences else 0


if __name__ == "__main__":
    sys.exit(main())
