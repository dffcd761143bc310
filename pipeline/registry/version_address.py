"""How people name a version: models:/digits@champion, models:/digits/3, and without models:/; and what the store has of that name."""

import difflib
import re
from typing import TYPE_CHECKING, NamedTuple

from pipeline.core.errors import PipelineError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

_ADDRESS = re.compile(r"(models:/)?(?P<name>[^/@:]+)(@(?P<alias>[\w-]+)|/(?P<number>\d+))")


class VersionAddress(NamedTuple):
    """A registered model's name, and a number or an alias."""

    name: str
    version: str


def parse_address(text: str) -> VersionAddress:
    """Read what a person typed.

    Raises:
        PipelineError: It names no version.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise PipelineError(
            f"expected a version such as models:/digits@champion, models:/digits/3, digits@champion or digits/3, got {text!r}"
        )
    return VersionAddress(match["name"], match["alias"] or match["number"])


def check_model(client: "MlflowClient", name: str) -> None:
    """Raise PipelineError unless the store has a registered model of that name."""
    from mlflow.exceptions import MlflowException

    try:
        client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        names = [model.name for model in client.search_registered_models()]
        close = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(names[:10]) or 'none'}"
        raise PipelineError(f"the store has no registered model {name!r}: {hint}") from None


def find_entry(client: "MlflowClient", name: str, version: str) -> "ModelVersion":
    """The version with that number, or with that alias, of a model that the store has.

    Raises:
        PipelineError: There is none.
    """
    versions = {str(entry.version): entry for entry in client.search_model_versions(f"name = '{name}'")}
    numbers = ", ".join(sorted(versions, key=int)) or "none"
    aliases = client.get_registered_model(name).aliases
    if not version.isdecimal():
        if version not in aliases:
            known = ", ".join(f"{alias} ({number})" for alias, number in sorted(aliases.items())) or "none"
            raise PipelineError(
                f"no version of {name} has the alias {version!r}: it has the aliases {known}, and the versions {numbers}"
            )
        version = str(aliases[version])
    if version not in versions:
        raise PipelineError(f"{name} has no version {version}: it has {numbers}")
    return versions[version]
