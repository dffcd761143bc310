"""A throw-away .NET program that sees only the package, and replays every golden row through every way in."""

import json
import shutil
from pathlib import Path
from xml.sax.saxutils import escape

from pipeline.core.contract import Contract
from pipeline.core.errors import PipelineError
from pipeline.core.paths import PACKAGE, RESTORED_PACKAGES
from pipeline.dotnet import sdk
from pipeline.dotnet.nuget import golden_files
from pipeline.dotnet.nuget.manifest import Manifest
from pipeline.dotnet.proof import replay_program
from pipeline.dotnet.sdk import Sdk

# In the consumer's folder: what its program answers, and the inputs of the test split that `verify` has put there.
ANSWERS, TEST_SPLIT = "answers", "test-split"
# Seconds in which the program must have ended: for the golden calls, and for each row of the test split.
LIMIT, LIMIT_A_ROW = 600.0, 1.0

PROJECT = """<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>{framework}</TargetFramework>
    <LangVersion>latest</LangVersion>
    <Nullable>enable</Nullable>
    <ImplicitUsings>disable</ImplicitUsings>
    <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
    <!-- A feed that lacks the exact version of a dependency of a dependency gives the next one. -->
    <NoWarn>NU1603</NoWarn>
    <RestoreAdditionalProjectSources>{source}</RestoreAdditionalProjectSources>
    <RestorePackagesPath>{restored}</RestorePackagesPath>
    <AssemblyName>verify</AssemblyName>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="{id}" Version="[{version}]" />
  </ItemGroup>
</Project>
"""


def project(framework: str, source: Path, restored: Path, package_id: str, version: str) -> str:
    """The consumer's .csproj: one package reference, to exactly this version."""
    return PROJECT.format(
        framework=framework,
        source=escape(str(source)),
        restored=escape(str(restored)),
        id=escape(package_id),
        version=escape(version),
    )


def replay(found: Sdk, contract: Contract, manifest: Manifest, folder: Path, threads: int) -> dict[str, str]:
    """Build the consumer of the package in build/package in `folder` and run it; its answers go to `folder`/answers.

    The inputs of the test split are in `folder`/test-split.

    Returns:
        `runtime` and `onnxruntime`: the versions that ran.

    Raises:
        PipelineError: The consumer does not restore, build or run.
    """
    restored = RESTORED_PACKAGES.resolve()
    mine = restored / manifest.id.lower() / manifest.version.lower()
    # NuGet never looks twice at one version.
    shutil.rmtree(mine, ignore_errors=True)
    answers = folder / ANSWERS
    answers.mkdir()
    framework = sdk.target_framework(found.version)
    (folder / "verify.csproj").write_text(
        project(framework, PACKAGE.resolve(), restored, manifest.id, manifest.version)
    )
    (folder / "Program.cs").write_text(replay_program.replay(contract, manifest.namespace, manifest.class_name))
    sdk.run(
        found.dotnet, "build", "--configuration", "Release", "--output", "out", "--nologo", "-v", "quiet", folder=folder
    )
    limit = LIMIT + LIMIT_A_ROW * golden_files.count_rows(folder / TEST_SPLIT)
    command = ["out/verify.dll", str(mine / "golden"), ANSWERS, str(threads), TEST_SPLIT]
    sdk.run(found.dotnet, *command, folder=folder, timeout=limit)
    try:
        ran: dict[str, str] = json.loads((answers / "runtime.json").read_text())
    except (OSError, ValueError):
        raise PipelineError("the program that verifies ended without saying what it ran on: run it again") from None
    return ran
