"""Does the gate cry wolf? `python benchmarks/false_alarms.py` (200 seeded retrainings of small networks, some minutes).

Each is trained a little, exported, simplified and validated at the default policy, power included; none of them is wrong, so whatever a
stage refuses is a false alarm. Then the published graph answers again with other threads, at every optimisation level, with denormals
flushed, and with -0.0 for 0, and none of that may fail the gate's comparisons. Exit 1 at any false alarm.
"""

import argparse
import atexit
import contextlib
import gc
import io
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
import onnxruntime
import torch
from onnxruntime import GraphOptimizationLevel as Level

from pipeline.__main__ import main as pipeline
from pipeline.compare.comparison import compare
from pipeline.compare.policy import Policy, make_policy
from pipeline.core.arrays import Arrays, load
from pipeline.core.contract import load_contract
from pipeline.core.golden import load_calls
from pipeline.core.paths import GOLDEN_TEST_SPLIT, PARITY_REPORT, SIMPLIFIED, TEST_SPLIT
from pipeline.core.rows import Rows
from pipeline.graph.session import answer
from pipeline.settings.params import load as load_params

PROJECT = Path(__file__).resolve().parents[1]
# onnxsim's binding calls what is frozen at the end of the process a leak.
atexit.register(gc.unfreeze)
STAGES = ("fingerprint", "prepare", "train", "export", "simplify", "validate")
SHORT = ("train.epochs=2", "train.threads=1", "export.exporter=tracer")
WAVES = ("model=sequence", "data.rows=300", *SHORT)
DIGITS = ("model=digits", *SHORT)
NO_ARGUMENTS = ("~model.net.kwargs.width", "~model.net.kwargs.dropout")
# The settings of each kind: the tracer is the quicker exporter, and does not know torch's encoder.
KINDS = {
    "convolutions": (*DIGITS, "model.net.kwargs.width=4"),
    "linear": ("model=linear", "export.exporter=tracer"),
    "MLP": (*DIGITS, "model.net._target_=retrained.Mlp", *NO_ARGUMENTS),
    "GRU": (*WAVES, "model.net.kwargs.hidden=8"),
    "encoder": (
        *WAVES,
        "model.net._target_=retrained.Encoder",
        "~model.net.kwargs.hidden",
        "~model.net.kwargs.classes",
        "export.exporter=dynamo",
    ),
    "regression": ("model=progression", *SHORT),
    "saturated MLP": (*DIGITS, "model.net._target_=retrained.Mlp", *NO_ARGUMENTS, "+model.net.kwargs.sharpness=300"),
}
Open = Callable[[], onnxruntime.InferenceSession]


@dataclass
class Tally:
    """What became of the networks of one kind, or of the answers under one other condition."""

    alarms: list[str] = field(default_factory=list)
    used: list[float] = field(default_factory=list)
    caught: int = 0
    effective: int = 0
    seconds: list[float] = field(default_factory=list)


def open_with(threads: int = 1, level: Level = Level.ORT_ENABLE_ALL, **entries: str) -> Open:
    """How a session of the published graph is opened, otherwise than the gate does."""

    def start() -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.graph_optimization_level, options.log_severity_level = threads, level, 4
        for key, value in entries.items():
            options.add_session_config_entry(key.replace("__", "."), value)
        return onnxruntime.InferenceSession(str(SIMPLIFIED), options, providers=["CPUExecutionProvider"])

    return start


def negate_zeros(arrays: Arrays) -> Arrays:
    """Every 0 as -0.0."""
    return {
        name: np.where(array == 0, -np.zeros((), array.dtype), array) if array.dtype.kind == "f" else array
        for name, array in arrays.items()
    }


def as_it_is(arrays: Arrays) -> Arrays:
    return arrays


# How a session is opened, and what is done to its inputs, and to its answers.
CONDITIONS: dict[str, tuple[Open, Callable[[Arrays], Arrays], Callable[[Arrays], Arrays]]] = {
    "4 threads": (open_with(threads=4), as_it_is, as_it_is),
    "not optimised": (open_with(level=Level.ORT_DISABLE_ALL), as_it_is, as_it_is),
    "optimised: basic": (open_with(level=Level.ORT_ENABLE_BASIC), as_it_is, as_it_is),
    "optimised: extended": (open_with(level=Level.ORT_ENABLE_EXTENDED), as_it_is, as_it_is),
    "optimised: all": (open_with(level=Level.ORT_ENABLE_ALL), as_it_is, as_it_is),
    "denormals flushed": (open_with(session__set_denormal_as_zero="1"), as_it_is, as_it_is),
    "inputs of -0.0": (open_with(), negate_zeros, as_it_is),
    "answers of -0.0": (open_with(), as_it_is, negate_zeros),
}


def retrain(kind: str, seed: int, tally: Tally) -> bool:
    """Run the stages in the current folder; whether all of them took the network."""
    start = time.perf_counter()
    shutil.copytree(PROJECT / "conf", "conf")
    for command in (["params", f"seed={seed}", *KINDS[kind]], *([stage] for stage in STAGES)):
        stderr = io.StringIO()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(stderr):
            code = pipeline(command)
        if code:
            tally.alarms.append(f"{kind}, seed {seed}: {stderr.getvalue().strip()}")
            return False
    report = json.loads(PARITY_REPORT.read_text())
    tally.used.append(report["used"])
    tally.caught += report["power"]["caught"]
    tally.effective += report["power"]["caught"] + report["power"]["missed"]
    tally.seconds.append(time.perf_counter() - start)
    return True


def answer_again(name: str, tallies: dict[str, Tally]) -> None:
    """Ask the published graph of the current folder what the gate has asked it, under every other condition."""
    contract = load_contract()
    policy = make_policy(load_params().parity, "simplify", contract.scales, [port.name for port in contract.outputs])
    test, expected = load(TEST_SPLIT, "prepare"), load(GOLDEN_TEST_SPLIT, "export")
    inputs = {port.name: test[port.name] for port in contract.inputs}
    parts = [Rows(arrays, contract.batched).all() for arrays in (inputs, expected)]
    questions = [(call.inputs, call.outputs) for call in load_calls()] + list(zip(*parts, strict=True))
    for condition, (start, prepare, finish) in CONDITIONS.items():
        used, problems = ask(start(), [(prepare(given), wanted) for given, wanted in questions], finish, policy)
        tallies[condition].used.append(used)
        tallies[condition].alarms += [f"{name}, {condition}: {problem}" for problem in problems[:1]]
        # onnxruntime leaves the thread that opened the session as it set it up.
        torch.set_flush_denormal(False)


def ask(
    session: onnxruntime.InferenceSession,
    questions: list[tuple[Arrays, Arrays]],
    finish: Callable[[Arrays], Arrays],
    policy: Policy,
) -> tuple[float, list[str]]:
    """The largest share of what is allowed, and what failed."""
    comparisons = [
        one for given, wanted in questions for one in compare(wanted, finish(answer(session, given)), policy)
    ]
    used = max((one.used for one in comparisons if one.used is not None), default=0.0)
    return used, [one.problem for one in comparisons if not one.passed]


def print_table(head: tuple[str, ...], tallies: dict[str, Tally], *, power: bool) -> None:
    """A row for each tally, and one for all of them."""
    width = max(map(len, tallies))
    print(f"\n| {head[0]:<{width}} | " + " | ".join(head[1:]) + " |\n" + "|---" * len(head) + "|")
    total = Tally()
    for tally in tallies.values():
        total.alarms += tally.alarms
        total.used += tally.used
        total.caught, total.effective = total.caught + tally.caught, total.effective + tally.effective
        total.seconds += tally.seconds
    for name, tally in {**tallies, "all": total}.items():
        used = f"{max(tally.used):.1%} | {median(tally.used):.1%}" if tally.used else "- | -"
        further = f" | {tally.caught:,} of {tally.effective:,} | {median(tally.seconds or [0]):.1f}" if power else ""
        print(
            f"| {name:<{width}} | {len(tally.used) + len(tally.alarms) * power} | {len(tally.alarms)} | {used}{further} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="how many networks (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="the first one's seed (default: %(default)s)")
    parser.add_argument("--kind", choices=KINDS, help="of this kind alone")
    options = parser.parse_args()
    torch.set_num_threads(1)
    start, names = time.perf_counter(), [options.kind] if options.kind else list(KINDS)
    kinds, conditions = {name: Tally() for name in names}, {name: Tally() for name in CONDITIONS}
    for number in range(options.count):
        kind, seed = names[number % len(names)], options.first + number
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            if retrain(kind, seed, kinds[kind]):
                answer_again(f"{kind}, seed {seed}", conditions)
            else:
                print(f"error: false_alarms: {kinds[kind].alarms[-1]}", flush=True)
    print_table(("kind", "networks", "alarms", "used at most", "median", "mutants caught", "s"), kinds, power=True)
    print_table(("condition", "networks", "alarms", "used at most", "median"), conditions, power=False)
    print(f"\n{time.perf_counter() - start:.0f} s")
    alarms = [alarm for tally in (*kinds.values(), *conditions.values()) for alarm in tally.alarms]
    sys.exit("\n".join(["", *(f"error: false_alarms: {alarm}" for alarm in alarms)]) if alarms else 0)


if __name__ == "__main__":
    main()
