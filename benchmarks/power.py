"""What the gate would notice: mutants of the models that ship, at one tolerance and another.

    python benchmarks/power.py                                          # the settings' tolerances, as `validate` measures
    python benchmarks/power.py --mutants 400 --tolerances 1e-6,1e-5 1e-5,1e-4 -- digits

Each model is trained a little and taken through the stages in a folder of its own (kept and used again with `--folder`). Missed
are mutants that moved an answer by more than three times rounding and that no comparison caught; `too far` those of them that
moved one by more than parity.least_power; healthy is how much of the tolerance the graph itself uses. Exit 1 when a healthy graph
fails its tolerance.
"""

import argparse
import contextlib
import io
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pipeline.__main__ import main as pipeline
from pipeline.compare.policy import Policy, Tolerance, make_policy
from pipeline.core.arrays import Arrays, load
from pipeline.core.contract import load_contract
from pipeline.core.golden import GoldenCall, load_calls
from pipeline.core.paths import GOLDEN_TEST_SPLIT, SIMPLIFIED, TEST_SPLIT
from pipeline.graph import onnx_model
from pipeline.parity.mutant_runner import Thresholds
from pipeline.parity.power import Effort, measure_power
from pipeline.parity.replay import GoldenAnswers, replay
from pipeline.settings.params import load as load_params

PROJECT = Path(__file__).resolve().parents[1]
STAGES = ("prepare", "train", "export", "simplify")
MODELS = {
    "linear": [],
    "digits": [],
    "sequence": [],
    "tabular": [],
    "detector": ["train.epochs=6", "data.rows=400"],
    "sentiment": [f"data.path={PROJECT}/data/reviews"],
}


class Model(NamedTuple):
    """A model whose stages have run: what PyTorch answered, and the graph's answers to the test split."""

    golden: GoldenAnswers
    test_answers: Arrays


def run_stages(name: str, folder: Path) -> None:
    """Everything up to `simplify`, unless it is there."""
    if (folder / SIMPLIFIED).exists():
        return
    shutil.copytree(PROJECT / "conf", folder / "conf", dirs_exist_ok=True)
    for command in (["params", f"model={name}", *MODELS[name]], *([stage] for stage in STAGES)):
        with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
            if pipeline(command):
                sys.exit(f"error: power: {name}: {command[0]} failed")


def read_model() -> Model:
    """The model of the current folder."""
    contract, calls = load_contract(), load_calls()
    test, eager = load(TEST_SPLIT, "prepare"), load(GOLDEN_TEST_SPLIT, "export")
    inputs = {tensor.name: test[tensor.name] for tensor in contract.inputs}
    golden = GoldenAnswers(
        contract, calls, GoldenCall("test", "rows", len(next(iter(inputs.values()))), {}, inputs, eager)
    )
    _, answers = replay("simplify", SIMPLIFIED, golden, Policy(Tolerance(0.0, 0.0)))
    return Model(golden, answers)


def measure(name: str, model: Model, thresholds: Thresholds, effort: Effort) -> bool:
    """Print one row of the table; whether the healthy graph passes."""
    policy = thresholds.policy
    comparisons, _ = replay("simplify", SIMPLIFIED, model.golden, policy)
    used = max((entry.used for entry in comparisons if entry.used is not None), default=0.0)
    start = time.perf_counter()
    power = measure_power(SIMPLIFIED, model.golden, model.test_answers, thresholds, effort)
    seconds = time.perf_counter() - start
    missed = [survivor for survivor in power.survivors if survivor.result == "missed"]
    moved = max((survivor.moved for survivor in missed), default=0.0)
    too_far = sum(survivor.moved > thresholds.least_power for survivor in missed)
    kinds = ", ".join(f"{kind} {count.missed}/{count.tried}" for kind, count in power.kinds.items() if count.missed)
    print(
        f"| {name} | {policy.default.atol:g}, {policy.default.rtol:g} | {power.tried} | {power.caught} | {power.equivalent} | {power.missed} | {too_far} | {moved:.1g} | "
        f"{used:.2%} | {seconds:.1f} | {kinds} |",
        flush=True,
    )
    return all(entry.passed for entry in comparisons)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(MODELS)} (default: all)")
    parser.add_argument("--mutants", type=int, help="so many of each (default: what parity.power_budget allows)")
    parser.add_argument("--tolerances", nargs="+", metavar="ATOL,RTOL", help="for float32 (default: the settings)")
    parser.add_argument("--folder", type=Path, help="where the models' folders are, or will be")
    options = parser.parse_args()
    if unknown := set(options.models) - set(MODELS):
        parser.error(f"expected models of {', '.join(MODELS)}, got {', '.join(sorted(unknown))}")
    healthy = True
    heads = (
        "model",
        "atol, rtol",
        "mutants",
        "caught",
        "equivalent",
        "missed",
        "too far",
        "moved at most",
        "healthy",
        "s",
    )
    print("| " + " | ".join((*heads, "missed, by kind")) + " |\n" + "|---" * (len(heads) + 1) + "|")
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.models or MODELS:
            folder = (options.folder or Path(scratch)).resolve() / name
            folder.mkdir(parents=True, exist_ok=True)
            run_stages(name, folder)
            with contextlib.chdir(folder):
                model, parity = read_model(), load_params().parity
                seed = int(onnx_model.fingerprint(SIMPLIFIED), 16)
                effort = Effort(seed, 1e15, options.mutants) if options.mutants else Effort(seed, parity.power_budget)
                names = [tensor.name for tensor in model.golden.contract.outputs]
                policy = make_policy(parity, "simplify", model.golden.contract.scales, names)
                for words in options.tolerances or [f"{parity.atol},{parity.rtol}"]:
                    atol, rtol = (float(number) for number in words.split(","))
                    chosen = replace(policy, default=policy.default._replace(atol=atol, rtol=rtol))
                    healthy &= measure(name, model, Thresholds(chosen, parity.least_power), effort)
    sys.exit(not healthy)


if __name__ == "__main__":
    main()
