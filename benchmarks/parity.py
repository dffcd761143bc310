"""What `validate` costs, by rows and by size: `python benchmarks/parity.py` (some minutes, 6 GB of disk).

Linear layers over rows with a dynamic axis, random weights, `train=none`. Seconds and peak are those of `python -m pipeline
validate`, a process of its own with its imports; peak is the maximum resident set size. Exit 1 when a network of 1 GB takes more than
1.3 times its weights.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from large import make_project, measure

PEAK_LIMIT = 1.3
# Bytes of weights from which on the limit holds: below, the 100 MB of Python and its libraries weigh too much.
JUDGED = 1_000_000_000
# And from which on the table has the ratio.
SHOWN = 100_000_000
MB = 1e6
MADE = ("prepare", "train", "export", "simplify")


class Shape(NamedTuple):
    """Width and number of the layers, and rows of the test split, each of `steps` vectors."""

    size: int
    layers: int
    rows: int
    steps: int = 4


BY_ROWS = tuple(Shape(64, 4, rows) for rows in (100, 1_000, 10_000, 100_000))
BY_SIZE = (Shape(500, 4, 8), Shape(1600, 10, 8), Shape(2900, 15, 8), Shape(2900, 30, 8))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only the smaller half of each")
    options = parser.parse_args()
    shapes = [shape for group in (BY_ROWS, BY_SIZE) for shape in group[: 2 if options.quick else None]]
    print("|  weights MB |    rows | values compared | seconds | peak MB | / weights |")
    print("| ----------- | ------- | --------------- | ------- | ------- | --------- |", flush=True)
    problems = []
    for shape in shapes:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            settings = ("export.exporter=tracer",)
            weights = make_project(folder, shape.size, shape.layers, *settings, rows=shape.rows, steps=shape.steps)
            for stage in (*MADE, "validate"):
                cost = measure(sys.executable, "-m", "pipeline", stage, cwd=folder)
                if cost.code:
                    sys.exit(f"error: parity: {stage} failed: {cost.stderr}")
            values = json.loads((folder / "reports" / "parity.json").read_text())["values"]
        ratio = cost.peak / weights
        shown = f"{ratio:.2f}" if weights >= SHOWN else "-"
        print(
            f"| {weights / MB:>11,.1f} | {shape.rows:>7,} | {values:>15,} | {cost.seconds:>7.1f} | {cost.peak / MB:>7,.0f} "
            f"| {shown:>9} |",
            flush=True,
        )
        if weights >= JUDGED and ratio > PEAK_LIMIT:
            problems.append(f"{weights / MB:,.0f} MB of weights take {ratio:.2f} times as much, more than {PEAK_LIMIT}")
    if problems:
        sys.exit("\n".join(["", *(f"error: parity: {problem}" for problem in problems)]))


if __name__ == "__main__":
    main()
