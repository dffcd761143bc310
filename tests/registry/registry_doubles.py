"""A model registry in memory, with what promotion asks of MLflow's client; and packages small enough to make in a test."""

import json
import shutil
import zipfile
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST

from pipeline.core.contract import Contract, Task, TensorSpec
from pipeline.core.dotnet_report import DotnetReport
from pipeline.core.paths import DOTNET_REPORT, MANIFEST, PACKAGE

NAME = "digits"


@dataclass
class MemoryVersion:
    version: str
    tags: dict[str, str] = field(default_factory=dict)
    name: str = NAME
    status: str = "READY"

    @property
    def run_id(self) -> str:
        return f"run{self.version}"


@dataclass
class MemoryClient:
    """One registered model; run N has published version N, and its artifacts lie in `artifacts`/runN."""

    artifacts: Path = Path()
    versions: dict[str, MemoryVersion] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    runs: dict[str, SimpleNamespace] = field(default_factory=dict)

    def add(self, *numbers: str) -> None:
        for number in numbers:
            self.versions[number] = MemoryVersion(number)
            self.runs[f"run{number}"] = make_run(f"run{number}", "FINISHED", gate="passed")

    def get_registered_model(self, name: str) -> SimpleNamespace:
        if name != NAME:
            raise MlflowException("no such model", error_code=RESOURCE_DOES_NOT_EXIST)
        return SimpleNamespace(name=NAME, aliases=dict(self.aliases))

    def search_registered_models(self) -> list[SimpleNamespace]:
        return [self.get_registered_model(NAME)]

    def search_model_versions(self, _: str) -> list[MemoryVersion]:
        return list(self.versions.values())

    def get_model_version(self, _: str, number: str) -> MemoryVersion:
        return self.versions[number]

    def set_model_version_tag(self, _: str, number: str, key: str, value: str) -> None:
        self.versions[number].tags[key] = value

    def set_registered_model_alias(self, _: str, alias: str, number: str) -> None:
        self.aliases[alias] = number

    def get_run(self, run_id: str) -> SimpleNamespace:
        if run_id not in self.runs:
            raise MlflowException("no such run", error_code=RESOURCE_DOES_NOT_EXIST)
        return self.runs[run_id]

    def list_artifacts(self, run_id: str) -> list[SimpleNamespace]:
        return [SimpleNamespace(path=path.name) for path in (self.artifacts / run_id).iterdir()]

    def download_artifacts(self, run_id: str, artifact: str, folder: str) -> str:
        source, target = self.artifacts / run_id / artifact, Path(folder) / artifact
        if not source.is_file():
            raise MlflowException("No such artifact:\n  it was deleted")
        target.parent.mkdir(parents=True, exist_ok=True)
        return str(shutil.copyfile(source, target))


def make_run(run_id: str, status: str, **tags: str) -> SimpleNamespace:
    info = SimpleNamespace(run_id=run_id, status=status, experiment_id="1")
    return SimpleNamespace(info=info, data=SimpleNamespace(tags=tags))


def make_tensor(name: str, **changes: object) -> TensorSpec:
    values = {
        "dtype": "float32",
        "shape": ["batch", 2],
        "description": "",
        "unit": "",
        "minimum": None,
        "maximum": None,
    }
    return TensorSpec(**({"name": name, **values, "labels": []} | changes))


TASK = Task(
    metric="accuracy",
    target="pipeline.metrics.classification.accuracy",
    direction="higher",
    output="label",
    labels=["a", "b"],
)


def make_contract(**changes: object) -> Contract:
    values = {
        "name": NAME,
        "description": "",
        "inputs": [make_tensor("pixels")],
        "outputs": [make_tensor("label", dtype="int64", shape=["batch"], labels=["a", "b"]), make_tensor("scores")],
        "task": TASK,
        "opset": 20,
        "ir_version": 10,
        "weights_sha256": "0" * 64,
        "configuration_sha256": "0" * 64,
        "golden": {"calls.json": "0" * 64},
    }
    return Contract(**(values | changes))


def write_package(client: MemoryClient, number: str, **files: bytes) -> Path:
    """Put a package with a contract, and `files` by name (two underscores for a dot), among the artifacts of a version."""
    content = {"contract.json": make_contract().model_dump_json().encode(), "model/M.onnx": b"graph"}
    content |= {name.replace("__", "."): data for name, data in files.items()}
    folder = client.artifacts / f"run{number}"
    (folder / PACKAGE).mkdir(parents=True)
    (folder / DOTNET_REPORT).parent.mkdir(parents=True)
    path = folder / PACKAGE / "Digits.1.0.0.nupkg"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    digest = sha256(path.read_bytes()).hexdigest()
    manifest = {
        "id": "Digits",
        "version": "1.0.0",
        "client": "source",
        "namespace": "N",
        "class_name": "Digits",
        "model": "M.onnx",
        "onnxruntime": {"bound": "1.31.1", "proven": ["1.31.1"]},
        "lineage": {
            "weights_sha256": "",
            "configuration_sha256": "",
            "contract_sha256": "",
            "data_sha256": {},
            "golden": {},
        },
        "files": {name: sha256(data).hexdigest() for name, data in content.items()},
        "package": path.name,
        "package_sha256": digest,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest))
    write_dotnet_report(client, number, verified=False, reason="no SDK")
    client.versions[number].tags["package_sha256"] = digest
    return path


def write_dotnet_report(client: MemoryClient, number: str, **values: object) -> None:
    report = DotnetReport.model_validate({"package": "", "package_sha256": "", "mode": "auto", **values})
    (client.artifacts / f"run{number}" / DOTNET_REPORT).write_text(report.model_dump_json())
