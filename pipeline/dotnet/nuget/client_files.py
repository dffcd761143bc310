"""The client's files in the package: assemblies, or its C#."""

from pipeline.dotnet.client.identity import Identity
from pipeline.dotnet.client.plain_sources import read_aspnetcore
from pipeline.dotnet.nuget.assemblies import ClientSources, compile_client
from pipeline.dotnet.nuget.client_form import ClientForm
from pipeline.dotnet.nuget.contract_names import blame_contract
from pipeline.dotnet.nuget.csharp_compiler import CompileError
from pipeline.dotnet.nuget.ingredients import Ingredients
from pipeline.dotnet.nuget.targets import CLIENT_FOLDER


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
    sources = ingredients.generate_client(identity)
    if form.references is None:
        return {f"{CLIENT_FOLDER}/{name}": text.encode() for name, text in sources.items()}
    golden = {f"{identity.class_name}.{path}": content for path, content in ingredients.encode_golden_calls().items()}
    client = ClientSources(sources, read_aspnetcore(identity.namespace, identity.class_name), golden)
    try:
        return compile_client(client, identity.package_id, identity.version, form.references)
    except CompileError as error:
        raise blame_contract(error, sources, ingredients.contract) from None
