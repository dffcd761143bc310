"""Requests a second beside Python's ways to serve, micro-batching on and off, and start-up: `python benchmarks/serving/run.py`.

The same models behind ASP.NET Core with the packages' clients, behind FastAPI with onnxruntime, and in a Python script
that is started for each request. They must give the same answers before any load. All on this machine's loopback; needs a
.NET SDK and wrk. Everybody runs onnxruntime with one thread. Other work on the machine shows in the numbers.
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

from pipeline.core.errors import PipelineError
from pipeline.dotnet import sdk

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
BUILT = PROJECT / "build" / "examples"
ARTIFACTS = BUILT / "artifacts"
INPUTS = {"linear": "input", "digits": "pixels", "sentiment": "text"}
CONNECTIONS = 16
LEVELS = (1, 16, 64)
# The least share of the requests/s without micro-batching that micro-batching, the default, must reach.
ALLOWED = 0.90


def build(dotnet: Path) -> None:
    subprocess.run([sys.executable, PROJECT / "examples" / "run.py", "service", "reviews", "aot"], check=True)
    quiet = ("--configuration", "Release", "--nologo", "--verbosity", "quiet")
    sdk.run(dotnet, "build", *quiet, folder=HERE / "lean")


def aspnet(dotnet: Path, model: str, **settings: str) -> AbstractContextManager[Server]:
    """The ASP.NET Core service around `model`; `settings` are of its section Service."""
    if model == "linear":
        program = next(HERE.glob("lean/bin/Release/*/lean.dll"))
    else:
        name = "reviews" if model == "sentiment" else "service"
        program = ARTIFACTS / "bin" / name / "release" / f"{name}.dll"
    given = [f"--Service:{key}={value}" for key, value in settings.items()]
    urls = ["--urls", "http://127.0.0.1:{port}", "--Logging:LogLevel:Default=Warning"]
    return servers.serving([dotnet, program, *urls, *given], {}, program.parent)


def fastapi(model: str, workers: int = 1) -> AbstractContextManager[Server]:
    command = [sys.executable, HERE / "fastapi_server.py", "{port}", str(workers)]
    file = BUILT / model / "build" / "simplified.onnx"
    return servers.serving(command, {"MODEL_NAME": model, "MODEL_FILE": str(file)}, HERE)


def script(model: str, body: Any) -> tuple[Any, float]:
    """The answer of the script that is started for one request, and its seconds from start to end."""
    start = time.perf_counter()
    command = [sys.executable, HERE / "script.py", model, BUILT / model / "build"]
    done = subprocess.run(command, input=json.dumps(body), capture_output=True, text=True, timeout=120, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise PipelineError(f"script.py ended with {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout), seconds


def bodies(model: str, count: int = 4) -> list[dict[str, Any]]:
    """Requests made of the first rows of the model's test data."""
    with np.load(BUILT / model / "build" / "data" / "test.npz") as data:
        rows = data[INPUTS[model]][:count]
    return [{INPUTS[model]: row.ravel().tolist() if row.ndim else str(row)} for row in rows]


def check(model: str, who: str, got: Any, expected: Any) -> None:
    """Two answers to one request must have the same names, texts, and numbers to 1e-5."""
    same = got.keys() == expected.keys() and all(
        got[name] == value if isinstance(value, str) else np.allclose(got[name], value, rtol=0, atol=1e-5)
        for name, value in expected.items()
    )
    if not same:
        raise PipelineError(f"{model}: {who} answers {got}, the PyTorch script {expected}: nothing was measured")


def turns(ports: dict[str, int], body: Any, connections: int, seconds: int, rounds: int) -> dict[str, list[Load]]:
    """Load on services in turns, so that what else the machine does meets all of them; who begins changes."""
    measured: dict[str, list[Load]] = {name: [] for name in ports}
    for turn in range(rounds):
        for name in list(ports)[:: 1 if turn % 2 == 0 else -1]:
            measured[name].append(load.run(ports[name], body, connections, seconds))
    return measured


def median(loads: list[Load]) -> Load:
    """Medians of what was measured; errors are added up."""
    rate, p50, p99 = (statistics.median(getattr(one, field) for one in loads) for field in ("rate", "p50", "p99"))
    return Load(rate, p50, p99, sum(one.errors for one in loads))


def ratio(ours: list[Load], theirs: list[Load]) -> float:
    """Median of the ratios of each turn's requests a second."""
    return statistics.median(mine.rate / other.rate for mine, other in zip(ours, theirs, strict=True))


def compare_servers(dotnet: Path, model: str, options: argparse.Namespace) -> None:
    requests = bodies(model)
    scripted = [script(model, body) for body in requests]
    cores = os.cpu_count() or 1
    ours = "ASP.NET Core + client"
    candidates = {
        ours: aspnet(dotnet, model),
        "FastAPI + onnxruntime, 1 worker": fastapi(model),
        f"FastAPI + onnxruntime, {cores} workers": fastapi(model, cores),
    }
    with contextlib.ExitStack() as stack:
        ports = {name: stack.enter_context(server).port for name, server in candidates.items()}
        for name, port in ports.items():
            for body, (expected, _) in zip(requests, scripted, strict=True):
                check(model, name, servers.ask(port, "/predict", body), expected)
        for port in ports.values():
            load.run(port, requests[0], CONNECTIONS, options.warm_up)
        measured = turns(ports, requests[0], CONNECTIONS, options.seconds, options.rounds)
    print(
        f"\n{model}: {CONNECTIONS} connections, medians of {options.rounds} turns of {options.seconds} s after {options.warm_up} s of "
        f"warm-up; same answers to {len(requests)} rows\n"
    )
    row("service", "requests/s", "p50 ms", "p99 ms", "errors", "ours is")
    row("-" * 34, *["-" * 10 + ":"] * 5)
    for name, loads in measured.items():
        one = median(loads)
        numbers = (f"{one.rate:,.0f}", f"{one.p50:.2f}", f"{one.p99:.2f}", str(one.errors))
        row(name, *numbers, f"{ratio(measured[ours], loads):,.1f} x")
    taken = statistics.median(seconds for _, seconds in scripted)
    times = median(measured[ours]).rate * taken
    row("Python script a request, in turn", f"{1 / taken:.2f}", f"{taken * 1000:,.0f}", "", "0", f"{times:,.0f} x")


def compare_batching(dotnet: Path, options: argparse.Namespace) -> bool:
    """Micro-batching on and off, side by side; whether on, the default, is never far below off."""
    body = bodies("digits")[0]
    with contextlib.ExitStack() as stack:
        ports = {
            name: stack.enter_context(aspnet(dotnet, "digits", MicroBatching=switch)).port
            for name, switch in {"on": "true", "off": "false"}.items()
        }
        for port in ports.values():
            load.run(port, body, CONNECTIONS, options.warm_up)
        measured = {level: turns(ports, body, level, options.seconds, options.rounds) for level in LEVELS}
    print(f"\ndigits, micro-batching: requests/s, medians of {options.rounds} turns of {options.seconds} s\n")
    row("connections", "on", "off", "on / off", "on p99 ms", "off p99 ms")
    row("-" * 34, *["-" * 10 + ":"] * 5)
    kept = True
    for level, loads in measured.items():
        on, off, share = median(loads["on"]), median(loads["off"]), ratio(loads["on"], loads["off"])
        kept = kept and share >= ALLOWED
        row(str(level), f"{on.rate:,.0f}", f"{off.rate:,.0f}", f"{share:.2f}", f"{on.p99:.2f}", f"{off.p99:.2f}")
    return kept


def start_up(dotnet: Path, times: int) -> None:
    body = bodies("digits")[0]
    print(f"\ndigits, start-up: milliseconds, medians of {times}\n")
    row("what", "ready", "answered")
    row("-" * 34, *["-" * 10 + ":"] * 2)
    candidates = {
        "ASP.NET Core + client": lambda: aspnet(dotnet, "digits"),
        "FastAPI + onnxruntime": lambda: fastapi("digits"),
    }
    for name, start in candidates.items():
        ready, answered = [], []
        for _ in range(times):
            with start() as server:
                begin = time.perf_counter()
                servers.ask(server.port, "/predict", body)
                ready.append(server.ready)
                answered.append(server.ready + time.perf_counter() - begin)
        row(name, f"{statistics.median(ready) * 1000:,.0f}", f"{statistics.median(answered) * 1000:,.0f}")
    native = []
    for _ in range(times * 3):
        begin = time.perf_counter()
        program = ARTIFACTS / "publish" / "aot" / "native" / "read-digit"
        subprocess.run([program], stdout=subprocess.DEVNULL, check=True)
        native.append(time.perf_counter() - begin)
    row("NativeAOT program, start to end", "", f"{statistics.median(native) * 1000:,.0f}")
    scripted = statistics.median(script("digits", body)[1] for _ in range(3))
    row("Python script, start to end", "", f"{scripted * 1000:,.0f}")


def row(name: str, *cells: str) -> None:
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
        kept = compare_batching(dotnet, options)
        start_up(dotnet, 5)
    except PipelineError as error:
        print(f"error: benchmark: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"error: benchmark: {error.cmd[-1]} ended with {error.returncode}", file=sys.stderr)
        return 1
    if not kept:
        print(f"error: benchmark: micro-batching is below {ALLOWED} of no micro-batching", file=sys.stderr)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
