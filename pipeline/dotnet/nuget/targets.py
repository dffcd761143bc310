"""The package's MSBuild file: it compiles the client into the consumer's project and copies the model to the output folder."""

from pipeline.core.contract import Contract
from pipeline.dotnet.client.identity import Identity
from pipeline.dotnet.templates import render

# Folders in the package. NuGet imports buildTransitive/ into projects that reference the package directly or indirectly.
CLIENT_FOLDER = "client"
MODEL_FOLDER = "model"
TARGETS_FOLDER = "buildTransitive"


def targets(contract: Contract, identity: Identity, *, compiled: bool = False) -> str:
    """Text of `buildTransitive/<package id>.targets`.

    Args:
        contract: What the client is for.
        identity: Names and files of the package.
        compiled: Whether the client is in assemblies, so that only the model is copied; else the file compiles the sources
            that `generate` writes.
    """
    return render(
        "Package.targets",
        {
            "Class": identity.class_name,
            "package_id": identity.package_id,
            "version": identity.version,
            "compiled": compiled,
            "copied": [file for file in (identity.model_file, identity.vocabulary_file) if file],
            "client_folder": CLIENT_FOLDER,
            "model_folder": MODEL_FOLDER,
            "sources": always_compiled(contract, identity.class_name),
        },
    )
