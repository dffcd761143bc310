"""reports/departure/: what is ready for a bug report."""

import subprocess
import sys

import numpy as np
import onnx
import pytest
from broken_graphs import change_weight

from pipeline.core.paths import DEPARTURE
from pipeline.departure.smallest_graph import PROGRAM, write_arrays


@pytest.fixture
def written(digits, find):
    find(change_weight("Gemm"))
    return DEPARTURE.resolve()


def test_the_script_shows_the_difference_from_any_folder(written, tmp_path):
    done = subprocess.run(
        [sys.executable, str(written / "run.py")], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    plain, optimized = done.stdout.splitlines()
    assert plain.startswith("ORT_DISABLE_ALL: linear: largest difference from PyTorch ")
    assert float(optimized.split("PyTorch ")[1].split(",")[0]) > 0.1


def test_the_script_needs_onnxruntime_and_numpy_alone():
    modules = {line.split()[1] for line in PROGRAM.splitlines() if line.startswith(("import ", "from "))}
    assert modules == {"pathlib", "numpy", "onnxruntime"}


def test_the_graph_has_the_weights_that_it_needs_and_no_others(written):
    model = onnx.load(written / "departing.onnx")
    assert [node.op_type for node in model.graph.node] == ["Gemm"]
    assert {tensor.name for tensor in model.graph.initializer} == {
        "network.classify.1.weight",
        "network.classify.1.bias",
    }


def test_the_lines_are_beside_it(written):
    assert "the graph departs at Gemm 'node_linear'" in (written / "README.txt").read_text()


def test_numpy_alone_reads_text(tmp_path):
    texts = np.array(["a", "größer"], dtype=object)
    write_arrays(tmp_path / "x.npz", {"x": texts})
    assert np.load(tmp_path / "x.npz")["x"].tolist() == texts.tolist()
