"""Packages of the small model in pipeline/dotnet/csharp, as assemblies and as source, in a NuGet feed; compiled once."""

import hashlib
from dataclasses import replace
from pathlib import Path

from client.sample_model import CSHARP, SAMPLE

from csharp_projects import make_identity, run
from pipeline.dotnet.client.identity import Identity
from pipeline.dotnet.nuget import nupkg
from pipeline.dotnet.nuget.dependency_groups import RuntimeChoice, group_dependencies
from pipeline.dotnet.nuget.targets import PackageTargets, describe_targets, write_targets
from pipeline.dotnet.nuget.versionless_reference import ASSEMBLY_FILE, write_versionless

MODEL = (SAMPLE / "TheModel.onnx").read_bytes()
MODEL_FILE = f"TheModel.{hashlib.sha256(MODEL).hexdigest()[:8]}.onnx"
BOUND = "1.31.1"
FRAMEWORKS = ("netstandard2.0", "net8.0")


# onnxruntime's assembly without its version in place of the real one, as packages are compiled.
VERSIONLESS = """<Project>
  <Target Name="UseVersionless" AfterTargets="FindReferenceAssembliesForReferences">
    <ItemGroup>
      <_Versioned Include="@(ReferencePathWithRefAssemblies)" Condition="'%(Filename)' == 'Microsoft.ML.OnnxRuntime'" />
      <ReferencePathWithRefAssemblies Remove="@(_Versioned)" />
      <ReferencePathWithRefAssemblies Include="$(MSBuildThisFileDirectory)$(TargetFramework)/Microsoft.ML.OnnxRuntime.dll" />
    </ItemGroup>
  </Target>
</Project>
"""


def compile_sample(sdk: str, folder: Path) -> dict[str, bytes]:
    """Path in the package -> content of the client's assemblies; the build's files lie in `folder`."""
    (folder / "versionless.targets").write_text(VERSIONLESS)
    options = [
        f"-p:ArtifactsPath={folder}",
        "-p:RunAnalyzers=false",
        f"-p:CustomAfterMicrosoftCommonTargets={folder}/versionless.targets",
    ]
    run([sdk, "restore", str(CSHARP / "aspnetcore"), *options], folder)
    packages = Path(run([sdk, "nuget", "locals", "global-packages", "--list"], folder).partition(":")[2].strip())
    for framework in FRAMEWORKS:
        (folder / framework).mkdir()
        package = packages / "microsoft.ml.onnxruntime.managed" / BOUND / "lib" / framework
        write_versionless(package / ASSEMBLY_FILE, BOUND, folder / framework)
    for project in ("aspnetcore", "client"):
        run([sdk, "build", str(CSHARP / project), "-c", "Release", "--nologo", "-v", "q", *options], folder)
    built = folder / "bin"
    return {
        **{
            f"lib/{name}/TheModel.dll": (built / f"client/release_{name}/TheModel.dll").read_bytes()
            for name in FRAMEWORKS
        },
        "aspnetcore/net8.0/TheModel.AspNetCore.dll": (
            built / "aspnetcore/release/TheModel.AspNetCore.dll"
        ).read_bytes(),
    }


def read_sources(folder: str) -> dict[str, bytes]:
    """The C# of the sample client by its path in the package, whose folders are flat."""
    generated = {"client": CSHARP / "sample", "aspnetcore": CSHARP / "sample" / "aspnetcore"}[folder]
    paths = [*(CSHARP / folder).rglob("*.cs"), *generated.glob("*.cs")]
    return {f"{folder}/{path.parent.name}.{path.name}": path.read_bytes() for path in paths}


def identify_sample(package_id: str, version: str) -> Identity:
    """Names of a package of the sample."""
    return replace(make_identity("TheModel", version, MODEL), package_id=package_id, model_file=MODEL_FILE)


def pack_sample(
    feed: Path,
    client: dict[str, bytes],
    runtime: RuntimeChoice = "cpu",
    bound: str = BOUND,
    *,
    name: str = "TheModel 1.0.0",
) -> None:
    """Put a package of the client's assemblies into `feed`; `client` is `compile_sample`'s, `name` its id and version."""
    pack_targets(feed, describe_targets(identify_sample(*name.split())), client, runtime, bound)


def pack_targets(
    feed: Path, targets: PackageTargets, client: dict[str, bytes], runtime: RuntimeChoice = "cpu", bound: str = BOUND
) -> None:
    """Put a package with these MSBuild files into `feed`."""
    metadata = nupkg.Metadata(
        targets.package_id, targets.version, "a", "MIT", "d", "t", group_dependencies(runtime, bound)
    )
    files = {path: text.encode() for path, text in write_targets(targets).items()}
    files |= {f"model/{MODEL_FILE}": MODEL, "README.md": b"# d", **client}
    nupkg.pack(metadata, files, feed / f"{targets.package_id}.{targets.version}.nupkg")
