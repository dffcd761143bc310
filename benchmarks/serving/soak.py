"""Full load for ten minutes, with all that can happen to a service in it: memory, handles and threads must stay where they are.

    python benchmarks/serving/soak.py [--seconds 600] [--model digits]

wrk loads the package's endpoint with 16 connections. Beside it clients hang up, send what is no request, read slowly, and compare
every answer; the configuration's file is written again every second, which the service reads again. Exit 1 for an answer that was
not expected, a failure in the service's log, or growth after the warm-up, which is the first third. Needs a .NET SDK, wrk, and
what `python benchmarks/serving/run.py` or `python examples/feed.py` made.
"""

import argparse
import asyncio
import itertools
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import flatness
import load
import mischief
import servers
import services
from flatness import Sample
from servers import Server

from pipeline.core.errors import PipelineError
from pipeline.dotnet import sdk

CONNECTIONS = 16
FAILURES = ("fail:", "crit:", "Unhandled exception")
# One heap that is collected every 16 MB: what stays is seen in seconds, not when a server's heap is full.
SMALL_HEAP = {"DOTNET_gcServer": "0", "DOTNET_GCgen0size": "0x1000000"}
MODELS = ("linear", "digits", "sentiment", "minilm")


async def reload(file: Path, outcome: mischief.Outcome) -> None:
    """Write the configuration again every second, with other values."""
    for turn in itertools.count():
        settings = {
            "Options": {"MaxQueue": 1024 + turn % 2},
            "Logging": {"LogLevel": {"Other": ("Warning", "Error")[turn % 2]}},
        }
        replaced = file.with_suffix(".new")
        replaced.write_text(json.dumps(settings))
        replaced.replace(file)
        outcome.counts["reload"] += 1
        await asyncio.sleep(1)


async def sample(server: Server, samples: list[Sample], interval: float) -> None:
    start = time.perf_counter()
    while True:
        process = server.process
        numbers = (servers.resident(process), servers.handles(process), servers.read_status(process, "Threads"))
        samples.append(Sample(time.perf_counter() - start, *numbers))
        await asyncio.sleep(interval)


def find_failures(log: str) -> list[str]:
    """What a service has logged as a failure, each with the two lines behind it, which say what it was."""
    lines = log.splitlines()
    return [
        f"{line} {' '.join(lines[i + 1 : i + 3]).strip()}" for i, line in enumerate(lines) if line.startswith(FAILURES)
    ]


def soak(dotnet: Path, model: str, seconds: int, folder: Path) -> list[str]:
    """Run it, and print what was seen; the sentences for what should not have been.

    Args:
        dotnet: The SDK's program.
        model: Name of the model.
        seconds: How long.
        folder: Takes the configuration's file and the service's log.

    Raises:
        PipelineError: The service does not start.
    """
    request = services.row_request(model)
    name = services.INPUTS[model]
    outcome, samples = mischief.Outcome(), list[Sample]()
    (folder / "appsettings.json").write_text("{}")
    log = folder / "log.txt"
    with (
        log.open("w") as output,
        ThreadPoolExecutor(1) as pool,
        services.serve_lean(dotnet, model, "rows", output=output, contentRoot=folder) as server,
    ):
        port = server.port
        answer = servers.ask(port, request.path, request.body)
        loading = pool.submit(load.run, port, request, CONNECTIONS, seconds)
        asyncio.run(
            mischief.run_for(
                seconds,
                mischief.send_bad_inputs(port, request, mischief.bad_inputs(name, request.body[name]), outcome),
                mischief.hang_up(port, request, outcome),
                mischief.read_slowly(port, request, answer, outcome),
                mischief.ask_rightly(port, request, answer, outcome),
                reload(folder / "appsettings.json", outcome),
                sample(server, samples, max(0.25, seconds / 300)),
            )
        )
        loaded = loading.result()
    growths = flatness.growths(samples)
    last = samples[-1]
    print(f"{model}: {loaded.rate:,.0f} requests/s for {seconds} s, p50 {loaded.p50:.2f} ms, p99 {loaded.p99:.2f} ms")
    print("; ".join(f"{kind} {count:,}" for kind, count in sorted(outcome.counts.items())))
    print(f"memory {last.memory:,.0f} MB, {growths['memory']:+.2f} MB a minute after the warm-up")
    print(
        f"handles {last.handles:.0f}, {growths['handles']:+.1f} a minute; threads {last.threads:.0f}, {growths['threads']:+.1f}"
    )
    failures = find_failures(log.read_text())
    return [
        *outcome.surprises,
        *(
            [f"wrk: expected an answer to every request, got {loaded.errors + loaded.refused} without one"]
            if loaded.errors + loaded.refused
            else []
        ),
        *(f"the service's log: {line}" for line in failures[:5]),
        *flatness.missed_flatness(samples),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600, help="how long (default: %(default)s)")
    parser.add_argument("--model", choices=MODELS, default="digits", help="of the endpoint (default: %(default)s)")
    options = parser.parse_args()
    try:
        load.require()
        dotnet = sdk.require("the soak").dotnet
        quiet = ("--configuration", "Release", "--nologo", "--verbosity", "quiet")
        sdk.run(dotnet, "build", *quiet, folder=services.HERE / "lean")
        # What the service inherits.
        os.environ.update(SMALL_HEAP)
        with tempfile.TemporaryDirectory() as folder:
            missed = soak(dotnet, options.model, options.seconds, Path(folder))
    except PipelineError as error:
        print(f"error: soak: {error}", file=sys.stderr)
        return 1
    for sentence in missed:
        print(f"error: soak: {sentence}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
