"""The generated half of a model's C# client: what its contract decides, from templates/*.cs.

The other half, what no model decides, is plain C# in csharp/client. In both, TheNamespace and TheModel stand for the namespace and
the class of the model.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from pipeline.core.contract import Contract
from pipeline.core.errors import PipelineError
from pipeline.dotnet.client import identifiers, text_input
from pipeline.dotnet.client.client_view import ClientView
from pipeline.dotnet.client.identity import Identity
from pipeline.dotnet.client.layout import derive_layout
from pipeline.dotnet.client.proven_sizes import proven_sizes
from pipeline.dotnet.client.web_view import WebView
from pipeline.dotnet.templates import render

# Of the part for ASP.NET Core, which every client has: the templates, and the names of their files.
_WEB_TEMPLATES = (("WebContract.cs", "WebContract.g.cs"), ("WebRows.cs", "WebRows.g.cs"))
# One name for the 16-bit float: System.Half on targets that have it, onnxruntime's Float16 on others.
_HALF_ALIAS = """
{
#if NET
    using Half = System.Half;
#else
    using Half = Microsoft.ML.OnnxRuntime.Float16;
#endif
"""


def generate(
    contract: Contract, identity: Identity, characters: str = "", probe_sizes: Mapping[str, int] = MappingProxyType({})
) -> dict[str, str]:
    """The client's generated source files: file name -> C#, in a fixed order. The same arguments give the same text.

    Args:
        contract: What the client is for.
        identity: Names, files and versions to write into it.
        characters: The tokenizer's character table, as pipeline/tokenizer/wordpiece.py writes it.
        probe_sizes: Sizes of the dynamic axes in the health check's call, as `health_check.choose_sizes` gives them.

    Raises:
        PipelineError: The client does not support the contract, or a name is none in C#.
    """
    identifiers.check_identifier(identity.class_name, "the client's class name")
    identifiers.check_identifier(identity.namespace, "the client's namespace", dotted=True)
    if identity.class_name in identity.namespace.split("."):
        raise PipelineError(
            f"the C# class {identity.class_name} cannot live in the namespace {identity.namespace}, which has a part of the same "
            "name: choose another namespace"
        )
    view = _describe(contract, identity, characters, probe_sizes)
    return _render(identity, _choose_templates(view), client=view)


def generate_aspnetcore(contract: Contract, identity: Identity) -> dict[str, str]:
    """The generated source files of the part for ASP.NET Core: file name -> C#, in a fixed order.

    Args:
        contract: What the client is for; `generate` supports it.
        identity: Names, files and versions to write into it.

    Raises:
        PipelineError: The client does not support the contract.
    """
    view = _describe(contract, identity)
    return _render(identity, _WEB_TEMPLATES, client=view, web=WebView(view))


def _describe(
    contract: Contract, identity: Identity, characters: str = "", probe_sizes: Mapping[str, int] = MappingProxyType({})
) -> ClientView:
    layout = derive_layout(contract, identity.class_name)
    return ClientView(
        contract,
        identity,
        layout,
        proven_sizes(contract, layout),
        text_input.describe_text(contract, layout, characters),
        probe_sizes,
    )


def _render(identity: Identity, templates: Iterable[tuple[str, str]], **values: object) -> dict[str, str]:
    names = {"TheNamespace": identity.namespace, "TheModel": identity.class_name}
    return {
        file.replace("TheModel", identity.class_name): _add_half_alias(render(template, names, **values))
        for template, file in sorted(templates)
    }


def _choose_templates(client: ClientView) -> Iterator[tuple[str, str]]:
    """The templates that a client needs, and the names of their files."""
    yield from (
        ("Facts.cs", "Facts.g.cs"),
        ("InputCheck.cs", "InputCheck.g.cs"),
        ("Interface.cs", "ITheModel.g.cs"),
        ("Model.cs", "TheModel.g.cs"),
        ("Output.cs", "TheModelOutput.g.cs"),
    )
    yield ("FixedRun.cs" if client.fixed else "RaggedRun.cs"), "TheModel.Run.g.cs"
    if client.bindable:
        yield "Buffers.cs", "TheModelBuffers.g.cs"
    if client.has_input_type:
        yield "Input.cs", "TheModelInput.g.cs"
    if client.sizes:
        yield "SizeCheck.cs", "SizeCheck.g.cs"
        yield "SizeOptions.cs", "TheModelOptions.Sizes.g.cs"
    if client.text:
        yield "Texts.cs", "TheModel.Texts.g.cs"
        yield "TextTables.cs", "TextTables.g.cs"
    if client.embedding:
        yield "Embeddings.cs", "TheModel.Embeddings.g.cs"


def _add_half_alias(source: str) -> str:
    return source.replace("\n{\n", _HALF_ALIAS, 1) if re.search(r"\bHalf\b", source) else source
