"""What a client is compiled against, as MSBuild resolves it for packages in exact versions: reference assemblies by framework."""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from pipeline.core.files import write_json
from pipeline.core.paths import RESTORED_PACKAGES
from pipeline.dotnet import sdk
from pipeline.dotnet.nuget.versionless_reference import ASSEMBLY_FILE, write_versionless
from pipeline.dotnet.runtime_versions import MANAGED_PACKAGE
from pipeline.dotnet.sdk import Sdk

NETSTANDARD, NET = "netstandard2.0", "net8.0"
FRAMEWORKS = (NETSTANDARD, NET)
# .NET with the framework of ASP.NET Core.
ASPNETCORE = "aspnetcore"
# Of this project, so that removing build/ forgets it.
RESOLVED = RESTORED_PACKAGES / ".references"
NOTE = "references.json"

# It is no build: one evaluation for each list, on one restore. What lies in folders above has no say in it.
PROJECT = """<Project>
  <PropertyGroup>
    <ImportDirectoryBuildProps>false</ImportDirectoryBuildProps>
    <ImportDirectoryBuildTargets>false</ImportDirectoryBuildTargets>
    <ImportDirectoryPackagesProps>false</ImportDirectoryPackagesProps>
  </PropertyGroup>
  <Import Project="Sdk.props" Sdk="Microsoft.NET.Sdk" />
  <PropertyGroup>
    <TargetFrameworks>{frameworks}</TargetFrameworks>
    <!-- A feed that lacks the exact version of a dependency of a dependency gives the next one. -->
    <NoWarn>NU1603</NoWarn>
  </PropertyGroup>
  <ItemGroup>
    <FrameworkReference Include="Microsoft.AspNetCore.App" Condition="'$(TargetFramework)' == '{net}' and '$(WithoutAspNetCore)' == ''" />{packages}
  </ItemGroup>
  <Import Project="Sdk.targets" Sdk="Microsoft.NET.Sdk" />
  <Target Name="ListReferences" DependsOnTargets="FindReferenceAssembliesForReferences">
    <WriteLinesToFile File="$(ListTo)" Lines="@(ReferencePathWithRefAssemblies)" Overwrite="true" />
  </Target>
  <Target Name="ListAll">
    <MSBuild Projects="$(MSBuildProjectFullPath)" Targets="ListReferences" Properties="TargetFramework={netstandard};ListTo={netstandard}" />
    <MSBuild Projects="$(MSBuildProjectFullPath)" Targets="ListReferences" Properties="TargetFramework={net};ListTo={net};WithoutAspNetCore=true" />
    <MSBuild Projects="$(MSBuildProjectFullPath)" Targets="ListReferences" Properties="TargetFramework={net};ListTo={aspnetcore}" />
    <WriteLinesToFile File="compiler" Lines="$(RoslynTargetsPath)" Overwrite="true" />
  </Target>
</Project>
"""


@dataclass(frozen=True)
class ReferenceAssemblies:
    """The C# compiler of an SDK, and what it compiles against: paths by "netstandard2.0", "net8.0" and "aspnetcore"."""

    dotnet: Path
    compiler: Path
    paths: Mapping[str, tuple[Path, ...]]

    @property
    def complete(self) -> bool:
        """Whether every file is there."""
        return self.compiler.is_file() and all(path.is_file() for paths in self.paths.values() for path in paths)


def resolve(found: Sdk, packages: Mapping[str, Mapping[str, str]]) -> ReferenceAssemblies:
    """Restore packages into the user's NuGet folder, once for each list of them and version of the SDK.

    Args:
        found: The SDK whose compiler it is.
        packages: By framework: the packages, onnxruntime's C# among them, each with the one version to compile against.

    Raises:
        MissingPackageError: No NuGet source has a package in its version.
        PipelineError: They cannot be restored for another reason, or onnxruntime's C# is not what it was.
    """
    project = write_project(packages)
    key = hashlib.sha256(f"{found.version}\n{project}".encode()).hexdigest()
    folder = (RESOLVED / key[:16]).resolve()
    references = _read(found.dotnet, folder)
    if references is None or not references.complete:
        lists = _restore(found.dotnet, project)
        for name in (*FRAMEWORKS, ASPNETCORE):
            version = packages[NET if name == ASPNETCORE else name][MANAGED_PACKAGE]
            lists[name] = [_without_version(path, version, folder / name) for path in lists[name]]
        write_json(folder / NOTE, lists)
        references = _read(found.dotnet, folder)
        assert references is not None  # noqa: S101 - it was just written
    return references


def write_project(packages: Mapping[str, Mapping[str, str]]) -> str:
    """Text of the project that is restored."""
    items = "".join(
        f'\n    <PackageReference Include={quoteattr(name)} Version="[{version}]" '
        f"Condition=\"'$(TargetFramework)' == '{framework}'\" />"
        for framework in FRAMEWORKS
        for name, version in sorted(packages[framework].items())
    )
    return PROJECT.format(
        frameworks=";".join(FRAMEWORKS), netstandard=NETSTANDARD, net=NET, aspnetcore=ASPNETCORE, packages=items
    )


def _restore(dotnet: Path, project: str) -> dict[str, list[str]]:
    """Lines by the name of the list: the compiler's file, and the references for each framework."""
    with tempfile.TemporaryDirectory(prefix="torch2dotnet-references-") as scratch:
        folder = Path(scratch)
        (folder / "references.proj").write_text(project, encoding="utf-8")
        command = ["msbuild", "references.proj", "-restore", "-target:ListAll", "-nologo", "-verbosity:quiet"]
        sdk.run(dotnet, *command, folder=folder)
        lists = {
            name: (folder / name).read_text(encoding="utf-8-sig").splitlines() for name in (*FRAMEWORKS, ASPNETCORE)
        }
        (roslyn,) = (folder / "compiler").read_text(encoding="utf-8-sig").splitlines()
    return {"compiler": [str(Path(roslyn) / "bincore" / "csc.dll")], **lists}


def _without_version(path: str, version: str, folder: Path) -> str:
    """The path of a reference; of onnxruntime's the path of a copy in `folder`, so that a program may go below the bound."""
    folder.mkdir(parents=True, exist_ok=True)
    return str(write_versionless(Path(path), version, folder)) if Path(path).name == ASSEMBLY_FILE else path


def _read(dotnet: Path, folder: Path) -> ReferenceAssemblies | None:
    """What was resolved before; None where nothing was, or the file is not whole."""
    try:
        lists = json.loads((folder / NOTE).read_text(encoding="utf-8"))
        paths = {name: tuple(Path(path) for path in lists[name]) for name in (*FRAMEWORKS, ASPNETCORE)}
        return ReferenceAssemblies(dotnet, Path(lists["compiler"][0]), paths)
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return None
