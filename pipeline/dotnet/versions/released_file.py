"""released/<Id>.json, where people commit it: found by the package's id, and never another model's."""

from pathlib import Path

from semver import Version

from pipeline.core.errors import PipelineError
from pipeline.core.paths import RELEASED
from pipeline.core.release import Release, read_release
from pipeline.core.semantic_version import FORM
from pipeline.dotnet.client.identifiers import pascal
from pipeline.dotnet.nuget.nupkg import check_id


def choose_id(setting: str | None, model: str) -> str:
    """The package's id: `package.id`, or the model's name in PascalCase."""
    return setting or pascal(model)


def locate_release(package_id: str) -> Path:
    """Where the last release of a package is.

    Raises:
        PipelineError: NuGet takes no such id.
    """
    check_id(package_id)
    return RELEASED / f"{package_id}.json"


def find_release(package_id: str, model: str) -> Release | None:
    """The last release; None where there is none.

    Args:
        package_id: The package's.
        model: The model's name.

    Raises:
        PipelineError: The file is broken, or is of another package or model.
    """
    path = locate_release(package_id)
    if not path.exists():
        return None
    release = read_release(path)
    if not Version.is_valid(release.version):
        raise PipelineError(
            f"{path}: version: expected {FORM}, got {release.version!r}; get it back as it was committed: `git checkout -- {path}`"
        )
    if release.id != package_id:
        raise PipelineError(
            f"{path}: expected the release of the package {package_id!r}, got that of {release.id!r}: rename it to {release.id}.json"
        )
    if release.contract.name != model:
        raise PipelineError(
            f"{path}: expected the release of the model {model!r}, got that of the model {release.contract.name!r}: give this model "
            "a package of its own with package.id, or remove the file to begin again at the first version"
        )
    return release
