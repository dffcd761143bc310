"""What export writes: the graph's own words, the report, hashes and bytes that do not change."""

import json
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from pipeline.core.contract import load_contract
from pipeline.core.files import recorded_sha256, sha256
from pipeline.core.node_sources import read_sources
from pipeline.core.paths import CONTRACT, EXPORTED, NODE_SOURCES, PACKAGE, SIMPLIFIED
from pipeline.graph import onnx_model
from pipeline.settings.model import TensorSettings
from pipeline.stages.export import annotate, configuration_hash, describe_tensor


def test_export_and_simplify_give_the_same_bytes_again(digits, passes):
    paths = [
        EXPORTED,
        SIMPLIFIED,
        NODE_SOURCES,
        CONTRACT,
        *Path("build/golden").iterdir(),
        *Path("reports").glob("*.json"),
    ]
    before = [path.read_bytes() for path in paths]
    for stage in ("export", "simplify", "validate"):
        passes(stage)
    assert [path.read_bytes() for path in paths] == before


def test_the_graph_says_what_it_is(linear):
    made = onnx_model.load(EXPORTED, "export")
    said = onnx_model.metadata(made)
    assert (made.graph.name, made.doc_string, made.producer_name) == (
        "linear",
        "One linear layer from ten numbers to five.",
        "torch2dotnet",
    )
    assert said["weights_sha256"] == load_contract().weights_sha256


def test_no_path_of_this_machine_is_in_the_graph(digits):
    content = EXPORTED.read_bytes()
    assert b"/site-packages/" not in content
    assert str(Path(__file__).parents[2]).encode() not in content


def test_annotate_takes_the_notes_of_the_exporter_away():
    model = onnx.ModelProto()
    node = model.graph.node.add(doc_string="/home/somebody/net.py(3): forward")
    node.metadata_props.add(key="pkg.torch.onnx.class_hierarchy", value="x")
    annotate(model, "n", "d", {})
    assert (list(node.metadata_props), node.doc_string) == ([], "")


def test_where_values_come_from_lies_beside_the_graph_and_is_listed(digits):
    assert read_sources()["linear"].module == "classify.1"
    assert recorded_sha256(NODE_SOURCES, "export") == sha256(NODE_SOURCES)


def test_where_values_come_from_has_no_path_of_this_machine(digits):
    assert [source.file for source in read_sources().values() if Path(source.file).is_absolute()] == []


def test_where_values_come_from_is_not_packed(digits):
    (package,) = PACKAGE.glob("*.nupkg")
    with zipfile.ZipFile(package) as archive:
        assert [name for name in archive.namelist() if name.endswith(NODE_SOURCES.name)] == []


@pytest.mark.parametrize(
    ("said", "dtype"),
    [
        (np.zeros(2, "f4"), "float32"),
        (np.zeros(2, "?"), "bool"),
        (np.array(["a"]), "string"),
        (np.array(["a"], "O"), "string"),
    ],
)
def test_tensor(said, dtype):
    assert describe_tensor("x", said, ["batch"], TensorSettings(description="d")).dtype == dtype


@pytest.mark.parametrize(
    ("override", "same"),
    [
        ("parity.atol=1", True),
        ("publish.alias=x", True),
        ("seed=1", False),
        ("export.opset=18", False),
        ("export.opset=20", True),
        ("target=onnxruntime-1.16", False),
        ("target=onnxruntime-1.18", True),
        ("model.description=x", False),
        ("model.task.metric=macro_f1", True),
        ("+model.card={A: b}", True),
    ],
)
def test_configuration_hash_sees_what_decides_the_bytes(override, same, params):
    assert (configuration_hash(params(override), 10) == configuration_hash(params(), 10)) is same


def test_configuration_hash_sees_the_ir_version(params):
    assert configuration_hash(params(), 9) != configuration_hash(params(), 10)


def test_the_report(linear):
    report = json.loads(Path("reports/export.json").read_text())
    assert (report["opset"], report["golden_calls"], report["graph"]["nodes"], report["torch"]) == (
        20,
        9,
        1,
        torch.__version__,
    )


def test_files_count_by_what_is_in_them(params, tmp_path):
    def made(folder: str, content: str) -> str:
        file = tmp_path / folder / "config.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(content)
        weights = tmp_path / folder / "weights.pt"
        return configuration_hash(
            params(
                "model=linear",
                f"+model.net.kwargs.config={file}",
                f"model.weights={weights}",
                f"+model.net.kwargs.more=[{file}]",
            ),
            10,
        )

    assert made("a", "1") == made("b", "1") != made("b", "2")


def test_relative_files_and_folders_count_by_what_is_in_them_too(params, monkeypatch, tmp_path):
    def configuration(folder: str, content: str) -> str:
        pretrained = tmp_path / folder / "pretrained"
        pretrained.mkdir(parents=True, exist_ok=True)
        (pretrained / "config.json").write_text(content)
        monkeypatch.chdir(tmp_path / folder)
        return configuration_hash(
            params(
                "model=linear",
                "+model.net.kwargs.config=pretrained/config.json",
                "+model.net.kwargs.folder=pretrained",
            ),
            10,
        )

    assert configuration("a", "1") == configuration("b", "1") != configuration("b", "2")
