"""Many models in one program, with threads of their own and with one pool: `python benchmarks/dotnet/pools.py`.

Twenty sessions of digits (microsoft/onnxruntime#19703), each configuration in a process of its own: threads of the process, resident
memory, and latency, throughput and processor time of calls of 64 rows, by one caller who goes from model to model and by as many callers
as there are models. docs/dotnet/onnxruntime.md has the table.
"""

import argparse
import sys
from typing import Any, NamedTuple

from run import build, measure

from pipeline.core.errors import PipelineError


class Pool(NamedTuple):
    """Whose threads run a model, how many, and whether they spin while they wait."""

    title: str
    kind: str
    threads: int
    spins: bool


def configurations(threads: int) -> list[Pool]:
    return [
        Pool("own threads, spinning", "own", threads, spins=True),
        Pool("own threads", "own", threads, spins=False),
        Pool("one pool, spinning", "global", threads, spins=True),
        Pool("one pool", "global", threads, spins=False),
        Pool("one thread, no pool", "own", 1, spins=False),
    ]


def format_table(measured: list[tuple[Pool, int, dict[str, Any]]]) -> str:
    lines = [
        f"| {'threads of a run':<22} | callers | threads | MB  | p50 ms | p99 ms | calls/s | CPU ms a call |",
        f"| {'-' * 22} | ------: | ------: | --: | -----: | -----: | ------: | ------------: |",
    ]
    for pool, callers, cost in measured:
        lines.append(
            f"| {pool.title:<22} | {callers:>7} | {cost['Threads']:>7} | {cost['WorkingSet'] / 1e6:>3.0f} | "
            f"{cost['MedianMilliseconds']:>6.2f} | {cost['P99Milliseconds']:>6.2f} | {cost['CallsPerSecond']:>7,.0f} | "
            f"{cost['ProcessorSeconds'] * 1e3:>13.2f} |"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=20, help="sessions in the program (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=4, help="of a model, or of the pool (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=3, help="of each measurement (default: %(default)s)")
    options = parser.parse_args()
    try:
        installed = build("the benchmark")
        measured = []
        for pool in configurations(options.threads):
            for callers in (1, options.models):
                arguments = [pool.kind, options.models, pool.threads, pool.spins, callers, options.seconds]
                measured.append((pool, callers, measure(installed.dotnet, "pools", *map(str, arguments))))
    except PipelineError as error:
        print(f"error: benchmark: {error}", file=sys.stderr)
        return 1
    print(
        f"\n{options.models} models, {options.threads} threads, calls of 64 rows of digits\n\n{format_table(measured)}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
