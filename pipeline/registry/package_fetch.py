"""`fetch`: package, contract and model card of a registered version in a folder: how a .NET team's build takes it."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from pipeline.core.errors import PipelineError
from pipeline.core.files import CHECKSUMS, replacing_folder
from pipeline.core.paths import CONTRACT
from pipeline.registry.stored_package import StoredPackage, download, fetch_package, find_run
from pipeline.registry.tracking import check_there_is_a_store, connecting
from pipeline.registry.version_address import VersionAddress, check_model, find_entry

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

# The card's name in the folder, and in the package where that has one; a run has it under either.
CARD = "MODEL_CARD.md"
CARDS_OF_RUNS = (CARD, "model_card.md")


def fetch(address: VersionAddress, to: Path | None, tracking_uri: str) -> list[str]:
    """Put a version's files into the folder `to`, all of them or none.

    Args:
        address: Which version of which model.
        to: A folder that is not there, is empty, or that a `fetch` wrote; None: <model>-<version>, here.
        tracking_uri: The store.

    Returns:
        Lines that say what is there, and how a C# project takes it.

    Raises:
        PipelineError: There is no such version, its files are gone or not those that were registered, or the folder holds others.
    """
    check_there_is_a_store(tracking_uri)
    with connecting(tracking_uri) as client, tempfile.TemporaryDirectory() as temporary:
        check_model(client, address.name)
        entry = find_entry(client, address.name, address.version)
        aliases = [
            alias
            for alias, number in sorted(client.get_registered_model(address.name).aliases.items())
            if str(number) == str(entry.version)
        ]
        folder = choose_folder(to, f"{address.name}-{entry.version}")
        package = fetch_package(client, address.name, str(entry.version), Path(temporary))
        files = {
            package.path.name: package.path.read_bytes(),
            CONTRACT.name: package.read(CONTRACT.name),
            **read_card(client, entry, package, Path(temporary)),
        }
    with replacing_folder(folder) as new:
        for name, content in files.items():
            (new / name).write_bytes(content)
    return describe(folder, entry, aliases, package, list(files))


def choose_folder(to: Path | None, name: str) -> Path:
    """The folder to write, by its full path.

    Raises:
        PipelineError: It holds something that no `fetch` wrote, or is where this process works.
    """
    folder = (to or Path(name)).resolve()
    if to is None and folder.parent != Path.cwd():
        raise PipelineError(f"{name!r} is no name for a folder: choose one with --to FOLDER")
    if Path.cwd().is_relative_to(folder):
        raise PipelineError(
            f"{folder}: expected a folder of its own, got one that this command runs in: choose another with --to"
        )
    if not folder.exists():
        return folder
    if not folder.is_dir():
        raise PipelineError(f"{folder}: expected a folder, got a file: choose another with --to")
    present = {path.name for path in folder.iterdir()}
    sums = folder / CHECKSUMS
    written = sums.read_text(errors="replace").splitlines() if sums.is_file() else []
    if strange := sorted(present - {CHECKSUMS} - {line.partition("  ")[2] for line in written}):
        raise PipelineError(
            f"{folder}: expected a folder that is empty or that `fetch` wrote, got one with {strange[0]!r}: choose another with --to"
        )
    return folder


def read_card(client: "MlflowClient", entry: "ModelVersion", package: StoredPackage, folder: Path) -> dict[str, bytes]:
    """The model card, by its name: the run's, which says more, else the package's; nothing where neither has one."""
    run_id = find_run(entry)
    names = {artifact.path for artifact in client.list_artifacts(run_id)}
    for name in CARDS_OF_RUNS:
        if name in names:
            return {CARD: download(client, run_id, name, folder, package.where).read_bytes()}
    return {CARD: package.read(CARD)} if CARD in package.manifest.files else {}


def describe(
    folder: Path, entry: "ModelVersion", aliases: list[str], package: StoredPackage, files: list[str]
) -> list[str]:
    """What was put where, and the lines for a C# project."""
    manifest = package.manifest
    named = f" ({', '.join(aliases)})" if aliases else ""
    verified = "verified" if entry.tags.get("dotnet.verified") == "true" else "not verified"
    return [
        f"{folder}/: {', '.join(files)}: version {entry.version} of {entry.name}{named}, {verified} in .NET, SHA-256 of the package "
        f"{manifest.package_sha256[:12]}…, as registered",
        "in the .csproj:",
        f"  <PropertyGroup><RestoreAdditionalProjectSources>$(RestoreAdditionalProjectSources);{escape(str(folder))}</RestoreAdditionalProjectSources></PropertyGroup>",
        f"  <ItemGroup><PackageReference Include={quoteattr(manifest.id)} Version={quoteattr(manifest.version)} /></ItemGroup>",
        f"or, with the folder among NuGet's sources (`dotnet nuget add source {folder}`): dotnet add package {manifest.id} --version "
        f"{manifest.version}",
    ]
