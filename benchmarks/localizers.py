"""Tools that look for the node at which a graph departs: the pipeline's own, torch's verification, and Polygraphy's `debug reduce`.

Each says which nodes it suspects, most suspected first, as sets of the values that they make.
"""

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import ModelProto

from polygraphy_check import ROUNDING, open_plain

# Where Polygraphy is, unless this Python has it.
POLYGRAPHY = Path(os.environ.get("POLYGRAPHY", "/tmp/polygraphy"))  # noqa: S108
INSTALL = f"pip install --target {POLYGRAPHY} --no-deps polygraphy==0.53.6 onnx-graphsurgeon==0.6.1"
RUN_POLYGRAPHY = "import sys; from polygraphy.tools import main; sys.exit(main())"
LOADER = """
import numpy as np


def load_data():
    yield dict(np.load({path!r}))
"""
CHECK = Path(__file__).with_name("polygraphy_check.py")
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


# A child of a large process begins as large: this one, which is small, starts the command and measures it.
MEASURE = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""


def run_measured(
    command: Sequence[str], folder: Path, environment: dict[str, str] | None = None
) -> tuple[int, str, float, float]:
    """Run a command in a folder; its exit code, what it printed, seconds, and megabytes at the peak of its largest process."""
    peak = folder / ".peak"
    start = time.perf_counter()
    completed = subprocess.run(
        [sys.executable, "-S", "-c", MEASURE, str(peak), *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - start
    return completed.returncode, completed.stdout + completed.stderr, seconds, int(peak.read_text()) / 1024


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


def run_torch(program: Any, model: ModelProto) -> dict[str, Search]:
    """torch.onnx.verification on a dynamo program whose graph was replaced, in a child process, read in two ways.

    "torch" has the suspects in order of the difference; "torch, first" as they come in the graph, from the first that differs.
    """
    import onnx_ir
    import torch
    from torch.onnx import verification

    def verify() -> list[tuple[str, float]]:
        program.model = onnx_ir.from_proto(model)
        with torch.no_grad():
            infos = verification.verify_onnx_program(program, compare_intermediates=True)
        return [(info.name, float(info.max_abs_diff)) for info in infos]

    differences, seconds, megabytes = in_child(verify)
    if differences is None:
        return dict.fromkeys(("torch", "torch, first"), Search(None, seconds, megabytes, "it failed"))
    segments = _segments(model, [name for name, _ in differences])
    sizes = {name: np.inf if np.isnan(size) else size for name, size in differences}
    orders = {
        "torch": sorted(sizes, key=lambda name: -sizes[name]),
        "torch, first": [name for name, _ in differences if sizes[name] > ROUNDING],
    }
    return {tool: Search([segments[name] for name in names], seconds, megabytes) for tool, names in orders.items()}


def in_child(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What `work` gives, as JSON has it, in a child process (None where it fails), the seconds, and megabytes at its peak."""
    read, write = os.pipe()
    start = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.close(read)
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 (this process ends here)
        Path("/proc/self/clear_refs").write_text("5")  # forgets the peak of the parent
        try:
            result = work()
            peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
            with os.fdopen(write, "w") as pipe:
                json.dump([result, int(peak.split()[1]) / 1024], pipe)
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        content = pipe.read()
    os.waitpid(child, 0)
    result, megabytes = json.loads(content) if content else (None, 0.0)
    return result, time.perf_counter() - start, megabytes


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
    if not (POLYGRAPHY / "polygraphy").is_dir() and importlib.util.find_spec("polygraphy") is None:
        return Search(None, 0.0, 0.0, INSTALL)
    np.savez(scratch / "answers.npz", **{**all_values(healthy, inputs), **inputs})
    reduced = scratch / "reduced.onnx"
    reduced.unlink(missing_ok=True)
    np.savez(scratch / "inputs.npz", **inputs)
    loader = scratch / "inputs.py"
    loader.write_text(LOADER.format(path=str(scratch / "inputs.npz")))
    shapes = [f"{name}:[{','.join(map(str, array.shape))}]" for name, array in inputs.items()]
    check = [sys.executable, str(CHECK), str(scratch / "answers.npz"), "polygraphy_debug.onnx"]
    command = [
        sys.executable,
        "-c",
        RUN_POLYGRAPHY,
        "debug",
        "reduce",
        str(broken),
        "-o",
        str(reduced),
    ]
    command += ["--data-loader-script", str(loader)]  # what it freezes is of these inputs, and not of random ones
    command += ["--model-input-shapes", *shapes, "--mode=bisect", "--force-fallback-shape-inference", "--check", *check]
    environment = {**os.environ, "PYTHONPATH": str(POLYGRAPHY)}
    _, printed, seconds, megabytes = run_measured(["timeout", str(LIMIT), *command], scratch, environment)
    if not reduced.exists():
        lines = printed.strip().splitlines()
        return Search(None, seconds, megabytes, lines[-1] if lines else "")
    graph = onnx.load(reduced).graph
    # What it freezes at the edge of the piece counts too: it takes that from the broken graph.
    piece = {name for node in graph.node for name in node.output} | {tensor.name for tensor in graph.initializer}
    makes = {name for node in onnx.load(broken).graph.node for name in node.output}
    return Search([frozenset(piece & makes)], seconds, megabytes)


def all_values(model: ModelProto, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What every node of a graph makes of some inputs, with onnxruntime's optimizer off."""
    wide = ModelProto()
    wide.CopyFrom(model)
    named = {value.name for value in wide.graph.output}
    made = [name for node in wide.graph.node for name in node.output if name and name not in named]
    wide.graph.output.extend(onnx.ValueInfoProto(name=name) for name in made)
    session = open_plain(wide.SerializeToString())
    return dict(zip([value.name for value in session.get_outputs()], session.run(None, inputs), strict=True))
