"""What a package asks NuGet for: onnxruntime as its consumer brings it, and the packages that the client is compiled against."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from pipeline.dotnet.runtime_versions import MANAGED_PACKAGE, RUNTIME_PACKAGE

# cpu: onnxruntime with its native library for processors. managed: its C# alone; the program brings the native library.
RuntimeChoice = Literal["cpu", "managed"]
RUNTIMES: Mapping[RuntimeChoice, str] = MappingProxyType({"cpu": RUNTIME_PACKAGE, "managed": MANAGED_PACKAGE})
# The lowest versions: an assembly that is compiled against a later one would need that one.
EXTENSIONS: Mapping[str, str] = MappingProxyType(
    {
        "Microsoft.Extensions.DependencyInjection.Abstractions": "8.0.0",
        "Microsoft.Extensions.Diagnostics.HealthChecks": "8.0.0",
        "Microsoft.Extensions.Hosting.Abstractions": "8.0.0",
        "Microsoft.Extensions.Logging.Abstractions": "8.0.0",
        "Microsoft.Extensions.Options": "8.0.0",
        "Microsoft.Extensions.Options.ConfigurationExtensions": "8.0.0",
    }
)
# Types that are part of .NET itself from net8.0 on.
NETSTANDARD: Mapping[str, str] = MappingProxyType(
    {
        "Microsoft.Bcl.AsyncInterfaces": "8.0.0",
        "System.Diagnostics.DiagnosticSource": "8.0.0",
        "System.Text.Json": "8.0.5",
    }
)


@dataclass(frozen=True)
class DependencyGroup:
    """The packages of one target framework, each with its lowest version."""

    framework: str
    packages: Mapping[str, str]


def list_dependencies(
    runtime: RuntimeChoice, bound: str, further: Mapping[str, str] = MappingProxyType({})
) -> tuple[DependencyGroup, ...]:
    """The package's dependencies by target framework: netstandard2.0, for whatever is older than net8.0, and net8.0.

    Args:
        runtime: `package.runtime`.
        bound: The lowest onnxruntime that the package asks for.
        further: Packages of this model's client beside those of every client, with their lowest versions.
    """
    every = {RUNTIMES[runtime]: bound, **EXTENSIONS, **further}
    return (
        DependencyGroup(".NETStandard2.0", dict(sorted({**every, **NETSTANDARD}.items()))),
        DependencyGroup("net8.0", dict(sorted(every.items()))),
    )
