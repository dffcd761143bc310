"""build/package/: the package, and the manifest that says what is in it. Whoever uses the package asks here for it."""

from pathlib import Path
from typing import Literal

from pydantic import Field, TypeAdapter

from pipeline.core.dotnet_report import DotnetReport
from pipeline.core.errors import PipelineError
from pipeline.core.files import sha256
from pipeline.core.paths import DOTNET_REPORT, MANIFEST, PACKAGE
from pipeline.core.records import Record, read_record
from pipeline.core.release import Change, PackageVersion
from pipeline.dotnet.nuget.dependency_groups import RuntimeChoice


class RuntimeVersions(Record):
    """The lowest onnxruntime that the package asks for, and those in which Python has proven the model, the bound among them."""

    bound: str
    proven: list[str]


class Origin(Record):
    """What the model was made from, as SHA-256. The commit is MLflow's, found by the package's hash."""

    weights_sha256: str
    configuration_sha256: str
    contract_sha256: str
    data_sha256: dict[str, str]
    golden: dict[str, str]


class PackedManifest(Record):
    """manifest.json within the package: `files` has the SHA-256 of every other file.

    `runtime` is whether it asks for onnxruntime with its native library or for its C# alone. `content_sha256` is over model, contract,
    golden calls and client text, whatever the version, and `parts` has the SHA-256 of each; `api` is the client's public API, a line a
    member. `previous` is the version of the release before ("" where there is none),
    `changes` what is different from it.
    """

    id: str
    version: str
    content_sha256: str = ""
    parts: dict[str, str] = Field(default={})
    api: list[str] = Field(default=[])
    previous: str = ""
    changes: list[Change] = Field(default=[])
    client: Literal["assembly", "source"]
    runtime: RuntimeChoice = "cpu"
    namespace: str
    class_name: str
    model: str
    onnxruntime: RuntimeVersions
    lineage: Origin
    files: dict[str, str]

    @property
    def package_version(self) -> PackageVersion:
        """The version, the one before, and what is different."""
        return PackageVersion(version=self.version, previous=self.previous, changes=self.changes)


class Manifest(PackedManifest):
    """manifest.json beside the package, which also says which file it is of."""

    package: str
    package_sha256: str

    @property
    def path(self) -> Path:
        return PACKAGE / self.package


def read_package() -> Manifest:
    """The manifest, once the package beside it is the very one that it describes.

    Raises:
        PipelineError: One of both is missing or was changed.
    """
    manifest = read_record(MANIFEST, TypeAdapter(Manifest), made_by="package")
    if not manifest.path.is_file() or sha256(manifest.path) != manifest.package_sha256:
        raise PipelineError(
            f"{manifest.path} is not the package that {MANIFEST} describes: make it again with `python -m pipeline package`"
        )
    return manifest


def check_verified(manifest: Manifest, dotnet: DotnetReport, consequence: str) -> None:
    """Raise PipelineError where the report is of another package, or .NET has refused this one; `consequence` is what follows."""
    if dotnet.package_sha256 != manifest.package_sha256:
        raise PipelineError(
            f"{DOTNET_REPORT} speaks of another package than {manifest.path}: run `python -m pipeline verify` again"
        )
    if dotnet.departs:
        raise PipelineError(f"{DOTNET_REPORT}: .NET does not answer like PyTorch ({dotnet.reason}): {consequence}")
