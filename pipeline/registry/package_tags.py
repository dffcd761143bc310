"""Tags with which a registered version says which package it has: one version of a package never has two contents."""

from typing import TYPE_CHECKING

from pipeline.core.errors import PipelineError
from pipeline.dotnet.nuget.manifest import Manifest

if TYPE_CHECKING:
    from mlflow import MlflowClient

ID_TAG, VERSION_TAG, CONTENT_TAG = "package_id", "package_version", "content_sha256"


def check_content(client: "MlflowClient", manifest: Manifest) -> None:
    """Raise PipelineError where the store has this version of the package with another content, under any model's name."""
    entries = client.search_model_versions(
        f"tags.{ID_TAG} = '{manifest.id}' and tags.{VERSION_TAG} = '{manifest.version}'"
    )
    for entry in entries:
        content = entry.tags.get(CONTENT_TAG)
        if content != manifest.content_sha256:
            raise PipelineError(
                f"{manifest.id} {manifest.version} is in the store with another content (models:/{entry.name}/{entry.version} has "
                f"{str(content)[:7]}, this is {manifest.content_sha256[:7]}): set package.version=auto, or a version that is not taken"
            )


def list_tags(manifest: Manifest) -> dict[str, str]:
    return {ID_TAG: manifest.id, VERSION_TAG: manifest.version, CONTENT_TAG: manifest.content_sha256}
