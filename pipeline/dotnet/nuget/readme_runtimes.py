"""The section of the package's README on onnxruntime's native library: which one a program gets, how it takes another, what MSBuild warns of."""

from collections.abc import Mapping
from types import MappingProxyType

from pipeline.dotnet.client.identity import Identity
from pipeline.dotnet.nuget.dependency_groups import RUNTIMES, RuntimeChoice
from pipeline.dotnet.runtime_versions import MANAGED_PACKAGE, RUNTIME_PACKAGE

# What MSBuild may say in a program or a test project that has the package, in a few words; docs/dotnet/onnxruntime.md has the table.
WARNINGS: Mapping[str, str] = MappingProxyType(
    {
        "T2D0001": "no package brings a native library: add one. A file that the program gets in a way that MSBuild does not see is none: "
        "suppress it",
        "T2D0002": "two packages bring one, and only one of the files is copied: exclude the other's",
        "T2D0003": f"the native library is older than {MANAGED_PACKAGE}: raise its version",
        "T2D0004": "`RuntimeIdentifier` is for musl (Alpine), where no native library of onnxruntime's packages loads: take an image with glibc",
        "T2D0005": "the packages have no native library for this `RuntimeIdentifier`",
        "T2D0006": "(error) the package has the client as source, which needs C# 12: set `LangVersion`",
    }
)


def describe_runtimes(identity: Identity, runtime: RuntimeChoice) -> list[str]:
    """Lines of Markdown: the sections on runtimes and on warnings.

    Args:
        identity: Names and versions of the package.
        runtime: What the package depends on, `package.runtime`.
    """
    bound = identity.bound_onnxruntime
    release = ".".join(bound.split(".")[:2]) + ".0"
    refused = write_reference(RUNTIME_PACKAGE, bound, 'ExcludeAssets="all"')
    gpu = write_reference(f"{RUNTIME_PACKAGE}.Gpu.Linux", release)
    if runtime == "cpu":
        native = "whose native library runs on processors (Windows, Linux with glibc, macOS)"
        lines_for_gpu = [gpu, refused]
        why = (
            "The second line keeps the processor's native library out, which would be copied to the same place. Under central package management "
            "it has no `Version`; that stands in `Directory.Packages.props`."
        )
        lower = [write_reference(RUNTIME_PACKAGE, "X.Y.Z", 'NoWarn="NU1605"')]
    else:
        native = "which has no native library: the program brings it, that for processors for example"
        lines_for_gpu = [gpu]
        why = f"For processors it is {RUNTIME_PACKAGE} instead."
        lower = [
            write_reference(RUNTIME_PACKAGE, "X.Y.Z"),
            write_reference(MANAGED_PACKAGE, "X.Y.Z", 'NoWarn="NU1605"'),
        ]
    return [
        "## Runtimes",
        "",
        f"The package depends on {RUNTIMES[runtime]} {bound} or later, {native}. For an NVIDIA GPU on Linux, the program's project has",
        "",
        *_block(lines_for_gpu),
        "",
        f'and asks for it: `new {identity.class_name}Options {{ Provider = "CUDA, CPU" }}`. {why}',
        f"On Windows it is `{RUNTIME_PACKAGE}.Gpu.Windows`, or `{RUNTIME_PACKAGE}.DirectML` where it has a version that is not older. Windows ML",
        "(`Microsoft.WindowsAppSDK.ML`) brings a native library of its own. A build of your own is copied beside the program:",
        "",
        *_block(['<None Include="libonnxruntime.so" CopyToOutputDirectory="PreserveNewest" />']),
        "",
        "What was proven is the processor's answer: `SelfTest()` says how others compare. An onnxruntime older than that was not proven here;",
        "who must have it writes",
        "",
        *_block(lower),
        "",
        "## Warnings",
        "",
        'In programs and test projects MSBuild looks at what NuGet has resolved. `NoWarn="T2D0001"` suppresses one of these, '
        "`<Torch2DotNetChecks>false</Torch2DotNetChecks>` all.",
        "",
        *(f"- `{code}`: {meaning}." for code, meaning in WARNINGS.items()),
        "",
    ]


def write_reference(package: str, version: str, further: str = "") -> str:
    """An item of a project file."""
    return f'<PackageReference Include="{package}" Version="{version}" {further + " " if further else ""}/>'


def _block(lines: list[str]) -> list[str]:
    return ["```xml", *lines, "```"]
