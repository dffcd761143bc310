"""Throughput of the client behind ASP.NET Core and of Python services, with and without micro-batching; start-up times.

    python benchmarks/serving/run.py

The same models are served by ASP.NET Core with the packages' clients, by FastAPI with onnxruntime, and by a Python script that
is started for each request. Their answers are compared before any load. Everything runs on this machine's loopback interface,
and onnxruntime with one thread; other work on the machine changes the numbers. Needs a .NET SDK and wrk.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import load
import numpy as np
import servers
from load import Load
from servers import Server

from pipeline.core.arrays import load as load_arrays
from pipeline.core.errors import PipelineError
from pipeline.core.paths import SIMPLIFIED, TEST_SPLIT
from pipeline.dotnet import sdk

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
BUILT = PROJECT / "build" / "examples"
ARTIFACTS = BUILT / "artifacts"
INPUTS = {"linear": "input", "digits": "pixels", "sentiment": "text"}
CONNECTIONS = 16
BATCHING_CONNECTIONS = (1, 16, 64)
# Micro-batching is the default: its throughput must be at least this share of that without.
MINIMUM_SHARE = 0.90


def build(dotnet: Path) -> None:
    subprocess.run([sys.executable, PROJECT / "examples" / "run.py", "service", "reviews", "aot"], check=True)
    quiet = ("--configuration", "Release", "--nologo", "--verbosity", "quiet")
    sdk.run(dotnet, "build", *quiet, folder=HERE / "lean")


def serve_aspnet(dotnet: Path, model: str, **settings: str) -> AbstractContextManager[Server]:
    """The ASP.NET Core service of `model`; `settings` are those of its section Service."""
    if model == "linear":
        program = next(HERE.glob("lean/bin/Release/*/lean.dll"))
    else:
        name = "reviews" if model == "sentiment" else "service"
        program = ARTIFACTS / "bin" / name / "release" / f"{name}.dll"
    arguments = [f"--Service:{key}={value}" for key, value in settings.items()]
    urls = ["--urls", "http://127.0.0.1:{port}", "--Logging:LogLevel:Default=Warning"]
    return servers.serving([dotnet, program, *urls, *arguments], {}, program.parent)


def serve_fastapi(model: str, workers: int = 1) -> AbstractContextManager[Server]:
    command = [sys.executable, HERE / "fastapi_server.py", "{port}", str(workers)]
    file = BUILT / model / SIMPLIFIED
    return servers.serving(command, {"MODEL_NAME": model, "MODEL_FILE": str(file)}, HERE)


def run_script(model: str, body: Any) -> tuple[Any, float]:
    """Start the script for one request: its answer, and its seconds from start to end."""
    start = time.perf_counter()
    command = [sys.executable, HERE / "script.py", model]
    completed = subprocess.run(
        command,
        cwd=BUILT / model,
        input=json.dumps(body),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    seconds = time.perf_counter() - start
    if completed.returncode:
        raise PipelineError(f"script.py ended with {completed.returncode}: {completed.stderr.strip()}")
    return json.loads(completed.stdout), seconds


def make_requests(model: str, count: int = 4) -> list[dict[str, Any]]:
    """Request bodies from the first rows of the model's test data."""
    rows = load_arrays(BUILT / model / TEST_SPLIT, "prepare")[INPUTS[model]][:count]
    return [{INPUTS[model]: row if isinstance(row, str) else row.ravel().tolist()} for row in rows]


def check_answer(model: str, service: str, got: Any, expected: Any) -> None:
    """Raise PipelineError unless two answers to one request have equal names and texts, and numbers equal to 1e-5."""
    same = got.keys() == expected.keys() and all(
        got[name] == value if isinstance(value, str) else np.allclose(got[name], value, rtol=0, atol=1e-5)
        for name, value in expected.items()
    )
    if not same:
        raise PipelineError(f"{model}: {service} answers {got}, the PyTorch script {expected}: nothing was measured")


def measure_in_turns(
    ports: dict[str, int], body: Any, connections: int, seconds: int, rounds: int
) -> dict[str, list[Load]]:
    """Load on the services in turns, so that other work on the machine affects all of them; the order is reversed every turn."""
    measured: dict[str, list[Load]] = {name: [] for name in ports}
    for turn in range(rounds):
        for name in list(ports)[:: 1 if turn % 2 == 0 else -1]:
            measured[name].append(load.run(ports[name], body, connections, seconds))
    return measured


def medians(loads: list[Load]) -> Load:
    """The median of each number, and the sum of the errors."""
    rate, p50, p99 = (statistics.median(getattr(turn, field) for turn in loads) for field in ("rate", "p50", "p99"))
    return Load(rate, p50, p99, sum(turn.errors for turn in loads))


def median_ratio(ours: list[Load], theirs: list[Load]) -> float:
    """Median over the turns of the ratio of the requests a second."""
    return statistics.median(mine.rate / other.rate for mine, other in zip(ours, theirs, strict=True))


def compare_servers(dotnet: Path, model: str, options: argparse.Namespace) -> None:
    """Print the throughput and the latency of every service of `model`."""
    requests = make_requests(model)
    scripted = [run_script(model, body) for body in requests]
    cores = os.cpu_count() or 1
    ours = "ASP.NET Core + client"
    candidates = {
        ours: serve_aspnet(dotnet, model),
        "FastAPI + onnxruntime, 1 worker": serve_fastapi(model),
        f"FastAPI + onnxruntime, {cores} workers": serve_fastapi(model, cores),
    }
    with contextlib.ExitStack() as stack:
        ports = {name: stack.enter_context(server).port for name, server in candidates.items()}
        for name, port in ports.items():
            for body, (expected, _) in zip(requests, scripted, strict=True):
                check_answer(model, name, servers.ask(port, "/predict", body), expected)
        for port in ports.values():
            load.run(port, requests[0], CONNECTIONS, options.warm_up)
        measured = measure_in_turns(ports, requests[0], CONNECTIONS, options.seconds, options.rounds)
    print(
        f"\n{model}: {CONNECTIONS} connections, medians of {options.rounds} turns of {options.seconds} s after {options.warm_up} s of "
        f"warm-up; same answers to {len(requests)} rows\n"
    )
    print_row("service", "requests/s", "p50 ms", "p99 ms", "errors", "ASP.NET is")
    print_row("-" * 34, *["-" * 10 + ":"] * 5)
    for name, loads in measured.items():
        typical = medians(loads)
        numbers = (f"{typical.rate:,.0f}", f"{typical.p50:.2f}", f"{typical.p99:.2f}", str(typical.errors))
        print_row(name, *numbers, f"{median_ratio(measured[ours], loads):,.1f} x")
    script_seconds = statistics.median(seconds for _, seconds in scripted)
    script_numbers = (f"{1 / script_seconds:.2f}", f"{script_seconds * 1000:,.0f}", "", "0")
    factor = medians(measured[ours]).rate * script_seconds
    print_row("Python script for each request", *script_numbers, f"{factor:,.0f} x")


def compare_batching(dotnet: Path, options: argparse.Namespace) -> bool:
    """Print the throughput with and without micro-batching; whether that with it is never below MINIMUM_SHARE."""
    body = make_requests("digits")[0]
    with contextlib.ExitStack() as stack:
        ports = {
            name: stack.enter_context(serve_aspnet(dotnet, "digits", MicroBatching=switch)).port
            for name, switch in {"on": "true", "off": "false"}.items()
        }
        for port in ports.values():
            load.run(port, body, CONNECTIONS, options.warm_up)
        measured = {
            connections: measure_in_turns(ports, body, connections, options.seconds, options.rounds)
            for connections in BATCHING_CONNECTIONS
        }
    print(f"\ndigits, micro-batching: requests/s, medians of {options.rounds} turns of {options.seconds} s\n")
    print_row("connections", "on", "off", "on / off", "on p99 ms", "off p99 ms")
    print_row("-" * 34, *["-" * 10 + ":"] * 5)
    fast_enough = True
    for connections, loads in measured.items():
        on, off, share = medians(loads["on"]), medians(loads["off"]), median_ratio(loads["on"], loads["off"])
        fast_enough = fast_enough and share >= MINIMUM_SHARE
        print_row(
            str(connections), f"{on.rate:,.0f}", f"{off.rate:,.0f}", f"{share:.2f}", f"{on.p99:.2f}", f"{off.p99:.2f}"
        )
    return fast_enough


def compare_start_up(dotnet: Path, times: int) -> None:
    """Print the milliseconds from the start of a service or program to its first answer."""
    body = make_requests("digits")[0]
    print(f"\ndigits, start-up: milliseconds, medians of {times}\n")
    print_row("what", "ready", "answered")
    print_row("-" * 34, *["-" * 10 + ":"] * 2)
    candidates = {
        "ASP.NET Core + client": lambda: serve_aspnet(dotnet, "digits"),
        "FastAPI + onnxruntime": lambda: serve_fastapi("digits"),
    }
    for name, start in candidates.items():
        ready, answered = [], []
        for _ in range(times):
            with start() as server:
                begin = time.perf_counter()
                servers.ask(server.port, "/predict", body)
                ready.append(server.ready)
                answered.append(server.ready + time.perf_counter() - begin)
        print_row(name, f"{statistics.median(ready) * 1000:,.0f}", f"{statistics.median(answered) * 1000:,.0f}")
    native = []
    for _ in range(times * 3):
        begin = time.perf_counter()
        program = ARTIFACTS / "publish" / "aot" / "native" / "read-digit"
        subprocess.run([program], stdout=subprocess.DEVNULL, check=True)
        native.append(time.perf_counter() - begin)
    print_row("NativeAOT program, start to end", "", f"{statistics.median(native) * 1000:,.0f}")
    scripted = statistics.median(run_script("digits", body)[1] for _ in range(3))
    print_row("Python script, start to end", "", f"{scripted * 1000:,.0f}")


def print_row(name: str, *cells: str) -> None:
    print(f"| {name:<34} | " + " | ".join(f"{cell:>11}" for cell in cells) + " |", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=4, help="seconds of load a turn (default: %(default)s)")
    # The JIT compiler has to work beside the load on the same cores, and takes this long to end.
    parser.add_argument("--warm-up", type=int, default=8, help="seconds of load before (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="turns for each number (default: %(default)s)")
    options = parser.parse_args()
    try:
        load.require()
        dotnet, version = sdk.require("the benchmark")
        build(dotnet)
        print(f"\n{os.cpu_count()} cores, shared with wrk; SDK {version}, Python {sys.version.split()[0]}")
        for model in INPUTS:
            compare_servers(dotnet, model, options)
        fast_enough = compare_batching(dotnet, options)
        compare_start_up(dotnet, 5)
    except PipelineError as error:
        print(f"error: benchmark: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"error: benchmark: {error.cmd[-1]} ended with {error.returncode}", file=sys.stderr)
        return 1
    if not fast_enough:
        print(
            f"error: benchmark: micro-batching has less than {MINIMUM_SHARE} of the throughput without", file=sys.stderr
        )
    return 0 if fast_enough else 1


if __name__ == "__main__":
    sys.exit(main())
