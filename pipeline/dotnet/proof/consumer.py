"""A throw-away .NET program that sees only the package, and replays every golden row through every way in."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from pipeline.core.contract import Contract
from pipeline.core.errors import PipelineError
from pipeline.core.paths import PACKAGE, RESTORED_PACKAGES
from pipeline.dotnet import sdk
from pipeline.dotnet.nuget import golden_files
from pipeline.dotnet.nuget.manifest import Manifest
from pipeline.dotnet.proof import replay_program
from pipeline.dotnet.runtime_versions import MANAGED_PACKAGE, RUNTIME_PACKAGE
from pipeline.dotnet.sdk import Sdk

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
    {references}
  </ItemGroup>
</Project>
"""


class Versions(NamedTuple):
    """What the program ran on, as it says itself: .NET, and onnxruntime's native library."""

    dotnet: str
    onnxruntime: str


def project(framework: str, source: Path, restored: Path, *references: str) -> str:
    """The consumer's .csproj.

    Args:
        framework: Its target framework.
        source: The folder with the package.
        restored: Where restored packages lie.
        references: What it asks for, as `reference` writes it.
    """
    return PROJECT.format(
        framework=framework,
        source=escape(str(source)),
        restored=escape(str(restored)),
        references="\n    ".join(references),
    )


def reference(package: str, version: str) -> str:
    """An item of the .csproj: a package in a version as NuGet writes it, "[1.31.1]" for exactly that one, "*" for the newest.

    NU1605: a consumer may go below what another package asks for, knowingly.
    """
    return f'<PackageReference Include="{escape(package)}" Version="{escape(version)}" NoWarn="NU1605" />'


@dataclass(frozen=True)
class Consumer:
    """A program that uses the package in build/package, in a folder of its own that `build` makes."""

    found: Sdk
    contract: Contract
    manifest: Manifest
    folder: Path

    @property
    def answers(self) -> Path:
        """The folder that the program writes its answers to."""
        return self.folder / "answers"

    def build(self, runtime: str | None = None) -> str:
        """Restore the package and build the program.

        Args:
            runtime: The version of onnxruntime that the program asks for itself, as NuGet writes it. None: it takes what the package
                asks for, as a plain consumer does.

        Returns:
            The version of onnxruntime that NuGet gave it.

        Raises:
            MissingPackageError: No NuGet source has a package that it needs.
            PipelineError: It does not restore or build.
        """
        self.folder.mkdir()
        framework = sdk.target_framework(self.found.version)
        references = [reference(self.manifest.id, f"[{self.manifest.version}]"), *self._list_runtime(runtime)]
        (self.folder / "verify.csproj").write_text(
            project(framework, PACKAGE.resolve(), RESTORED_PACKAGES.resolve(), *references)
        )
        program = replay_program.replay(self.contract, self.manifest.namespace, self.manifest.class_name)
        (self.folder / "Program.cs").write_text(program)
        command = ["build", "--configuration", "Release", "--output", "out", "--nologo", "-v", "quiet"]
        sdk.run(self.found.dotnet, *command, folder=self.folder)
        libraries = json.loads((self.folder / "obj" / "project.assets.json").read_text())["libraries"]
        (restored,) = (name for name in libraries if name.startswith(f"{RUNTIME_PACKAGE}/"))
        return str(restored.partition("/")[2])

    def _list_runtime(self, version: str | None) -> list[str]:
        """The program's own references to onnxruntime, in this version, as NuGet writes it.

        Of a package that leaves the native library to the program, it takes that for processors, and its C# in the same version.
        """
        if self.manifest.runtime == "cpu":
            return [] if version is None else [reference(RUNTIME_PACKAGE, version)]
        native = reference(RUNTIME_PACKAGE, version or self.manifest.onnxruntime.bound)
        return [native] if version is None else [native, reference(MANAGED_PACKAGE, version)]

    def replay(self, threads: int, golden: Path, test_split: Path) -> Versions:
        """Run the program that was built: it answers the golden calls in `golden`, and then the test split, whose inputs are in `test_split`.

        The package itself may have few golden calls, or none.

        Raises:
            PipelineError: It does not run, or not to its end.
        """
        self.answers.mkdir()
        limit = LIMIT + LIMIT_A_ROW * golden_files.count_rows(test_split)
        command = ["out/verify.dll", str(golden), str(self.answers), str(threads), str(test_split)]
        sdk.run(self.found.dotnet, *command, folder=self.folder, timeout=limit)
        try:
            ran = json.loads((self.answers / "runtime.json").read_text())
            return Versions(ran["runtime"], ran["onnxruntime"])
        except (OSError, ValueError):
            raise PipelineError("the program that verifies ended without saying what it ran on: run it again") from None


def restored_package(manifest: Manifest) -> Path:
    """The folder that NuGet unpacks the package to."""
    return RESTORED_PACKAGES.resolve() / manifest.id.lower() / manifest.version.lower()
