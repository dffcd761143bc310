"""reports/departure/: the smallest graph that shows a departure, its inputs, PyTorch's answers, and a script that runs it."""

import io
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from onnx import ModelProto
from onnx.external_data_helper import uses_external_data

from pipeline.core.arrays import Arrays, is_text
from pipeline.core.departure import DEPARTURE_RECORD, Departure, write_departure
from pipeline.core.files import replacing_folder, write_bytes, write_text
from pipeline.core.paths import DEPARTURE
from pipeline.graph import external_data, mapped_weights, onnx_model

GRAPH, INPUTS, EXPECTED, SCRIPT, TEXT = "departing.onnx", "inputs.npz", "expected.npz", "run.py", "README.txt"
PROGRAM = '''"""What onnxruntime answers to inputs.npz, beside PyTorch's answers: python run.py (needs onnxruntime and numpy)."""

from pathlib import Path

import numpy as np
import onnxruntime as ort

here = Path(__file__).resolve().parent
inputs, expected = (dict(np.load(here / name)) for name in ("inputs.npz", "expected.npz"))
for level in ("ORT_DISABLE_ALL", "ORT_ENABLE_ALL"):
    options = ort.SessionOptions()
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, level)
    session = ort.InferenceSession(str(here / "departing.onnx"), options, providers=["CPUExecutionProvider"])
    for name, got in zip(expected, session.run(list(expected), inputs)):
        want = expected[name]
        apart = np.abs(got.astype(float) - want).max() if got.shape == want.shape else f"shape {got.shape}, not {want.shape}"
        print(f"{level}: {name}: largest difference from PyTorch {apart}, largest value {np.abs(want).max()}")
'''


class SmallestGraph(NamedTuple):
    """A graph with its weights, what it is given, and what PyTorch has in place of its answers."""

    model: ModelProto
    inputs: Arrays
    expected: Arrays


def write_files(departure: Departure, graph: SmallestGraph | None) -> None:
    """Write the folder, whole; without a graph it has the record and its lines alone."""
    with replacing_folder(DEPARTURE) as folder:
        write_departure(departure, folder / DEPARTURE_RECORD.name)
        write_text(folder / TEXT, "\n".join(departure.lines) + "\n")
        if graph:
            onnx_model.save(graph.model, folder / GRAPH)
            write_arrays(folder / INPUTS, graph.inputs)
            write_arrays(folder / EXPECTED, graph.expected)
            write_text(folder / SCRIPT, PROGRAM)


def write_arrays(path: Path, arrays: Arrays) -> None:
    """Write arrays so that numpy alone reads them: text as numpy's own, padded. Equal arrays give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as file:
                plain = array.astype(str) if is_text(array) else np.asanyarray(array)
                np.lib.format.write_array(file, plain, allow_pickle=False)
    write_bytes(path, buffer.getvalue())


def hold_weights(model: ModelProto, folder: Path) -> ModelProto:
    """The model with the weights that it names in files of `folder`; by reference still where protobuf cannot hold them."""
    if external_data.size(model) < external_data.LIMIT:
        for tensor in model.graph.initializer:
            if uses_external_data(tensor):
                mapped_weights.set_array(tensor, mapped_weights.to_array(tensor, folder))
    return model
