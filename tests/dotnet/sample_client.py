"""The client of the small model in pipeline/dotnet/csharp, under any name, and what it is compiled against."""

from pathlib import Path

from client.sample_model import SAMPLE

from csharp_projects import make_identity
from pipeline.dotnet.client import plain_sources
from pipeline.dotnet.nuget import nupkg
from pipeline.dotnet.nuget.assemblies import ClientSources, compile_client
from pipeline.dotnet.nuget.dependency_groups import group_dependencies
from pipeline.dotnet.nuget.reference_assemblies import ReferenceAssemblies
from pipeline.dotnet.nuget.targets import MODEL_FOLDER, describe_targets, write_targets


def write_sources(namespace: str = "Acme.Models", class_name: str = "Sample") -> ClientSources:
    """The plain client, and the half that is generated for the sample."""
    plain = plain_sources.read_client(namespace, class_name)
    return ClientSources(
        {**plain, **_read_generated(SAMPLE, namespace, class_name)},
        {
            **plain_sources.read_aspnetcore(namespace, class_name),
            **_read_generated(SAMPLE / "aspnetcore", namespace, class_name),
        },
        {f"{class_name}.golden/golden.json": b"[]\n"},
        plain_sources.internal_namespace(namespace, class_name),
    )


def _read_generated(folder: Path, namespace: str, class_name: str) -> dict[str, str]:
    return {
        plain_sources.insert_names(path.name, namespace, class_name): plain_sources.insert_names(
            path.read_text(), namespace, class_name
        )
        for path in sorted(folder.glob("*.cs"))
    }


def pack_assemblies(
    feed: Path, references: ReferenceAssemblies, class_name: str = "Sample", version: str = "1.0.0"
) -> None:
    """Put Acme.<class_name> into `feed`: the sample as assemblies."""
    model = (SAMPLE / "TheModel.onnx").read_bytes()
    identity = make_identity(class_name, version, model)
    metadata = nupkg.Metadata(identity.package_id, version, "a", "MIT", "d", "t", group_dependencies("cpu", "1.31.1"))
    msbuild = write_targets(describe_targets(identity))
    files = {
        **compile_client(write_sources(identity.namespace, class_name), identity.package_id, version, references),
        **{path: text.encode() for path, text in msbuild.items()},
        f"{MODEL_FOLDER}/{identity.model_file}": model,
        "README.md": b"# d",
    }
    nupkg.pack(metadata, files, feed / f"{identity.package_id}.{version}.nupkg")
