"""More than a service can bear: three times its load on ten thousand open connections, and callers who ask again at once when they are refused.

It sheds, answers what it took, and recovers.
"""

import resource
import time
from pathlib import Path
from typing import NamedTuple

import load
import servers
import services
from load import Load, Request
from tables import print_header, print_row

from pipeline.core.errors import PipelineError

CONNECTIONS = 16
MANY = 10_000
# Of the process itself and of the program: files, assemblies, event loops.
OTHER_HANDLES = 500
GREEDY = 1_000
TIMES = 3
MAXIMUM_RECOVERY = 1.0


class Overload(NamedTuple):
    """What came of too much load: answers and refusals a second, requests without either, and seconds until a request was answered."""

    answered: float
    shed: float
    lost: int
    p99: float
    recovery: float


def open_connections(limit: int) -> int:
    """How many connections a process may open that may have `limit` files."""
    return min(MANY, limit - OTHER_HANDLES)


def summarise(loaded: Load, recovery: float) -> Overload:
    shed = loaded.rate * loaded.refused / loaded.requests if loaded.requests else 0.0
    return Overload(loaded.rate - shed, shed, loaded.errors, loaded.p99, recovery)


def seconds_to_recover(port: int, request: Request) -> float:
    """From now until a request is answered with 200.

    Raises:
        PipelineError: None is within ten seconds.
    """
    start = time.perf_counter()
    while time.perf_counter() < start + 10:
        try:
            servers.ask(port, request.path, request.body)
        except (PipelineError, OSError):
            time.sleep(0.01)
        else:
            return time.perf_counter() - start
    raise PipelineError("overload: the service did not recover within 10 s")


def missed_overload(name: str, result: Overload, capacity: float) -> list[str]:
    """A sentence for each thing that overload must not do."""
    sentences = []
    if result.recovery > MAXIMUM_RECOVERY:
        sentences.append(
            f"{name}: expected an answer within {MAXIMUM_RECOVERY:g} s after the load, got one after {result.recovery:.2f} s"
        )
    if result.lost:
        sentences.append(f"{name}: expected an answer or 503 to every request, got {result.lost} without one")
    if result.answered < capacity / 2:
        sentences.append(f"{name}: expected at least half of {capacity:,.0f} answers/s, got {result.answered:,.0f}")
    return sentences


def compare_overload(dotnet: Path, model: str, seconds: int) -> list[str]:
    """Print what a service does with too much; the sentences for what it must not do."""
    request = services.row_request(model)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    many = open_connections(hard)
    with services.serve_lean(dotnet, model, "rows") as server:
        load.run(server.port, request, CONNECTIONS, seconds)
        capacity = load.run(server.port, request, CONNECTIONS, seconds).rate
        print(
            f"\n{model}, overload: {seconds} s each; `ulimit -n` is {hard}, so that {many:,} connections can be open\n"
        )
        print_header("load", "answers/s", "503/s", "lost", "p99 ms", "recovers ms", "MB")
        print_row(
            f"{CONNECTIONS} connections",
            f"{capacity:,.0f}",
            "0",
            "0",
            "",
            "",
            f"{servers.resident(server.process):,.0f}",
        )
        missed = []
        for name, connections, rest in (
            (f"{many:,} connections, {TIMES} x", many, load.think_time(capacity, many, TIMES)),
            (f"{GREEDY:,} that never rest", GREEDY, 0.0),
        ):
            loaded = load.run(server.port, request, connections, seconds, rest)
            result = summarise(loaded, seconds_to_recover(server.port, request))
            numbers = (
                f"{result.answered:,.0f}",
                f"{result.shed:,.0f}",
                str(result.lost),
                f"{result.p99:,.0f}",
                f"{result.recovery * 1000:,.0f}",
            )
            print_row(name, *numbers, f"{servers.resident(server.process):,.0f}")
            # Callers who never rest take the processors for themselves, on this same machine: how much is left for answers is theirs to say.
            missed += missed_overload(f"{model}, {name}", result, capacity if connections == many else 0)
    return missed
