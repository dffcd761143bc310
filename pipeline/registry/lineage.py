"""What a model was made from: one JSON artifact of hashes, and MLflow's own fields for commit and datasets."""

import json
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from pipeline.core.arrays import Header, count_rows, read_headers
from pipeline.core.errors import PipelineError
from pipeline.core.files import recorded_sha256
from pipeline.core.git import run_git
from pipeline.core.paths import DATA, PUBLISH_REPORT, SPLITS
from pipeline.registry.run_content import Evidence
from pipeline.settings.params import Data, Params

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput

# Among the run's artifacts.
ARTIFACT = "lineage.json"
# Where MLflow's own page looks for the commit.
COMMIT_TAG = "mlflow.source.git.commit"
LIBRARIES = ("torch", "onnx", "onnxruntime", "onnxscript", "onnxsim")
# MLflow keeps 36 characters of a digest; as many as one compares by eye. The whole of it is in the artifact.
DIGEST = 12


def read_lock(path: Path) -> dict[str, str]:
    """DVC's md5 of each output that publish goes by, from dvc.lock.

    Raises:
        PipelineError: It is not what DVC writes.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        stages = YAML(typ="safe").load(path)["stages"]
        outputs = {str(out["path"]): str(out["md5"]) for stage in stages.values() for out in stage.get("outs", [])}
    except (YAMLError, OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise PipelineError(
            f"{path}: expected the stages that DVC ran, got a damaged file: get it back with `git checkout {path}`, or remove it and "
            "run `dvc repro`"
        ) from None
    # What it says of this stage is of an earlier publication.
    outputs.pop(PUBLISH_REPORT.as_posix(), None)
    return outputs


def collect_lineage(params: Params, evidence: Evidence) -> dict[str, Any]:
    """Commit, DVC's md5 of each output, hashes of settings, weights, data, graphs and package, versions of libraries."""
    # dvc.lock and reports/ are the pipeline's own writing: they differ from the commit while it runs.
    changed = run_git("status", "--porcelain", "--", ".", ":!dvc.lock", ":!reports")
    lock = Path("dvc.lock")
    manifest, dotnet = evidence.manifest, evidence.dotnet
    return {
        "git": {
            "commit": run_git("rev-parse", "HEAD") or None,
            "changed_files": [line[3:] for line in changed.splitlines()],
        },
        "conf_sha256": params.conf_hash,
        **manifest.lineage.model_dump(),
        "graphs_sha256": evidence.parity.models,
        "package": {
            "file": manifest.package,
            "sha256": manifest.package_sha256,
            "content_sha256": manifest.content_sha256 or None,
        },
        "dvc_md5": read_lock(lock) if lock.exists() else {},
        "libraries": {name: version(name) for name in LIBRARIES},
        "dotnet": {"sdk": dotnet.sdk, "runtime": dotnet.runtime, "onnxruntime": dotnet.list_verified()},
    }


def log_lineage(client: "MlflowClient", run_id: str, params: Params, evidence: Evidence) -> None:
    """Log the artifact, the commit and the datasets."""
    lineage = collect_lineage(params, evidence)
    client.log_text(run_id, json.dumps(lineage, indent=1, ensure_ascii=False) + "\n", ARTIFACT)
    if commit := lineage["git"]["commit"]:
        client.set_tag(run_id, COMMIT_TAG, commit)
    client.log_inputs(run_id, datasets=list_datasets(params))


def list_datasets(params: Params) -> list["DatasetInput"]:
    """Each split as MLflow's dataset: its name, the start of its SHA-256, its source, the types and shapes of its arrays.

    No row is read, and neither is pandas, which MLflow's own classes would need for text.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag
    from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

    inputs = []
    for split in SPLITS:
        path = DATA / f"{split}.npz"
        headers = read_headers(path, "prepare")
        source_type, source = describe_source(params.data)
        dataset = Dataset(
            name=f"{name_data(params.data)} {split}",
            digest=recorded_sha256(path, "prepare")[:DIGEST],
            source_type=source_type,
            source=json.dumps(source, ensure_ascii=False),
            schema=json.dumps(describe_schema(headers)),
            profile=json.dumps({"num_rows": count_rows(headers)}),
        )
        inputs.append(DatasetInput(dataset, [InputTag(MLFLOW_DATASET_CONTEXT, split)]))
    return inputs


def name_data(data: Data) -> str:
    """The file's name, or the function's where it reads none."""
    if isinstance(data.path, str):
        return PurePath(data.path).name
    return data.target.rpartition(".")[2]


def describe_source(data: Data) -> tuple[str, dict[str, Any]]:
    """MLflow's kind of source, and the source: the file or files that are read, else the function that gives the rows."""
    if data.path is None:
        return "code", {"tags": {"mlflow.source.type": "CODE", "mlflow.source.name": data.target}}
    paths = data.path if isinstance(data.path, str) else json.dumps(data.path, ensure_ascii=False)
    return "local", {"uri": paths}


def describe_schema(headers: dict[str, Header]) -> dict[str, Any]:
    """What one row has, in the form that MLflow's page lists: of tensors it says only that there is no preview."""
    columns = [
        {
            "name": name,
            "type": f"{header.dtype} {list(header.shape[1:])}" if header.shape[1:] else header.dtype,
            "required": True,
        }
        for name, header in headers.items()
    ]
    return {"mlflow_colspec": columns}
