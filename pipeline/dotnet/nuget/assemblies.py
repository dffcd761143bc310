"""The client as assemblies with XML documentation, for two frameworks, and for programs with ASP.NET Core."""

import contextlib
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.dotnet import sdk
from pipeline.dotnet.client.literals import literal
from pipeline.dotnet.client.plain_sources import HEADER
from pipeline.dotnet.nuget.csharp_compiler import Assembly, Compilation, CompilerRun
from pipeline.dotnet.nuget.reference_assemblies import ASPNETCORE, NET, NETSTANDARD, ReferenceAssemblies

# Folders in the package. What is outside lib/ is referenced by the package's MSBuild file, where the framework is there.
LIBRARY_FOLDER, ASPNETCORE_FOLDER = "lib", "aspnetcore"
# What `#if` may ask for, as MSBuild defines it.
SYMBOLS = {
    NETSTANDARD: (
        "NETSTANDARD",
        "NETSTANDARD2_0",
        *(f"NETSTANDARD{version}_OR_GREATER" for version in ("1_0", "1_1", "1_2", "1_3", "1_4", "1_5", "1_6", "2_0")),
    ),
    NET: (
        "NET",
        "NET8_0",
        "NETCOREAPP",
        *(f"NET{major}_0_OR_GREATER" for major in range(5, 9)),
        *(f"NETCOREAPP{version}_OR_GREATER" for version in ("1_0", "1_1", "2_0", "2_1", "2_2", "3_0", "3_1")),
    ),
}
_FRAMEWORK_NAMES = {
    NETSTANDARD: (".NETStandard,Version=v2.0", ".NET Standard 2.0"),
    NET: (".NETCoreApp,Version=v8.0", ".NET 8.0"),
}
# What lets the trimmer and the ahead-of-time compiler take an assembly apart without a warning.
_TRIMMABLE = ("IsTrimmable", "IsAotCompatible")


@dataclass(frozen=True)
class ClientSources:
    """What a client is made of.

    Attributes:
        client: Its C# by file name, plain and generated.
        aspnetcore: The C# of the part for ASP.NET Core; empty: there is none.
        resources: Contents that the assemblies of the client carry, by the name that they ask for.
        internal_namespace: The namespace of what is nobody's but the client's.
    """

    client: Mapping[str, str]
    aspnetcore: Mapping[str, str]
    resources: Mapping[str, bytes]
    internal_namespace: str


def compile_client(
    sources: ClientSources, package_id: str, version: str, references: ReferenceAssemblies
) -> dict[str, bytes]:
    """Compile the client, its frameworks side by side. The same sources and references give the same bytes.

    Args:
        sources: What it is made of.
        package_id: The name of the assembly; that for ASP.NET Core has `.AspNetCore` behind it.
        version: The package's.
        references: The compiler, and what it compiles against.

    Returns:
        Path in the package -> content, assemblies and their XML documentation.

    Raises:
        CompileError: A source does not compile.
        PipelineError: The compiler does not end.
    """
    built: dict[str, Assembly] = {}
    with tempfile.TemporaryDirectory(prefix="torch2dotnet-client-") as scratch, contextlib.ExitStack() as running:
        folder = Path(scratch)

        friend = f"{package_id}.AspNetCore" if sources.aspnetcore else ""

        def start(
            name: str, framework: str, texts: Mapping[str, str], against: tuple[Path, ...], place: str
        ) -> CompilerRun:
            attributes = {
                "AssemblyAttributes.cs": write_attributes(
                    name, version, framework, "" if place == ASPNETCORE else friend
                )
            }
            resources = {} if place == ASPNETCORE else sources.resources
            compilation = Compilation(name, {**texts, **attributes}, against, SYMBOLS[framework], resources)
            run = CompilerRun(references.dotnet, references.compiler, compilation, folder / place)
            running.callback(run.stop)
            return run

        # net8.0 first: what is for ASP.NET Core waits for it.
        net = start(package_id, NET, sources.client, references.paths[NET], NET)
        netstandard = start(package_id, NETSTANDARD, sources.client, references.paths[NETSTANDARD], NETSTANDARD)
        built[f"{LIBRARY_FOLDER}/{NET}/{package_id}"] = net.finish()
        if sources.aspnetcore:
            against = (*references.paths[ASPNETCORE], folder / NET / f"{package_id}.dll")
            aspnetcore = start(friend, NET, sources.aspnetcore, against, ASPNETCORE)
            built[f"{ASPNETCORE_FOLDER}/{NET}/{friend}"] = aspnetcore.finish()
        built[f"{LIBRARY_FOLDER}/{NETSTANDARD}/{package_id}"] = netstandard.finish()
    return {
        f"{path}.{form}": content
        for path, assembly in sorted(built.items())
        for form, content in (
            ("dll", assembly.dll),
            ("xml", drop_documentation(assembly.xml, sources.internal_namespace)),
        )
    }


def drop_documentation(xml: bytes, namespace: str) -> bytes:
    """The compiler's XML documentation without the types of a namespace: nobody who reads it can use them."""
    member = rb'\s*<member name="\w:' + re.escape(namespace).encode() + rb'\.[^"]*">.*?</member>'
    return re.sub(member, b"", xml, flags=re.DOTALL)


def write_attributes(name: str, version: str, framework: str, friend: str = "") -> str:
    """C# with what the assembly says of itself; `friend` is the assembly that may use what is internal.

    AssemblyVersion, by which programs bind, moves with the major part alone: a library that was built against 2.1.0 runs with 2.3.0.
    An assembly's numbers end at 65534, a package's do not.
    """
    numbers = [str(min(number, 65534)) for number in sdk.numbers(version.partition("+")[0])]
    moniker, display_name = _FRAMEWORK_NAMES[framework]
    attributes = [
        f"System.Runtime.Versioning.TargetFramework({literal(moniker)}, FrameworkDisplayName = {literal(display_name)})",
        f"System.Reflection.AssemblyTitle({literal(name)})",
        f"System.Reflection.AssemblyProduct({literal(name)})",
        f"System.Reflection.AssemblyVersion({literal(f'{numbers[0]}.0.0.0')})",
        f"System.Reflection.AssemblyFileVersion({literal('.'.join([*numbers, '0'][:4]))})",
        f"System.Reflection.AssemblyInformationalVersion({literal(version)})",
        *(
            f"System.Reflection.AssemblyMetadata({literal(key)}, {literal('True')})"
            for key in _TRIMMABLE
            if framework == NET
        ),
        *([f"System.Runtime.CompilerServices.InternalsVisibleTo({literal(friend)})"] if friend else []),
    ]
    return HEADER + "".join(f"[assembly: global::{attribute}]\n" for attribute in attributes)
