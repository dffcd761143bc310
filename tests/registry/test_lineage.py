"""Where a model comes from: one artifact of hashes, and MLflow's own fields."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.core.arrays import Header
from pipeline.core.contract import load_contract
from pipeline.core.dotnet_report import DotnetReport
from pipeline.core.errors import PipelineError
from pipeline.core.files import sha256
from pipeline.core.parity_report import ParityReport
from pipeline.core.reports import ExportReport, SimplifyReport, read_report
from pipeline.dotnet.nuget.manifest import read_package
from pipeline.registry import lineage
from pipeline.registry.run_content import Evidence
from pipeline.settings.params import load

LOCK = (
    "stages:\n  a:\n    outs:\n    - {path: build/simplified, md5: abc.dir}\n"
    "  b:\n    outs:\n    - {path: build/data, md5: d.dir}\n    - {path: reports/publish.json, md5: e}\n"
)


def read_evidence() -> Evidence:
    reports = (read_report(kind) for kind in (ExportReport, SimplifyReport, ParityReport, DotnetReport))
    return Evidence(load_contract(), *reports, read_package())


def collect() -> dict:
    return lineage.collect_lineage(load(), read_evidence())


def test_outside_git(linear, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(linear.parent))
    assert collect()["git"] == {"commit": None, "changed_files": []}


def test_without_git(linear, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert collect()["git"]["commit"] is None


def test_dvc_s_hash_of_each_output_that_publish_goes_by(linear):
    Path("dvc.lock").write_text(LOCK)
    assert collect()["dvc_md5"] == {"build/simplified": "abc.dir", "build/data": "d.dir"}


@pytest.mark.parametrize(
    "content",
    ["", "[" * 10_000, "stages: 7", "stages: {a: {outs: [7]}}", "stages: {a: {outs: [{path: x}]}}", "a: b: c"],
)
def test_a_lock_that_somebody_broke_is_named(content, linear):
    Path("dvc.lock").write_text(content)
    with pytest.raises(
        PipelineError, match=r"dvc\.lock: expected the stages that DVC ran, got a damaged file: get it back"
    ):
        collect()


def test_hashes_of_weights_data_graphs_and_package(linear):
    collected = collect()
    assert collected["weights_sha256"] == sha256(Path("build/weights/checkpoint.safetensors"))
    assert collected["data_sha256"]["test"] == sha256(Path("build/data/test.npz"))
    assert collected["graphs_sha256"]["simplify"] == sha256(Path("build/simplified/model.onnx"))
    assert collected["package"]["sha256"] == read_package().package_sha256
    assert collected["libraries"]["onnxruntime"] == read_report(ParityReport).onnxruntime


def test_the_artifact_the_commit_and_the_datasets_are_logged(linear, monkeypatch):
    monkeypatch.setattr(lineage, "run_git", lambda command, *_: "c0ffee" if command == "rev-parse" else "")
    logged: dict[str, object] = {}
    client = SimpleNamespace(
        log_text=lambda _, text, name: logged.update({name: json.loads(text)}),
        set_tag=lambda _, key, value: logged.update({key: value}),
        log_inputs=lambda _, datasets: logged.update(datasets=len(datasets)),
    )
    lineage.log_lineage(client, "abc", load(), read_evidence())
    assert logged.pop("lineage.json")["git"]["commit"] == "c0ffee"
    assert logged == {"mlflow.source.git.commit": "c0ffee", "datasets": 3}


def test_a_dataset_has_rows_types_and_shapes(digits):
    inputs = lineage.list_datasets(load())
    (test,) = (entry.dataset for entry in inputs if entry.tags[0].value == "test")
    assert (test.name, test.digest) == ("digits test", sha256(Path("build/data/test.npz"))[:12])
    assert json.loads(test.profile) == {"num_rows": 359}
    assert [(column["name"], column["type"]) for column in json.loads(test.schema)["mlflow_colspec"]] == [
        ("pixels", "float32 [8, 8]"),
        ("target", "int64"),
    ]


def test_text_is_a_column_too():
    (column,) = lineage.describe_schema({"text": Header("string", (40,))})["mlflow_colspec"]
    assert (column["name"], column["type"]) == ("text", "string")


def test_the_source_is_the_function_where_no_file_is_read(params):
    assert lineage.describe_source(params().data) == (
        "code",
        {"tags": {"mlflow.source.type": "CODE", "mlflow.source.name": "pipeline.data.sources.digits"}},
    )


def test_the_source_is_the_file_that_is_read(params):
    data = params("model=sentiment", "data.path=/a/reviews").data
    assert (lineage.name_data(data), lineage.describe_source(data)) == ("reviews", ("local", {"uri": "/a/reviews"}))


def test_several_files_are_one_source(params):
    data = params("model=sentiment", "data.path=[a.txt, b.txt]").data
    assert lineage.describe_source(data) == ("local", {"uri": '["a.txt", "b.txt"]'})
    assert lineage.name_data(data) == "sentences"
