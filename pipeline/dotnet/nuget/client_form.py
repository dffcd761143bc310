"""package.client: whether the client comes as assemblies or as source, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pipeline.core.errors import PipelineError
from pipeline.dotnet import sdk
from pipeline.dotnet.nuget import reference_assemblies
from pipeline.dotnet.nuget.dependency_groups import group_dependencies
from pipeline.dotnet.nuget.reference_assemblies import ReferenceAssemblies
from pipeline.dotnet.runtime_versions import MANAGED_PACKAGE, advise_target, describe_absence

Form = Literal["assembly", "source"]
Wish = Literal["auto", "assembly", "source"]
NAMES: Mapping[Form, str] = {"assembly": "assemblies", "source": "source"}
SETTING = "package.client=assembly"


@dataclass(frozen=True)
class ClientForm:
    """The form that was taken.

    Attributes:
        name: "assembly" or "source".
        references: What the assemblies are compiled against; None for source.
        reason: Why it is source although nobody asked for it, as a part of a sentence; empty where it is as was asked.
    """

    name: Form
    references: ReferenceAssemblies | None = None
    reason: str = ""

    def __str__(self) -> str:
        return NAMES[self.name] + (f" ({self.reason})" if self.reason else "")


def list_compiled_against(bound_onnxruntime: str, further: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
    """By framework: the packages that the assemblies are compiled against, in the lowest versions that the package asks for.

    Of onnxruntime it is the C# alone: which native library comes with it is the consumer's choice.

    Args:
        bound_onnxruntime: The lowest onnxruntime.
        further: Packages of this model's client beside those of every client, and their versions.
    """
    return {group.framework: group.packages for group in group_dependencies("managed", bound_onnxruntime, further)}


def choose_form(wish: Wish, packages: Mapping[str, Mapping[str, str]]) -> ClientForm:
    """The form that this machine can make, by package.client.

    Args:
        wish: auto: assemblies where there is an SDK that can restore what they are compiled against, else source.
        packages: By framework: the packages that they are compiled against, and their versions.

    Raises:
        PipelineError: package.client=assembly, and there is no SDK, or no NuGet source has a package.
    """
    if wish == "source":
        return ClientForm("source")
    try:
        return ClientForm("assembly", _find_references(packages))
    except _NoAssembliesError as error:
        if wish == "assembly":
            raise PipelineError(f"{SETTING} {error.sentence}, or set package.client=source") from None
        return ClientForm("source", reason=error.clause)


class _NoAssembliesError(Exception):
    """Why there can be none: a sentence that begins with the setting, and a clause for the stage's line."""

    def __init__(self, sentence: str, clause: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.clause = clause


def _find_references(packages: Mapping[str, Mapping[str, str]]) -> ReferenceAssemblies:
    dotnet = sdk.find()
    newest = sdk.version(dotnet)
    oldest = f"{sdk.OLDEST[0]}.{sdk.OLDEST[1]}"
    if dotnet is None or newest is None:
        raise _NoAssembliesError(
            f"needs a .NET SDK, {oldest} or later: none was found on PATH, in DOTNET_ROOT or in ~/.dotnet; install one",
            "there is no .NET SDK",
        )
    if sdk.numbers(newest) < sdk.OLDEST:
        raise _NoAssembliesError(
            f"needs a .NET SDK, {oldest} or later, got {newest} ({dotnet}): install a newer one",
            f"the .NET SDK {newest} is older than {oldest}",
        )
    try:
        return reference_assemblies.resolve(sdk.Sdk(dotnet, newest), packages)
    except sdk.MissingPackageError as error:
        version = packages[reference_assemblies.NET].get(error.package)
        clause = f"no NuGet source has {error.package}{f' {version}' if version else ''}"
        if error.package == MANAGED_PACKAGE and version:
            raise _NoAssembliesError(
                f"compiles against {describe_absence(version, error.nearest)}: add a source that has it{advise_target(error.nearest)}",
                clause,
            ) from None
        raise _NoAssembliesError(f"compiles against packages of NuGet: {error}", clause) from None
    except PipelineError as error:
        raise _NoAssembliesError(f"compiles against packages of NuGet: {error}", f"NuGet fails: {error}") from None
