"""The section of the package's README on onnxruntime's native library: which one a program gets, how it takes another, what MSBuild warns of."""

from collections.abc import Mapping
from types import MappingProxyType

from pipeline.dotnet.client.identity import Identity
from pipeline.dotnet.nuget.client_form import Form
from pipeline.dotnet.nuget.dependency_groups import RuntimeChoice
from pipeline.dotnet.runtime_versions import MANAGED_PACKAGE, RUNTIME_PACKAGE

# What MSBuild may say in a program or a test project that has the package, in a few words; docs/dotnet/onnxruntime.md has the table.
WARNINGS: Mapping[str, str] = MappingProxyType(
    {
        "T2D0001": "no package brings a native library: add one. One that MSBuild does not see, since a script or the system brings it, is a "
        "reason to suppress this",
        "T2D0002": "two packages bring one, and only one of the files is copied: exclude the other's",
        "T2D0003": f"the native library is older than {MANAGED_PACKAGE}: raise its version",
        "T2D0004": "`RuntimeIdentifier` is for musl (Alpine), where no native library of onnxruntime's packages loads: take an image with glibc",
        "T2D0005": "the packages have no native library for this `RuntimeIdentifier`",
        "T2D0006": "(error) the package has the client as source, which needs C# 12: set `LangVersion`",
    }
)
OF_SOURCE = ("T2D0006",)


def describe_runtimes(identity: Identity, runtime: RuntimeChoice, form: Form = "assembly") -> list[str]:
    """Lines of Markdown: the sections on runtimes and on warnings.

    Args:
        identity: Names and versions of the package.
        runtime: What the package depends on, `package.runtime`.
        form: How the client comes.
    """
    bound = identity.bound_onnxruntime
    gpu = write_reference(f"{RUNTIME_PACKAGE}.Gpu.Linux", f"{'.'.join(bound.split('.')[:2])}.0")
    if runtime == "cpu":
        intro = [
            f"The package brings {RUNTIME_PACKAGE} {bound} or later, which runs on processors (Windows, Linux with glibc, macOS). For an NVIDIA",
            "GPU on Linux, write in the program's project",
            "",
            *_block([gpu, write_reference(RUNTIME_PACKAGE, bound, 'ExcludeAssets="all"')]),
            "",
            "The second line leaves out the processor's native library, which would take the same place; under central package management it",
            "has no `Version`.",
        ]
        lower = [write_reference(RUNTIME_PACKAGE, "X.Y.Z", 'NoWarn="NU1605"')]
    else:
        intro = [
            f"The package brings {MANAGED_PACKAGE} {bound} or later, which has no native library: the program chooses one. For processors",
            "(Windows, Linux with glibc, macOS), or for an NVIDIA GPU on Linux, write in the program's project one of",
            "",
            *_block([write_reference(RUNTIME_PACKAGE, bound), gpu]),
        ]
        lower = [
            write_reference(RUNTIME_PACKAGE, "X.Y.Z"),
            write_reference(MANAGED_PACKAGE, "X.Y.Z", 'NoWarn="NU1605"'),
        ]
    comparison = "; `SelfTest()` says how another one's compares on your machine" if identity.golden != "none" else ""
    return [
        "## Runtimes",
        "",
        *intro,
        f'`new {identity.class_name}Options {{ Provider = "CUDA, CPU" }}` asks for the GPU, and takes the processor where there is none.',
        "",
        f"- On Windows: `{RUNTIME_PACKAGE}.Gpu.Windows`, or `{RUNTIME_PACKAGE}.DirectML` where it has a version that is not older. Windows ML",
        "  (`Microsoft.WindowsAppSDK.ML`) brings a native library of its own. Untried here.",
        '- A build of your own: `<None Include="libonnxruntime.so" CopyToOutputDirectory="PreserveNewest" />`.',
        f"- What was proven is the processor's answer{comparison}.",
        f"- An onnxruntime older than {bound} is below what this package asks for. At your own risk:",
        "",
        *_block(lower),
        "",
        "### Warnings",
        "",
        "MSBuild checks in programs and test projects what NuGet has resolved. `<NoWarn>$(NoWarn);T2D0001</NoWarn>` suppresses one code,",
        "`<Torch2DotNetChecks>false</Torch2DotNetChecks>` all of them.",
        "",
        *(f"- `{code}`: {meaning}." for code, meaning in WARNINGS.items() if form == "source" or code not in OF_SOURCE),
        "",
    ]


def write_reference(package: str, version: str, further: str = "") -> str:
    """An item of a project file."""
    return f'<PackageReference Include="{package}" Version="{version}" {further + " " if further else ""}/>'


def _block(lines: list[str]) -> list[str]:
    return ["```xml", *lines, "```"]
