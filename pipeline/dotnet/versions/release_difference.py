"""What is different between the last release and a package, the largest first."""

from collections.abc import Iterator
from typing import get_args

from pipeline.core.release import Change, Part, Release
from pipeline.dotnet.nuget.dependency_groups import RUNTIMES
from pipeline.dotnet.versions.api_difference import compare_apis
from pipeline.dotnet.versions.content import PackageContent
from pipeline.dotnet.versions.contract_difference import compare_contracts

PARTS: tuple[Part, ...] = get_args(Part)


def compare_release(release: Release, content: PackageContent) -> list[Change]:
    """The differences; at least one where the content is another."""
    changes = [*_compare_client(release, content), *compare_contracts(release.contract, content.contract)]
    is_renamed = (release.namespace, release.class_name) != (content.namespace, content.class_name)
    # Where all members are called otherwise, that is told.
    if release.api is not None and not is_renamed:
        changes += compare_apis(release.api, content.api, content.namespace)
    changes += _compare_files(release, content, explained=bool(changes))
    if release.api is None:
        changes.append(
            Change(part="patch", text=f"not compared: the C# members, since the release has no {release.id}.api.txt")
        )
    return sorted(changes, key=lambda change: PARTS.index(change.part))


def _compare_client(release: Release, content: PackageContent) -> Iterator[Change]:
    for what, was, now in (
        ("C# namespace", release.namespace, content.namespace),
        ("C# class", release.class_name, content.class_name),
    ):
        if was != now:
            yield Change(part="major", text=f"the {what} is {now} (it was {was})")
    if release.client != content.client:
        forms = {"source": "source code", "assembly": "assemblies"}
        # Assemblies do for every project that could compile the source, which asks for C# 12; what else changes for them, the API tells.
        is_wider = content.client == "assembly" and release.api is not None
        yield Change(
            part="minor" if is_wider else "major",
            text=f"the client comes as {forms[content.client]} (it was {forms[release.client]})",
        )
    if release.runtime != content.runtime:
        yield Change(
            part="major", text=f"it depends on {RUNTIMES[content.runtime]} (it was {RUNTIMES[release.runtime]})"
        )
    if release.onnxruntime != content.onnxruntime:
        yield Change(
            part="minor",
            text=f"it asks for {RUNTIMES[content.runtime]} {content.onnxruntime} or later (it was {release.onnxruntime})",
        )


def _compare_files(release: Release, content: PackageContent, *, explained: bool) -> Iterator[Change]:
    """Another model, other golden answers, other text of the client, or of the contract where nothing else tells of it."""
    other = {part for part, digest in content.parts.items() if release.parts.get(part) != digest}
    if "model" in other:
        is_trained = release.contract.weights_sha256 != content.contract.weights_sha256
        yield Change(part="patch", text="the model has other weights" if is_trained else "the model's graph is another")
    elif not explained and "client" in other:
        # It has the model's hash in it too.
        yield Change(part="patch", text="the text of the C# client is another")
    if "golden" in other:
        yield Change(part="patch", text="the golden calls, or the tolerances of the self-test, are others")
    if not explained and other == {"contract"}:
        yield Change(part="patch", text="the contract says other things of scales or proof")
