"""The client's files in the package: assemblies or C#, and the MSBuild files that bring it to a project."""

from pipeline.dotnet.client.identity import Identity
from pipeline.dotnet.nuget.assemblies import compile_client
from pipeline.dotnet.nuget.client_form import ClientForm
from pipeline.dotnet.nuget.contract_names import blame_contract
from pipeline.dotnet.nuget.csharp_compiler import CompileError
from pipeline.dotnet.nuget.ingredients import Ingredients
from pipeline.dotnet.nuget.targets import ASPNETCORE_FOLDER, CLIENT_FOLDER


def write_client(ingredients: Ingredients, form: ClientForm, identity: Identity) -> dict[str, bytes]:
    """Path in the package -> content.

    Args:
        ingredients: What the package is made of.
        form: Whether as assemblies or as source.
        identity: Names and versions of the package.

    Raises:
        PipelineError: The client does not compile; the message has the compiler's first error, and the name in the contract that the line
            of C# shows.
    """
    client = ingredients.write_client(identity)
    msbuild = {path: text.encode() for path, text in ingredients.write_targets(identity, client).items()}
    if form.references is None:
        sources = {f"{CLIENT_FOLDER}/{name}": text.encode() for name, text in client.client.items()}
        aspnetcore = {f"{ASPNETCORE_FOLDER}/{name}": text.encode() for name, text in client.aspnetcore.items()}
        return {**sources, **aspnetcore, **msbuild}
    try:
        return {**compile_client(client, identity.package_id, identity.version, form.references), **msbuild}
    except CompileError as error:
        raise blame_contract(error, client.client, ingredients.contract) from None
