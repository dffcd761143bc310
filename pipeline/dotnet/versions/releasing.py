"""`python -m pipeline release`: the package that is proven becomes the last release: released/<Id>.json, and its API in <Id>.api.txt."""

from semver import Version

from pipeline.core.contract import Contract, load_contract
from pipeline.core.dotnet_report import DotnetReport
from pipeline.core.errors import PipelineError
from pipeline.core.files import sha256
from pipeline.core.parity_report import ParityReport
from pipeline.core.paths import CONTRACT, MANIFEST, PARITY_REPORT
from pipeline.core.release import Release, locate_api, write_release
from pipeline.core.reports import read_report
from pipeline.core.semantic_version import AUTO, FORM, is_same, is_semantic
from pipeline.core.terminal import say
from pipeline.dotnet.nuget.manifest import Manifest, check_verified, read_package
from pipeline.dotnet.versions.content import label
from pipeline.dotnet.versions.package_version import largest_part, next_number, strip_label
from pipeline.dotnet.versions.released_file import find_release, locate_release


def release(setting: str, version: str | None) -> None:
    """Write the file for the package in build/package.

    Args:
        setting: `package.version`.
        version: What it is released as; None: its version without the label of its content.

    Raises:
        PipelineError: The package is not proven, was packed beside another release, or the version is not one that may follow.
    """
    manifest, contract = read_package(), load_contract()
    check_proof(manifest, read_report(ParityReport), read_report(DotnetReport))
    path, last = locate_release(manifest.id), find_release(manifest.id, contract.name)
    is_released = last is not None and last.content_sha256 == manifest.content_sha256
    if last and is_released and version in (None, last.version):
        if last.api is None:
            write_release(last.model_copy(update={"api": manifest.api}), path)
            say(
                "release",
                f"{locate_api(path)}: the public API of {last.version}, {len(manifest.api)} members; commit it",
            )
        say("release", f"{path}: {last.version} is released already, with this content")
        return
    if last and not is_released and last.version != manifest.previous:
        raise PipelineError(
            f"{MANIFEST}: expected what is different from {last.version}, the last release in {path}, got it from "
            f"{manifest.previous or 'no release'}: run `dvc repro`, then release again"
        )
    chosen = version or strip_label(manifest.version, label(manifest.content_sha256))
    check_version(chosen, setting)
    if last:
        check_order(chosen, last, manifest, is_released=is_released)
    write_release(describe_release(manifest, contract, chosen, last if is_released else None), path)
    before = f"after {last.version} ({largest_part(manifest.changes)})" if last else "the first release"
    say("release", f"{path}: {manifest.id} {chosen}, {before}, content {manifest.content_sha256[:7]}")
    say("release", f"{locate_api(path)}: its public API, {len(manifest.api)} members")
    say(
        "release",
        f'commit both: `git add {path} {locate_api(path)} && git commit -m "{manifest.id} {chosen}"`; `dvc repro` now packs, proves and publishes {chosen}',
    )


def check_proof(manifest: Manifest, parity: ParityReport, dotnet: DotnetReport) -> None:
    """Raise PipelineError unless the gate has passed for what the package holds, and .NET has not refused it."""
    if not parity.proven:
        raise PipelineError(f"{PARITY_REPORT}: the parity gate has not passed ({parity.gate}): nothing is released")
    if parity.models.get("simplify") != manifest.files.get(
        f"model/{manifest.model}"
    ) or not parity.contract_sha256 == manifest.lineage.contract_sha256 == sha256(CONTRACT):
        raise PipelineError(
            f"{PARITY_REPORT} speaks of another model or contract than {manifest.path} holds: run `dvc repro`, then release again"
        )
    check_verified(manifest, dotnet, "nothing is released")


def check_version(version: str, setting: str) -> None:
    """Raise PipelineError for what is no version, or for another than `package.version` would pack."""
    if not is_semantic(version) or not Version.is_valid(version):
        raise PipelineError(f"--version: expected {FORM}, got {version!r}")
    if setting != AUTO and not is_same(setting, version):
        raise PipelineError(
            f"--version: expected {setting}, which package.version packs, got {version}: set package.version=auto, or to that version"
        )


def check_order(version: str, last: Release, manifest: Manifest, *, is_released: bool) -> None:
    """Raise PipelineError unless `version` is above the last, and not less than what the difference asks for."""
    chosen = Version.parse(version)
    if chosen <= Version.parse(last.version):
        raise PipelineError(f"--version: expected a version above {last.version}, the last release, got {version}")
    if is_released:
        return
    lowest = next_number(last.version, manifest.changes)
    if chosen.finalize_version() < lowest:
        raise PipelineError(
            f"--version: expected {lowest} or later, since what is different from {last.version} is "
            f"{largest_part(manifest.changes)} ({manifest.changes[0].text}), got {version}"
        )


def describe_release(manifest: Manifest, contract: Contract, version: str, same: Release | None) -> Release:
    """The release; `same` is an earlier one of the same content, whose differences are these too."""
    return Release(
        id=manifest.id,
        version=version,
        previous=same.previous if same else manifest.previous,
        changes=same.changes if same else manifest.changes,
        content_sha256=manifest.content_sha256,
        parts=manifest.parts,
        client=manifest.client,
        runtime=manifest.runtime,
        namespace=manifest.namespace,
        class_name=manifest.class_name,
        onnxruntime=manifest.onnxruntime.bound,
        api=manifest.api,
        contract=contract,
    )
