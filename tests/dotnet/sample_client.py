"""The client of the small model in pipeline/dotnet/csharp, under any name, and what it is compiled against."""

from pathlib import Path

import pytest
from client.sample_model import SAMPLE

from pipeline.dotnet import sdk
from pipeline.dotnet.client import plain_sources
from pipeline.dotnet.nuget import reference_assemblies
from pipeline.dotnet.nuget.assemblies import ClientSources
from pipeline.dotnet.nuget.client_form import list_compiled_against
from pipeline.dotnet.nuget.reference_assemblies import ReferenceAssemblies


def find_references(folder: Path) -> ReferenceAssemblies:
    """Found once, and noted in `folder`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference_assemblies, "RESOLVED", folder)
        return reference_assemblies.resolve(sdk.require("a test"), list_compiled_against("1.31.1", {}))


def write_sources(namespace: str = "Acme.Models", class_name: str = "Sample") -> ClientSources:
    """The plain client, and the half that is generated for the sample."""
    generated = {
        plain_sources.insert_names(path.name, namespace, class_name): plain_sources.insert_names(
            path.read_text(), namespace, class_name
        )
        for path in sorted(SAMPLE.glob("*.cs"))
    }
    plain = plain_sources.read_client(namespace, class_name)
    return ClientSources(
        {**{f"engine/{name}": text for name, text in plain.items()}, **generated},
        plain_sources.read_aspnetcore(namespace, class_name),
        {f"{class_name}.golden/golden.json": b"[]\n"},
    )
