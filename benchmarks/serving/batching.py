"""Micro-batching on and off: where it helps, and where it costs."""

import contextlib
import statistics
from pathlib import Path

import load
import services
from load import Load, Request, medians
from tables import print_header, print_row

CONNECTIONS = (1, 4, 16, 64, 256)
BATCH_SIZES = (1, 8, 64)
BATCH_CONNECTIONS = 64


def measure_in_turns(
    ports: dict[str, int], request: Request, connections: int, seconds: float, rounds: int
) -> dict[str, list[Load]]:
    """Load on services in turns, so that other work on the machine affects all of them; the order is reversed every turn."""
    measured: dict[str, list[Load]] = {name: [] for name in ports}
    for turn in range(rounds):
        for name in list(ports)[:: 1 if turn % 2 == 0 else -1]:
            measured[name].append(load.run(ports[name], request, connections, seconds))
    return measured


def compare_batching(dotnet: Path, model: str, seconds: float, warm_up: float, rounds: int) -> None:
    """Print requests a second with and without micro-batching, by connections and by the rows of a batch."""
    request = services.row_request(model)
    sizes = {f"at most {size} rows": {"Options:MaxBatchSize": size} for size in BATCH_SIZES}
    batching = {"on": {}, **sizes}
    with contextlib.ExitStack() as stack:
        started = {
            name: services.serve_lean(dotnet, model, "rows", MicroBatching="true", **settings)
            for name, settings in batching.items()
        }
        started["off"] = services.serve_lean(dotnet, model, "rows", MicroBatching="false")
        ports = {name: stack.enter_context(server).port for name, server in started.items()}
        for port in ports.values():
            load.run(port, request, 16, warm_up)
        print(f"\n{model}, micro-batching: requests/s, medians of {rounds} turns of {seconds:.0f} s\n")
        print_header("connections", "on", "off", "on / off", "on p99 ms", "off p99 ms")
        for connections in CONNECTIONS:
            print_comparison(
                str(connections),
                measure_in_turns({name: ports[name] for name in ("on", "off")}, request, connections, seconds, rounds),
            )
        for name in sizes:
            measured = measure_in_turns(
                {"on": ports[name], "off": ports["off"]}, request, BATCH_CONNECTIONS, seconds, rounds
            )
            print_comparison(f"{BATCH_CONNECTIONS}, {name}", measured)


def print_comparison(name: str, loads: dict[str, list[Load]]) -> None:
    on, off = medians(loads["on"]), medians(loads["off"])
    share = statistics.median(mine.rate / other.rate for mine, other in zip(loads["on"], loads["off"], strict=True))
    print_row(name, f"{on.rate:,.0f}", f"{off.rate:,.0f}", f"{share:.2f}", f"{on.p99:.2f}", f"{off.p99:.2f}")
