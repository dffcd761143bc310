"""package.client=compiled: the client as assemblies with XML documentation, built deterministically by a .NET SDK."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

from pipeline.core.errors import PipelineError
from pipeline.dotnet import sdk
from pipeline.dotnet.client.identity import Identity
from pipeline.dotnet.runtime_versions import RUNTIME_PACKAGE, advise_target, describe_absence

FRAMEWORKS = ("netstandard2.0", "net8.0")

PROJECT = """<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFrameworks>{frameworks}</TargetFrameworks>
    <AssemblyName>{name}</AssemblyName>
    <Version>{version}</Version>
    <GenerateDocumentationFile>true</GenerateDocumentationFile>
    <Deterministic>true</Deterministic>
    <PathMap>$(MSBuildProjectDirectory)=/_</PathMap>
    <DebugType>none</DebugType>
    <IncludeSourceRevisionInInformationalVersion>false</IncludeSourceRevisionInInformationalVersion>
    <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
    <NoWarn>NU1603</NoWarn>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="{runtime_package}" Version="[{onnxruntime}]" />
    <PackageReference Include="Microsoft.Extensions.Diagnostics.HealthChecks" Version="8.0.0" />{libraries}
  </ItemGroup>
</Project>
"""


def build(sources: Mapping[str, str], identity: Identity, libraries: Mapping[str, str]) -> dict[str, bytes]:
    """Compile the client.

    Args:
        sources: File name -> C#, as `generate` writes them.
        identity: Names and versions of the package.
        libraries: NuGet packages that the client needs beside onnxruntime, with their versions.

    Returns:
        Path in the package -> content: `lib/<framework>/<Id>.dll` and `.xml` for every framework.

    Raises:
        PipelineError: There is no .NET SDK, no source has the onnxruntime that the package asks for, or the client does not compile.
    """
    dotnet = sdk.require("package.client=compiled").dotnet
    with tempfile.TemporaryDirectory(prefix="torch2dotnet-client-") as scratch:
        folder = Path(scratch)
        (folder / f"{identity.package_id}.csproj").write_text(
            PROJECT.format(
                frameworks=";".join(FRAMEWORKS),
                name=escape(identity.package_id),
                version=escape(identity.version),
                runtime_package=RUNTIME_PACKAGE,
                onnxruntime=escape(identity.bound_onnxruntime),
                libraries="".join(
                    f'\n    <PackageReference Include="{name}" Version="{version}" />'
                    for name, version in libraries.items()
                ),
            )
        )
        for name, text in sources.items():
            (folder / name).write_text(text)
        try:
            sdk.run(dotnet, "build", "--configuration", "Release", "--nologo", "-v", "quiet", folder=folder)
        except sdk.MissingPackageError as error:
            if error.package != RUNTIME_PACKAGE:
                raise
            raise PipelineError(
                f"package.client=compiled compiles against {describe_absence(identity.bound_onnxruntime, error.nearest)}: add a source "
                f"that has it{advise_target(error.nearest)}, or set package.client=source"
            ) from None
        return {
            f"lib/{framework}/{identity.package_id}.{extension}": (
                folder / "bin" / "Release" / framework / f"{identity.package_id}.{extension}"
            ).read_bytes()
            for framework in FRAMEWORKS
            for extension in ("dll", "xml")
        }
