"""The package's MSBuild part: it compiles the client into the consumer's project and puts the model beside the program."""

from pipeline.core.contract import Contract
from pipeline.dotnet.client.generator import Identity, always_compiled
from pipeline.dotnet.templates import render

# Folders in the package. buildTransitive/ is the only one that reaches projects which reference the package indirectly.
CLIENT_FOLDER = "client"
MODEL_FOLDER = "model"
TARGETS_FOLDER = "buildTransitive"


def targets(contract: Contract, identity: Identity, *, compiled: bool = False) -> str:
    """Text of `buildTransitive/<package id>.targets`, for the files that `generate` writes.

    With `compiled` the client is in assemblies, and only the model is copied.
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
