"""From the start of a service to its first answer, and its memory: compiled just in time, ahead of time, and FastAPI."""

import statistics
import time
from pathlib import Path

import load
import servers
import services
from tables import print_header, print_row

CONNECTIONS = 16


def compare_start_up(dotnet: Path, model: str, times: int, seconds: float) -> None:
    """Print milliseconds to the first answer, MB when it was given and after some load, and requests a second."""
    request = services.row_request(model)
    print(
        f"\n{model}, start-up and memory: medians of {times}; requests/s over {seconds:.0f} s from the first answer on\n"
    )
    print_header("service", "ready ms", "answered ms", "MB at first", "MB loaded", "requests/s")
    candidates = {
        "rows, just in time": lambda: services.serve_lean(dotnet, model, "rows"),
        "rows, ahead of time": lambda: services.serve_lean(dotnet, model, "rows", native=True),
        "FastAPI": lambda: services.serve_fastapi(model),
    }
    for name, start in candidates.items():
        ready, answered, first, loaded, rates = [], [], [], [], []
        for turn in range(times):
            with start() as server:
                begin = time.perf_counter()
                servers.ask(server.port, request.path, request.body)
                ready.append(server.ready)
                answered.append(server.ready + time.perf_counter() - begin)
                first.append(servers.resident(server.process))
                if turn == 0:
                    rates.append(load.run(server.port, request, CONNECTIONS, seconds).rate)
                    loaded.append(servers.resident(server.process))
        milliseconds = (f"{statistics.median(values) * 1000:,.0f}" for values in (ready, answered))
        numbers = (f"{statistics.median(values):,.0f}" for values in (first, loaded, rates))
        print_row(name, *milliseconds, *numbers)
