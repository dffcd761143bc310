"""What a package asks NuGet for, by target framework: onnxruntime as its consumer brings it, and what the client is compiled against."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from pipeline.dotnet.runtime_versions import MANAGED_PACKAGE, RUNTIME_PACKAGE

# cpu: onnxruntime with its native library for processors. managed: its C# alone; the program brings the native library.
RuntimeChoice = Literal["cpu", "managed"]
RUNTIMES: Mapping[RuntimeChoice, str] = MappingProxyType({"cpu": RUNTIME_PACKAGE, "managed": MANAGED_PACKAGE})
_EXTENSIONS = {
    f"Microsoft.Extensions.{name}": "8.0.0"
    for name in (
        "DependencyInjection.Abstractions",
        "Diagnostics.HealthChecks",
        "Hosting.Abstractions",
        "Logging.Abstractions",
        "Options",
        "Options.ConfigurationExtensions",
    )
}
# IAsyncDisposable for netstandard2.0. net8.0 has it in itself, yet its programs need the assembly, which forwards the type, for a library
# of netstandard2.0 in between that disposes the model asynchronously: NuGet gives a program the packages of its own framework alone.
_ASYNC = {"Microsoft.Bcl.AsyncInterfaces": "8.0.0"}
# Of these, net8.0 has assemblies of the same names.
_BACKPORTS = {
    "System.Diagnostics.DiagnosticSource": "8.0.0",
    "System.Text.Json": "8.0.5",
}
# By framework, what every client needs, each in its lowest version: what is compiled against a later one would need that one.
LIBRARIES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"netstandard2.0": {**_EXTENSIONS, **_ASYNC, **_BACKPORTS}, "net8.0": {**_EXTENSIONS, **_ASYNC}}
)

# Of those, what a further package brings in a later version: named again in an earlier one, NuGet would call it a downgrade.
_BROUGHT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"Microsoft.Extensions.AI.Abstractions": ("Microsoft.Bcl.AsyncInterfaces", "System.Text.Json")}
)


@dataclass(frozen=True)
class DependencyGroup:
    """The packages of one target framework, each with its lowest version."""

    framework: str
    packages: Mapping[str, str]


def group_dependencies(
    runtime: RuntimeChoice,
    bound: str,
    further: Mapping[str, str] = MappingProxyType({}),
    libraries: Mapping[str, Mapping[str, str]] = LIBRARIES,
) -> tuple[DependencyGroup, ...]:
    """The package's dependencies; who targets anything older than net8.0 gets those of netstandard2.0.

    Args:
        runtime: `package.runtime`.
        bound: The lowest onnxruntime that the package asks for.
        further: Packages of this model's client beside those of every client, with their lowest versions.
        libraries: Those of every client, by framework.
    """
    own = {RUNTIMES[runtime]: bound, **further}
    brought = {name for package in further for name in _BROUGHT.get(package, ())}
    return tuple(
        DependencyGroup(
            framework,
            dict(sorted({**own, **{name: packages[name] for name in packages if name not in brought}}.items())),
        )
        for framework, packages in libraries.items()
    )
