"""Whether RunAsync keeps memory: `python benchmarks/dotnet/growth.py`.

A million calls by 16 callers, and after each tenth, collected: bytes of objects that are alive, and of the process. Exit 1 when the process
grows by more than GROWTH from the first half's end to the last call: what threads and heaps take once is taken before.
"""

import argparse
import sys
from typing import Any

from run import build, measure

from pipeline.core.errors import PipelineError

# Bytes a call: a leak of the smallest object would be 24 on each.
GROWTH = 8.0


def growth(memory: list[dict[str, Any]]) -> float:
    """Bytes of the process a call, over the second half of the calls."""
    middle, last = memory[len(memory) // 2], memory[-1]
    return (last["Resident"] - middle["Resident"]) / (last["Calls"] - middle["Calls"])


def format_table(memory: list[dict[str, Any]]) -> str:
    lines = ["|     calls | objects MB | heap MB | process MB |", "| --------: | ---------: | ------: | ---------: |"]
    lines += [
        f"| {entry['Calls']:>9,} | {entry['Managed'] / 1e6:>10.1f} | {entry['Committed'] / 1e6:>7.1f} | {entry['Resident'] / 1e6:>10.1f} |"
        for entry in memory
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1_000_000, help="in all (default: %(default)s)")
    options = parser.parse_args()
    try:
        installed = build("the benchmark")
        memory = measure(installed.dotnet, "growth", str(options.calls))
    except PipelineError as error:
        print(f"error: benchmark: {error}", file=sys.stderr)
        return 1
    per_call = growth(memory)
    print(f"\n{format_table(memory)}\n\nthe second half of the calls: {per_call:.2f} bytes a call")
    if per_call > GROWTH:
        print(
            f"error: benchmark: the process grows by {per_call:.2f} bytes a call, more than {GROWTH}", file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
