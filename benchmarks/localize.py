"""Whether `locate` finds the node that is wrong: seeded faults, beside torch's own verification and `polygraphy debug reduce`.

    python benchmarks/localize.py --folder FOLDER             # every network, 4 faults each; the folders are kept
    python benchmarks/localize.py --folder FOLDER BERT GRU    # those whose name contains a word
    python benchmarks/localize.py --alone --place 0.3 DistilBERT RoBERTa ALBERT ELECTRA MPNet XLNet mel Griffin   # other ones, elsewhere

A network of docs/models.md is taken through the stages once. Then a fault is put into one node of its exported or simplified
graph (benchmarks/graph_faults.py), far from the end; `validate` fails, and each tool is asked. A tool has found it when the broken
node is among the nodes of its first suspect (top 1), or of one of its first three. torch verifies only a dynamo program, against the
exported program and not the network: its suspects are ordered by difference ("torch"), or as they come in the graph, from the first
that differs ("torch, first"). Polygraphy is given the healthy graph's own values, which nobody has who looks for a fault. It is
installed apart: `pip install --target /tmp/polygraphy --no-deps polygraphy==0.53.6 onnx-graphsurgeon==0.6.1`.
"""

import argparse
import atexit
import contextlib
import gc
import io
import logging
import os
import shutil
import statistics
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import torch

import networks
from graph_faults import KINDS, Fault, seed
from localizers import Search, run_pipeline, run_polygraphy, run_torch
from pipeline.__main__ import main as pipeline
from pipeline.core.errors import PipelineError
from pipeline.core.golden import GoldenCall, load_calls
from pipeline.core.paths import EXPORTED, SIMPLIFIED
from pipeline.graph import onnx_model
from pipeline.graph.session import answer, open_session
from pipeline.parity import locate_process

PROJECT = Path(__file__).resolve().parents[1]
sys.path.append(str(PROJECT / "tests"))
from pipeline_runs import reseal  # noqa: E402

STAGES = ("fingerprint", "prepare", "train", "export", "simplify", "validate")
NETWORKS = (
    "TransformerEncoder",
    "attention",
    "bidirectional GRU",
    "transformers BERT",
    "transformers GPT-2",
    "transformers DeBERTa-v2",
    "transformers ViT",
    "transformers Swin",
)
# onnxsim's binding calls what is frozen at the end of the process a leak.
atexit.register(gc.unfreeze)
TOOLS = ["locate", "torch", "torch, first", "polygraphy"]
GRAPHS = {"export": EXPORTED, "simplify": SIMPLIFIED}
# Faults in each graph of a network.
FAULTS = 2


class Trial(NamedTuple):
    """A seeded fault, and what each tool says of it (no entry where it has no input to look at)."""

    network: str
    stage: str
    fault: Fault
    searches: dict[str, Search]


class Subject(NamedTuple):
    """A network that has been through the stages, in its folder; torch's program where dynamo made its graph."""

    name: str
    folder: Path
    program: Any
    call: GoldenCall


def run_quietly(command: list[str]) -> int:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as stderr:
        code = pipeline(command)
    if code and command[0] != "validate":
        sys.exit(f"error: localize: {stderr.getvalue().strip()}")
    return code


def prepare(name: str, folder: Path, alone: bool) -> Subject:
    """Take a network through the stages; `export` runs again for torch's program, and writes the same bytes, unless `locate` is asked alone."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "conf").exists():
        shutil.copytree(PROJECT / "conf", folder / "conf")
    programs: list[Any] = []
    call_torch = torch.onnx.export

    def keep_program(*arguments: Any, **options: Any) -> Any:
        programs.append(call_torch(*arguments, **options))
        return programs[-1]

    with contextlib.chdir(folder):
        if alone and SIMPLIFIED.exists():
            return Subject(name, folder, None, _choose_call())
        np.savez("rows.npz", **networks.make_rows(name))
        axes = ", ".join(
            f"{port}: {{{', '.join(f'{axis}: {axis_name}' for axis, axis_name in names.items())}}}"
            for port, names in networks.dynamic_axes(name).items()
        )
        settings = ["model=custom", "model.net._target_=networks.Net", f"model.net.kwargs={{name: '{name}'}}"]
        settings += ["data.path=rows.npz", f"model.dynamic_axes={{{axes}}}", "verify.mode=off"]
        run_quietly(["params", *settings])
        torch.onnx.export = keep_program
        try:
            for stage in STAGES[:-1]:
                run_quietly([stage])
        finally:
            torch.onnx.export = call_torch
        call = _choose_call()
    return Subject(name, folder, programs[-1] if programs and programs[-1] is not None else None, call)


def _choose_call() -> GoldenCall:
    """All rows that there are, at the sizes of the data."""
    return max((call for call in load_calls() if call.purpose == "rows"), key=lambda call: call.rows or 0)


def shows(healthy: dict[str, np.ndarray], fault: Fault, call: GoldenCall, scratch: Path) -> bool:
    """Whether a broken graph can be run, and answers otherwise; a frozen size may refuse other sizes."""
    file = scratch / "trial.onnx"
    onnx.save(fault.model, file)
    try:
        answers = answer(open_session(file, optimizer="off"), call.inputs)
    except PipelineError as error:
        return fault.kind == "size frozen" and "cannot run the model" in str(error)
    # Moved enough that it is no question of tolerance.
    scales = {name: float(np.abs(array).max(initial=0.0)) for name, array in healthy.items()}
    return any(
        not np.allclose(answers[name], array, rtol=0, atol=1e-3 * scales[name]) and np.isfinite(answers[name]).all()
        for name, array in healthy.items()
        if answers[name].shape == array.shape and array.dtype.kind == "f"
    )


def choose_faults(subject: Subject, path: Path, used: Counter[str], scratch: Path, place: float) -> Iterator[Fault]:
    """Faults of kinds that were used least so far."""
    model = onnx.load(subject.folder / path)
    healthy = answer(open_session(subject.folder / path, optimizer="off"), subject.call.inputs)
    chosen = 0
    for kind in sorted(KINDS, key=lambda kind: used[kind]):
        fault = next(
            (fault for fault in seed(model, kind, place) if shows(healthy, fault, subject.call, scratch)), None
        )
        if fault is not None:
            used[kind] += 1
            chosen += 1
            yield fault
        if chosen == FAULTS:
            return


def try_fault(subject: Subject, stage: str, fault: Fault, scratch: Path, *, alone: bool) -> Trial:
    """Put a fault into a copy of the network's folder, let the gate fail, and ask every tool, or `locate` alone."""
    path = GRAPHS[stage]
    folder = scratch / "project"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(subject.folder, folder)
    with contextlib.chdir(folder):
        onnx_model.save(fault.model, path)
        reseal(path)
        if not run_quietly(["validate"]):
            sys.exit(f"error: localize: {subject.name}: {fault.kind} in {sorted(fault.values)}: the gate passed")
    paths = [str(PROJECT), str(PROJECT / "benchmarks")]
    searches = {"locate": run_pipeline(folder, paths)}
    if alone:
        return Trial(subject.name, stage, fault, searches)
    if stage == "export" and subject.program is not None:
        searches |= run_torch(subject.program, fault.model)
    healthy = onnx.load(subject.folder / path)
    searches["polygraphy"] = run_polygraphy(healthy, folder / path, dict(subject.call.inputs), scratch)
    return Trial(subject.name, stage, fault, searches)


def describe(trial: Trial) -> str:
    """A row of the table: the place that each tool gives the broken node."""
    cells = []
    for tool in TOOLS:
        search = trial.searches.get(tool)
        if search is None:
            cells.append("-")
        elif search.suspects is None:
            cells.append(f"failed ({search.problem[:60]})")
        else:
            rank = search.rank(trial.fault.values)
            cells.append(f"{rank or 'no'} ({search.seconds:.1f} s)")
    return (
        " | ".join([f"| {trial.network} | {trial.stage} | {trial.fault.kind} | {trial.fault.operator}", *cells]) + " |"
    )


def summarize(trials: list[Trial]) -> str:
    """Hit rates, seconds, memory and how many nodes a first suspect has, by tool."""
    lines = [
        "| tool | asked | top 1 | top 3 | seconds (median) | peak MB (median) | nodes of the first suspect (median) |",
        "|---" * 7 + "|",
    ]
    for tool in TOOLS:
        asked = [(trial, trial.searches[tool]) for trial in trials if tool in trial.searches]
        ranks = [search.rank(trial.fault.values) for trial, search in asked]
        found = [search for _, search in asked if search.suspects]
        if not asked:
            continue
        one, three = (sum(rank is not None and rank <= most for rank in ranks) for most in (1, 3))
        first = statistics.median([len(search.suspects[0]) for search in found]) if found else "-"
        lines.append(
            f"| {tool} | {len(asked)} | {one} ({one / len(asked):.0%}) | {three} ({three / len(asked):.0%}) | "
            f"{statistics.median(search.seconds for _, search in asked):.1f} | {statistics.median(search.megabytes for _, search in asked):.0f} | {first} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "words",
        nargs="*",
        metavar="WORD",
        help="take the networks of benchmarks/networks.py whose name contains it (default: eight of them)",
    )
    parser.add_argument("--folder", type=Path, help="where the networks' folders are, or will be")
    parser.add_argument(
        "--place",
        type=float,
        default=0.5,
        metavar="SHARE",
        help="where in the graph a fault is looked for first: 0 its beginning, 1 its end (default: %(default)s)",
    )
    parser.add_argument("--alone", action="store_true", help="ask `locate` alone, which takes a quarter of the time")
    parser.add_argument(
        "--others", type=int, metavar="N", help="ask the other tools of the first N faults only (default: all)"
    )
    options = parser.parse_args()
    others = 0 if options.alone else options.others
    warnings.simplefilter("ignore")
    for library in ("torch", "onnxscript", "onnx_ir"):
        logging.getLogger(library).setLevel(logging.ERROR)
    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"
    # Measured by itself, below.
    locate_process.COMMAND = (sys.executable, "-S", "-c", "")
    chosen = [name for name in networks.NETWORKS if any(word in name for word in options.words)]
    names = chosen or [*NETWORKS]
    used: Counter[str] = Counter()
    trials: list[Trial] = []
    print(
        "| network | graph | fault | in | " + " | ".join(TOOLS) + " |\n" + "|---" * (4 + len(TOOLS)) + "|", flush=True
    )
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        for name in names:
            alone = others is not None and len(trials) >= others
            subject = prepare(name, (options.folder or scratch).resolve() / name.replace(" ", "_"), alone)
            for stage, path in GRAPHS.items():
                for fault in choose_faults(subject, path, used, scratch, options.place):
                    alone = others is not None and len(trials) >= others
                    trials.append(try_fault(subject, stage, fault, scratch, alone=alone))
                    print(describe(trials[-1]), flush=True)
    print(f"\n{len(trials)} faults of {len(used)} kinds in {len(names)} networks\n\n{summarize(trials)}")


if __name__ == "__main__":
    main()
