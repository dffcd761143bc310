"""Tools that look for the node at which a graph departs: the pipeline's own, torch's verification, and Polygraphy's `debug reduce`.

Each says which nodes it suspects, most suspected first, as sets of the values that they make. `python benchmarks/localizers.py
ANSWERS.npz GRAPH.onnx` is the check that Polygraphy runs: exit 1 where a piece of the graph does not answer as ANSWERS say.
"""

import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime
from onnx import ModelProto

POLYGRAPHY = Path(os.environ.get("POLYGRAPHY", "/tmp/polygraphy"))  # noqa: S108
INSTALL = f"pip install --target {POLYGRAPHY} --no-deps polygraphy==0.53.6 onnx-graphsurgeon==0.6.1"
# Of the largest number: below it is rounding.
ROUNDING = 1e-4
LIMIT = 300


class Search(NamedTuple):
    """What a tool says: the values of each suspect, most suspected first; None where it could not look. Megabytes at the peak."""

    suspects: list[frozenset[str]] | None
    seconds: float
    megabytes: float
    problem: str = ""

    def rank(self, broken: frozenset[str]) -> int | None:
        """The place of the broken node among the suspects, from 1."""
        places = (place for place, values in enumerate(self.suspects or [], 1) if values & broken)
        return next(places, None)


def run_measured(
    command: Sequence[str], folder: Path, environment: dict[str, str] | None = None
) -> tuple[int, str, float, float]:
    """Run a command in a folder; its exit code, what it printed, seconds, and megabytes at the peak (its children's too)."""
    with (folder / ".printed").open("w+") as printed:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=printed, stderr=printed, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        return process.returncode, printed.read(), seconds, usage.ru_maxrss / 1024


def run_pipeline(folder: Path, paths: Sequence[str]) -> Search:
    """`python -m pipeline locate` in a folder whose gate has failed."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    record = folder / "reports" / "departure" / "departure.json"
    record.unlink(missing_ok=True)
    code, printed, seconds, megabytes = run_measured([sys.executable, "-m", "pipeline", "locate"], folder, environment)
    if code or not record.exists():
        return Search(None, seconds, megabytes, printed.strip().splitlines()[-1] if printed.strip() else "no record")
    content = json.loads(record.read_text())
    graph = onnx.load(
        folder / "build" / ("exported" if content["stage"] == "export" else "simplified") / "model.onnx"
    ).graph
    makes = {node.name: frozenset(node.output) for node in graph.node if node.name}
    suspects = []
    for candidate in content["candidates"]:
        names = [name.partition(" ")[2] for name in candidate["nodes"]]
        suspects.append(frozenset({candidate["value"]}).union(*(makes.get(name, frozenset()) for name in names)))
    return Search(suspects, seconds, megabytes, content["cause"] if not suspects else "")


def run_torch(program: Any, model: ModelProto, *, first: bool) -> Search:
    """torch.onnx.verification on a dynamo program whose graph was replaced, in a child process.

    Args:
        program: torch's ONNXProgram.
        model: The broken graph.
        first: Whether the suspects are in order of the graph, from the first that departs; else in order of the difference.
    """
    import onnx_ir
    import torch

    def verify() -> list[tuple[str, float]]:
        program.model = onnx_ir.from_proto(model)
        with torch.no_grad():
            infos = torch.onnx.verification.verify_onnx_program(program, compare_intermediates=True)
        return [(info.name, float(info.max_abs_diff)) for info in infos]

    differences, seconds, megabytes = in_child(verify)
    if differences is None:
        return Search(None, seconds, megabytes, "it failed")
    segments = _segments(model, [name for name, _ in differences])
    sizes = {name: np.inf if np.isnan(size) else size for name, size in differences}
    if first:
        ordered = [name for name, _ in differences if sizes[name] > ROUNDING]
    else:
        ordered = sorted(sizes, key=lambda name: -sizes[name])
    return Search([segments[name] for name in ordered], seconds, megabytes)


def in_child(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What `work` gives in a child process (None where it fails), the seconds, and the megabytes that it added at the peak."""
    before = _resident()
    read, write = os.pipe()
    start = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.close(read)
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 (this process ends here)
        try:
            with os.fdopen(write, "wb") as pipe:
                pickle.dump(work(), pipe)
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        content = pipe.read()
    _, _, usage = os.wait4(child, 0)
    return pickle.loads(content) if content else None, time.perf_counter() - start, usage.ru_maxrss / 1024 - before  # noqa: S301


def _resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _segments(model: ModelProto, verified: Sequence[str]) -> dict[str, frozenset[str]]:
    """For each value that was compared, the values between it and those before it that were compared too."""
    makers = {name: node for node in model.graph.node for name in node.output}
    stops = set(verified)
    segments = {}
    for name in verified:
        segment, waiting = set(), [name]
        while waiting:
            value = waiting.pop()
            if value in segment or value not in makers or (value in stops and value != name):
                continue
            segment |= set(makers[value].output)
            waiting += makers[value].input
        segments[name] = frozenset(segment)
    return segments


def run_polygraphy(healthy: ModelProto, broken: Path, inputs: dict[str, np.ndarray], scratch: Path) -> Search:
    """`polygraphy debug reduce`, given what no user has: the values within the healthy graph."""
    if not (POLYGRAPHY / "polygraphy").is_dir():
        return Search(None, 0.0, 0.0, INSTALL)
    np.savez(scratch / "answers.npz", **{**all_values(healthy, inputs), **inputs})
    reduced = scratch / "reduced.onnx"
    reduced.unlink(missing_ok=True)
    shapes = [f"{name}:[{','.join(map(str, array.shape))}]" for name, array in inputs.items()]
    check = [sys.executable, __file__, str(scratch / "answers.npz"), "polygraphy_debug.onnx"]
    command = [
        sys.executable,
        str(POLYGRAPHY / "bin" / "polygraphy"),
        "debug",
        "reduce",
        str(broken),
        "-o",
        str(reduced),
    ]
    command += ["--model-input-shapes", *shapes, "--mode=bisect", "--force-fallback-shape-inference", "--check", *check]
    environment = {**os.environ, "PYTHONPATH": str(POLYGRAPHY)}
    _, printed, seconds, megabytes = run_measured(["timeout", str(LIMIT), *command], scratch, environment)
    if not reduced.exists():
        lines = printed.strip().splitlines()
        return Search(None, seconds, megabytes, lines[-1] if lines else "")
    nodes = onnx.load(reduced).graph.node
    return Search([frozenset(name for node in nodes for name in node.output)], seconds, megabytes)


def all_values(model: ModelProto, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What every node of a graph makes of some inputs, with onnxruntime's optimizer off."""
    wide = ModelProto()
    wide.CopyFrom(model)
    named = {value.name for value in wide.graph.output}
    made = [name for node in wide.graph.node for name in node.output if name and name not in named]
    wide.graph.output.extend(onnx.ValueInfoProto(name=name) for name in made)
    session = _open(wide.SerializeToString())
    return dict(zip([value.name for value in session.get_outputs()], session.run(None, inputs), strict=True))


def _open(model: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def differs(got: np.ndarray, expected: np.ndarray) -> bool:
    """Whether an answer is another, by more than rounding."""
    if got.shape != expected.shape or got.dtype != expected.dtype:
        return True
    if expected.dtype.kind != "f":
        return not np.array_equal(got, expected)
    scale = float(np.abs(expected).max(initial=0.0))
    return not np.allclose(got, expected, rtol=0.0, atol=ROUNDING * max(scale, 1e-6), equal_nan=True)


def check(answers: Path, model: Path) -> int:
    expected = np.load(answers)
    session = _open(model.read_bytes())
    try:
        got = session.run(None, {value.name: expected[value.name] for value in session.get_inputs()})
    except KeyError:  # an input that is the fault's own
        return 0
    outputs = zip(session.get_outputs(), got, strict=True)
    return int(any(value.name in expected and differs(array, expected[value.name]) for value, array in outputs))


if __name__ == "__main__":
    sys.exit(check(Path(sys.argv[1]), Path(sys.argv[2])))
