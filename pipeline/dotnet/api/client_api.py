"""The public API of a client in all its assemblies: a line a member, sorted, with a mark where not every consumer has it."""

import re
from collections.abc import Collection, Mapping, Set

from pipeline.core.errors import PipelineError
from pipeline.dotnet.api.assembly_api import list_assembly_api
from pipeline.dotnet.api.source_api import list_source_api

# What `#if` knows of, by framework; the plain and generated sources ask for nothing else.
SYMBOLS: Mapping[str, Set[str]] = {
    "netstandard2.0": {"NETSTANDARD", "NETSTANDARD2_0", "NETSTANDARD2_0_OR_GREATER"},
    "net8.0": {"NET", "NET8_0", *(f"NET{major}_0_OR_GREATER" for major in range(5, 9))},
}
_ASPNETCORE = "ASP.NET Core"
_ASSEMBLY = re.compile(r"(?P<folder>lib|aspnetcore)/(?P<framework>[^/]+)/[^/]+\.dll")


def list_api_of_sources(client: Collection[str], aspnetcore: Collection[str] = ()) -> tuple[str, ...]:
    """The API of the assemblies that these C# texts become; `aspnetcore` is the part for ASP.NET Core."""
    frameworks = {framework: list_source_api(client, symbols) for framework, symbols in SYMBOLS.items()}
    whole = list_source_api([*client, *aspnetcore], SYMBOLS["net8.0"])
    return _join(frameworks, whole - frameworks["net8.0"])


def list_api_of_assemblies(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """The API of a package's assemblies.

    Args:
        files: Path in the package -> content; what is no assembly of the client is passed over. Empty where there is none.

    Raises:
        PipelineError: An assembly is none.
    """
    frameworks: dict[str, set[str]] = {}
    aspnetcore: set[str] = set()
    for path, content in files.items():
        match = _ASSEMBLY.fullmatch(path)
        if match and match["folder"] == "lib":
            frameworks[match["framework"]] = list_assembly_api(content)
        elif match:
            aspnetcore |= list_assembly_api(content)
    return _join(frameworks, aspnetcore)


def check_api(told: Collection[str], files: Mapping[str, bytes]) -> None:
    """Raise PipelineError where assemblies have another public API than their sources told, by which the version was chosen."""
    compiled = list_api_of_assemblies(files)
    if compiled and set(compiled) != set(told):
        first = min(set(compiled) ^ set(told))
        where, other = ("its assemblies", "its sources") if first in compiled else ("its sources", "its assemblies")
        raise PipelineError(
            f"the client's public API: expected the same in its sources and its assemblies, got `{first}` in {where} alone, not in {other}: "
            "this is an error of torch2dotnet, please report it; package.client=source packs without assemblies"
        )


def _join(frameworks: Mapping[str, Set[str]], aspnetcore: Set[str]) -> tuple[str, ...]:
    """The union; a member that some frameworks have is marked with them."""
    lines = set()
    for line in set().union(*frameworks.values()):
        having = [framework for framework, members in frameworks.items() if line in members]
        lines.add(line if len(having) == len(frameworks) else f"{line} [{', '.join(sorted(having))}]")
    return tuple(sorted(lines | {f"{line} [{_ASPNETCORE}]" for line in aspnetcore}))
