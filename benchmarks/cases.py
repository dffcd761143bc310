"""What the pipeline does with small networks after public reports: carried, refused with which sentence, or wrong.

    python benchmarks/cases.py --folder FOLDER [WORD ...] [--json FILE]

A case is a file with a network `Net`, its rows `inputs(rows, seed, **sizes)`, its open axes `AXES`, and `OTHER`, sizes that
the network itself takes; `state(net)` gives the weights where they are brought in a file, and `unstate` undoes what a trainer
did to them. The pipeline runs fingerprint, prepare, train (none), export, simplify, validate and package. What passes is asked again: the simplified
graph against a fresh network, on rows that nobody has seen, at the rows' own sizes, at each of OTHER, and row by row.
A size that the contract does not call proven is `unproven`, not wrong: the client refuses it.
"""

import argparse
import contextlib
import importlib
import inspect
import io
import json
import logging
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnxruntime
import safetensors.torch
import torch
from torch import Tensor, nn

from pipeline.__main__ import main as pipeline
from pipeline.core.contract import BATCH, Contract, load_contract
from pipeline.core.paths import CHECKPOINT, SIMPLIFIED
from pipeline.core.reports import ExportReport, read_report
from pipeline.export.outputs import flatten

STAGES = ("fingerprint", "prepare", "train", "export", "simplify", "validate", "package")
PROJECT = Path(__file__).resolve().parents[1]
VERDICTS = ("carried", "refused", "wrong", "traceback")
WEIGHTS = Path("weights.pt")
# Coarser than the gate: it only tells another answer from another rounding, as a share of the output's scale.
TOLERANCE = 1e-3
Sizes = Mapping[str, int]


@dataclass
class Result:
    """What became of one case; `sentence` says why it was refused, or where it departs."""

    case: str
    verdict: str
    exporter: str = ""
    seconds: float = 0.0
    sentence: str = ""
    unproven: list[str] = field(default_factory=list)


def run_case(case: ModuleType) -> Result:
    """Run the pipeline on a case in the current folder, and ask the graph that it makes again."""
    name, start = case.__name__, time.perf_counter()
    try:
        refusal = _run_pipeline(case)
        if refusal:
            result = Result(name, "refused", sentence=refusal)
        else:
            contract, departures, unproven = load_contract(), [], []
            for sizes in ({}, *case.OTHER):
                departure = _find_departure(case, sizes)
                if departure and not _is_proven(sizes, contract):
                    unproven.append(f"{dict(sizes)}: {departure}")
                elif departure:
                    departures.append(f"{dict(sizes) or 'sizes of the rows'}: {departure}")
            verdict = "wrong" if departures else "carried"
            result = Result(name, verdict, read_report(ExportReport).exporter, 0.0, "; ".join(departures), unproven)
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(frame.filename).name}, line {frame.lineno}"
        result = Result(name, "traceback", sentence=f"{type(error).__name__}: {' '.join(str(error).split())} ({where})")
    result.seconds = round(time.perf_counter() - start, 1)
    return result


def _run_pipeline(case: ModuleType) -> str:
    """Run the stages on the case; what it printed on stderr when one refused."""
    np.savez("rows.npz", **case.inputs())
    axes = ", ".join(
        f"{name}: {{{', '.join(f'{axis}: {axis_name}' for axis, axis_name in names.items())}}}"
        for name, names in case.AXES.items()
    )
    settings = ["model=custom", f"model.net._target_={case.__name__}.Net", "data.path=rows.npz"]
    settings += [f"model.dynamic_axes={{{axes}}}"]
    if hasattr(case, "state"):
        torch.save(case.state(case.Net()), WEIGHTS)
        settings += [f"model.weights={WEIGHTS}"]
    for command in (["params", *settings], *([stage] for stage in STAGES)):
        stderr = io.StringIO()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(stderr):
            code = pipeline(command)
        if code:
            return stderr.getvalue().strip().removeprefix("error: ")
    return ""


def _find_departure(case: ModuleType, sizes: Sizes) -> str:
    """Where the simplified graph does not answer as a fresh network does; empty where it does."""
    session = onnxruntime.InferenceSession(SIMPLIFIED, providers=["CPUExecutionProvider"])
    for what, call in _calls(case, sizes):
        expected, failure = _attempt(lambda call=call: _answer(case, call))
        got, refusal = _attempt(
            lambda call=call: session.run(None, {value.name: call[value.name] for value in session.get_inputs()})
        )
        if failure and not refusal:
            return f"{what}: the graph answers what the network itself cannot: {failure}"
        if refusal and not failure:
            return f"{what}: onnxruntime fails: {refusal}"
        if failure:
            continue
        for output, (array, other) in zip(session.get_outputs(), zip(got, expected, strict=True), strict=True):
            if departure := _compare(array, other):
                return f"{what}: output {output.name!r}: {departure}"
    return ""


def _attempt(call: Callable[[], list[np.ndarray]]) -> tuple[list[np.ndarray], str]:
    """What `call` gives, or why it fails."""
    try:
        return call(), ""
    except Exception as error:
        return [], " ".join(str(error).split())


def _calls(case: ModuleType, sizes: Sizes) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """All rows together and each alone; only the latter where no axis is named batch."""
    rows = case.inputs(seed=1, **sizes)
    batched = any(BATCH in axes.values() for axes in case.AXES.values())
    if batched:
        yield "all rows", rows
    for row in range(len(next(iter(rows.values())))):
        yield f"row {row}", {name: array[row : row + 1] if batched else array[row] for name, array in rows.items()}


def _answer(case: ModuleType, call: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """What a network that has answered nothing yet says."""
    net = case.Net()
    if hasattr(case, "state"):
        state = torch.load(WEIGHTS, weights_only=True)
        net.load_state_dict(case.unstate(state) if hasattr(case, "unstate") else state)
    else:
        net.load_state_dict(safetensors.torch.load_file(CHECKPOINT))
    tensors = {name: torch.from_numpy(array.copy()) for name, array in call.items()}
    with torch.no_grad():
        return [tensor.detach().numpy() for _, tensor in flatten(_call(net.eval(), tensors))]


def _call(net: nn.Module, tensors: dict[str, Tensor]) -> Any:
    """Inputs as forward names them; `x_0`, `x_1` as the list `x`, and others as the one dict that is left."""
    try:
        parameters = inspect.signature(net.forward).parameters
    except ValueError:  # a ScriptModule
        return net(*tensors.values())
    if set(tensors) <= set(parameters) or len(parameters) == 0:
        return net(**tensors)
    if any(parameter.kind == inspect.Parameter.VAR_POSITIONAL for parameter in parameters.values()):
        return net(*tensors.values())
    named = {name: tensors.pop(name) for name in list(tensors) if name in parameters}
    for name in parameters:
        if name not in named and (parts := [key for key in tensors if key.rpartition("_")[0] == name]):
            named[name] = [tensors.pop(key) for key in parts]
    if tensors:
        named[next(name for name in parameters if name not in named)] = tensors
    return net(**named)


def _compare(got: np.ndarray, expected: np.ndarray) -> str:
    if got.shape != expected.shape or got.dtype != expected.dtype:
        return f"expected {expected.dtype}{list(expected.shape)}, got {got.dtype}{list(got.shape)}"
    if expected.dtype.kind != "f":
        different = got != expected
    else:
        finite = expected[np.isfinite(expected)]
        scale = float(np.abs(finite).max()) if finite.size else 0.0
        different = ~np.isclose(got, expected, rtol=TOLERANCE, atol=TOLERANCE * scale, equal_nan=True)
    if not different.any():
        return ""
    place = tuple(int(index) for index in np.argwhere(different)[0])
    return f"{int(different.sum())} of {different.size} values differ, first at {list(place)}: expected {expected[place]}, got {got[place]}"


def _is_proven(sizes: Sizes, contract: Contract) -> bool:
    """Whether the contract calls every one of the sizes proven."""
    for name, size in sizes.items():
        axis = contract.axes.get(name)
        if axis is None or size in axis.refused or size % axis.multiple_of:
            return False
        if not min(axis.sizes) <= size <= max(axis.sizes):
            return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="WORD", help="take the cases whose name contains it (default: all)")
    parser.add_argument("--folder", type=Path, required=True, help="the folder of the cases")
    parser.add_argument("--json", type=Path, help="write the table there too")
    options = parser.parse_args()
    names = sorted(file.stem for file in options.folder.resolve().glob("*.py"))
    names = [name for name in names if not options.words or any(word in name for word in options.words)]
    json_file = options.json.resolve() if options.json else None
    sys.path.insert(0, str(options.folder.resolve()))
    warnings.simplefilter("ignore")
    for library in ("torch", "onnxscript"):
        logging.getLogger(library).setLevel(logging.ERROR)
    onnxruntime.set_default_logger_severity(4)
    print("| case | verdict | exporter | seconds | sentence |\n|---|---|---|---|---|", flush=True)
    results = []
    for name in names:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            shutil.copytree(PROJECT / "conf", "conf")
            result = run_case(importlib.import_module(name))
        results.append(result)
        notes = "; ".join(filter(None, [result.sentence, *(f"unproven: {note}" for note in result.unproven)]))
        cells = [result.case, result.verdict, result.exporter, f"{result.seconds:.1f}", notes.replace("|", "\\|")]
        print("| " + " | ".join(cells) + " |", flush=True)
    counts = {verdict: sum(result.verdict == verdict for result in results) for verdict in VERDICTS}
    print(f"\n{len(results)} cases: {', '.join(f'{count} {verdict}' for verdict, count in counts.items())}")
    if json_file:
        json_file.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")


if __name__ == "__main__":
    main()
