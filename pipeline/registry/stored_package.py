"""The package of a registered version, out of the store: nothing of it is used before its hashes are checked."""

import hashlib
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from pipeline.core.contract import Contract
from pipeline.core.errors import PipelineError
from pipeline.core.files import sha256
from pipeline.core.paths import CONTRACT, MANIFEST, PACKAGE
from pipeline.dotnet.nuget.manifest import Manifest
from pipeline.dotnet.nuget.targets import MODEL_FOLDER
from pipeline.registry.model_registry import PACKAGE_TAG

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

# At a version: the last run that published it, and ended well.
RUN_TAG = "run_id"

_MANIFEST = TypeAdapter(Manifest)
_CONTRACT = TypeAdapter(Contract)


@dataclass(frozen=True)
class StoredPackage:
    """A package that was downloaded to `path`, whose bytes are those that its version was registered with.

    `where` names the version, for errors.
    """

    where: str
    path: Path
    manifest: Manifest

    def read(self, name: str) -> bytes:
        """One file of the package.

        Raises:
            PipelineError: The package has none of that name, or one whose hash is not the manifest's.
        """
        try:
            with zipfile.ZipFile(self.path) as archive:
                content = archive.read(name)
        except (zipfile.BadZipFile, KeyError, EOFError, RuntimeError, zlib.error) as error:
            raise PipelineError(f"{self.where}: {self.path.name} does not give its file {name} ({error})") from None
        expected = self.manifest.files.get(name, "")
        if hashlib.sha256(content).hexdigest() != expected:
            raise PipelineError(
                f"{self.where}: {name} in {self.path.name} is not the file that its manifest names (SHA-256 {expected[:12] or 'none'})"
            )
        return content

    def read_contract(self) -> Contract:
        """The model's contract.

        Raises:
            PipelineError: It is not there, or of another form.
        """
        try:
            return _CONTRACT.validate_json(self.read(CONTRACT.name))
        except ValidationError as error:
            first = error.errors()[0]
            raise PipelineError(
                f"{self.where}: {CONTRACT.name} is of another form than this pipeline's ({'.'.join(map(str, first['loc']))}: {first['msg']})"
            ) from None

    def read_model(self) -> bytes:
        """The graph, as the .onnx file's bytes.

        Raises:
            PipelineError: It is not there, or another.
        """
        return self.read(f"{MODEL_FOLDER}/{self.manifest.model}")


def find_run(entry: "ModelVersion") -> str:
    """The run that has the version's files; "" where none is named."""
    return str(entry.tags.get(RUN_TAG) or entry.run_id or "")


def fetch_package(client: "MlflowClient", name: str, number: str, folder: Path) -> StoredPackage:
    """Download the package of version `number` of the registered model `name` into `folder`.

    Raises:
        PipelineError: The version has no package, it is gone, or its bytes are not those that the version was registered with.
    """
    where = f"models:/{name}/{number}"
    entry = client.get_model_version(name, number)
    registered, run_id = entry.tags.get(PACKAGE_TAG, ""), find_run(entry)
    if not registered or not run_id:
        raise PipelineError(
            f"{where} has no package: expected the tag {PACKAGE_TAG} and a run, as `python -m pipeline publish` registers a version"
        )
    manifest_path = download(client, run_id, MANIFEST.as_posix(), folder, where)
    try:
        manifest = _MANIFEST.validate_json(manifest_path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        raise PipelineError(
            f"{where}: {MANIFEST} of run {run_id} is damaged, or of another form than this pipeline's "
            f"({'.'.join(map(str, first['loc']))}: {first['msg']})"
        ) from None
    if not re.fullmatch(r"\w[\w.+-]*\.nupkg", manifest.package, re.ASCII):
        raise PipelineError(f"{where}: {MANIFEST} of run {run_id} names no package but {manifest.package!r}")
    path = download(client, run_id, (PACKAGE / manifest.package).as_posix(), folder, where)
    if not sha256(path) == manifest.package_sha256 == registered:
        raise PipelineError(
            f"{where}: {manifest.package} of run {run_id} is not the package that was registered: expected SHA-256 {registered[:12]} "
            f"(the version's tag {PACKAGE_TAG}), got {sha256(path)[:12]}, and {manifest.package_sha256[:12]} in {MANIFEST}"
        )
    return StoredPackage(where, path, manifest)


def download(client: "MlflowClient", run_id: str, artifact: str, folder: Path, where: str) -> Path:
    """Bring an artifact of a run into `folder`; where it lies there.

    Raises:
        PipelineError: It is not there, or its store does not give it.
    """
    from mlflow.exceptions import MlflowException

    try:
        return Path(client.download_artifacts(run_id, artifact, str(folder)))
    except (MlflowException, OSError) as error:
        reason = " ".join(str(error).split())
        raise PipelineError(
            f"{where}: {artifact} cannot be had from run {run_id}: its files were deleted, or their store does not answer "
            f"({reason[:200]})"
        ) from None
