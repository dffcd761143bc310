"""The real .NET SDK, where there is one, with the packages of three small models."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from compiled_clients import CompiledClients
from sample_packages import compile_sample

from csharp_projects import (
    MIXED,
    SCALAR,
    TINY,
    Dotnet,
    find_references,
    future_model,
    mixed_model,
    scalar_model,
    tiny_model,
)
from pipeline.dotnet.nuget import assemblies, client_files, csharp_compiler
from pipeline.dotnet.nuget.reference_assemblies import ReferenceAssemblies


@pytest.fixture(scope="session", autouse=True)
def _compile_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A client is compiled once, whichever test and process asks first, by the compiler's process that `dotnet build` uses too."""
    folder = tmp_path_factory.getbasetemp()
    shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csharp_compiler, "OPTIONS", (*csharp_compiler.OPTIONS, "-shared"))
        patch.setattr(client_files, "compile_client", CompiledClients(shared / "compiled", assemblies.compile_client))
        yield


@pytest.fixture(scope="session")
def sdk() -> str:
    """The program `dotnet`."""
    found = shutil.which("dotnet")
    if not found:
        pytest.skip("needs the .NET SDK: `dotnet` is not on PATH")
    return found


@pytest.fixture(scope="session")
def dotnet(tmp_path_factory: pytest.TempPathFactory, sdk: str) -> Dotnet:
    dotnet = Dotnet(tmp_path_factory.mktemp("dotnet"), sdk)
    dotnet.pack(TINY, tiny_model(1), "Tiny")
    dotnet.pack(TINY, tiny_model(2), "Tiny", "2.0.0")
    dotnet.pack(MIXED, mixed_model(), "Mixed")
    dotnet.pack(SCALAR, scalar_model(), "Scalar")
    dotnet.pack(SCALAR, future_model(), "Future")
    return dotnet


@pytest.fixture(scope="session")
def sample_client(tmp_path_factory: pytest.TempPathFactory, sdk: str) -> dict[str, bytes]:
    """The sample's assemblies by their paths in a package."""
    return compile_sample(sdk, tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="session")
def package() -> Callable[[str], str]:
    """Makes the MSBuild item that references a package."""
    return lambda name, version="1.0.0": f'<PackageReference Include="{name}" Version="{version}" />'


@pytest.fixture(scope="session")
def references(tmp_path_factory: pytest.TempPathFactory, sdk: str) -> ReferenceAssemblies:
    """What a client is compiled against, with the compiler of the SDK."""
    return find_references(tmp_path_factory.getbasetemp())
