"""The package's MSBuild files: they copy the model to the output folder, bring the client, and check which native library a program gets."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.dotnet import templates
from pipeline.dotnet.client.identity import Identity
from pipeline.dotnet.templates import render

# Folders in the package.
CLIENT_FOLDER = "client"
ASPNETCORE_FOLDER = "aspnetcore"
MODEL_FOLDER = "model"
# NuGet imports this one into projects that reference the package directly or indirectly, and reads no other beside it;
TARGETS_FOLDER = "buildTransitive"
# a project with packages.config reads this one alone.
DIRECT_TARGETS_FOLDER = "build"
CHECKS = "Torch2DotNet.RuntimeChecks.targets"


@dataclass(frozen=True)
class PackageTargets:
    """What the MSBuild files of one package say.

    Attributes:
        package_id: The package's name.
        version: Its version.
        class_name: The client's class, with which names of targets and properties begin.
        copied: Files of `model/` that travel beside the program.
        sources: Files of `client/` that the project compiles; empty where the client is in assemblies.
        aspnetcore: Files of `aspnetcore/` that a project with ASP.NET Core compiles beside them.
        golden: Files of `golden/` that become resources beside them.
    """

    package_id: str
    version: str
    class_name: str
    copied: tuple[str, ...]
    sources: tuple[str, ...] = ()
    aspnetcore: tuple[str, ...] = ()
    golden: tuple[str, ...] = ()


def describe_targets(
    identity: Identity,
    sources: tuple[str, ...] = (),
    aspnetcore: tuple[str, ...] = (),
    golden: tuple[str, ...] = (),
) -> PackageTargets:
    """The values for a package of this identity; with `sources` the client is compiled by who references it, else it is in assemblies."""
    copied = tuple(file for file in (identity.model_file, identity.vocabulary_file) if file)
    return PackageTargets(
        identity.package_id, identity.version, identity.class_name, copied, sources, aspnetcore, golden
    )


def write_targets(package: PackageTargets) -> dict[str, str]:
    """Path in the package -> text of each MSBuild file."""
    file = f"{package.package_id}.targets"
    return {
        f"{DIRECT_TARGETS_FOLDER}/{file}": render(
            "DirectPackage.targets", {}, package=package, Class=package.class_name, checks_file=CHECKS
        ),
        f"{TARGETS_FOLDER}/{file}": render(
            "Package.targets", {}, package=package, Class=package.class_name, checks_file=CHECKS
        ),
        f"{TARGETS_FOLDER}/{CHECKS}": (Path(templates.__file__).parent / "RuntimeChecks.targets").read_text("utf-8"),
    }
