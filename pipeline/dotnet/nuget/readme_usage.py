"""Sections of the package's README on using the client in a program: tests, endpoints, telemetry, names. The project's pages say more."""

from pipeline.core.contract import Contract
from pipeline.dotnet.client.embedding import PACKAGE, find_embedding
from pipeline.dotnet.client.identity import Identity
from pipeline.dotnet.client.layout import Layout, derive_layout
from pipeline.dotnet.nuget.client_form import Form


def describe_usage(contract: Contract, identity: Identity) -> list[str]:
    """Lines of Markdown."""
    name, namespace = identity.class_name, identity.namespace
    layout, has_golden = derive_layout(contract, name), identity.golden != "none"
    model, aborted = map(layout.name_local, ("model", "aborted"))
    asynchronous = f"{model}.RunAsync({'text' if contract.tokenizer else _arguments(layout)}, {aborted})"
    return [
        *(_describe_embedding(name) if find_embedding(contract) else []),
        "## Test with it",
        "",
        f"Depend on `I{name}`; NSubstitute and Moq implement it, and outputs have public constructors.",
        "",
        *_block(
            "using NSubstitute;",
            "",
            f"var fake = Substitute.For<I{name}>();",
            f"fake.Run({_any_arguments(contract, layout)}).Returns(new {name}Output({_output_arguments(layout)}));",
        ),
        "",
        *(_describe_self_test(name, namespace) if has_golden else []),
        "## An endpoint of your own",
        "",
        f"Where `Map{name}` answers in another form than yours, take `I{name}` from the services:",
        "",
        *_block(
            f'app.MapPost("/predict", async ({_parameters(contract, layout)}, I{name} {model}, CancellationToken {aborted}) =>',
            f"    {_result(layout, asynchronous)});",
        ),
        "",
        "## Telemetry",
        "",
        f"`Torch2DotNet.{name}` is the name of a `Meter`, an `ActivitySource` and a category of `ILogger`: `torch2dotnet.calls`, `.errors`, `.rows`, `.run.batch_size`,",
        "`.run.duration`, `.queue.duration`, `.queue.length`. Nothing is measured while nobody listens.",
        "",
        "## Names",
        "",
        f"In a project whose own namespace has a part `{name}`, C# takes that for the name: write `global::{namespace}.{name}`, or `using Model = {namespace}.{name};`. Who makes the",
        "package chooses both words (`package.namespace`, `package.class_name`).",
        "",
    ]


def _describe_embedding(name: str) -> list[str]:
    return [
        "## As an embedding generator",
        "",
        f"`{name}EmbeddingGenerator` is the `IEmbeddingGenerator<string, Embedding<float>>` of {PACKAGE}; `Add{name}` registers it, and what takes",
        "that interface works on it: caches, telemetry, vector stores, Semantic Kernel.",
        "",
        *_block(
            "using Microsoft.Extensions.AI;",
            "",
            f"using IEmbeddingGenerator<string, Embedding<float>> generator = {name}EmbeddingGenerator.Load();",
            'ReadOnlyMemory<float> vector = await generator.GenerateVectorAsync("some text");',
        ),
        "",
        f"Name the model to a cache (`cache.CacheKeyAdditionalValues = [{name}.ModelSha256]` in `UseDistributedCache`): by itself it answers with the old",
        "model's vectors after an upgrade.",
        "",
    ]


def describe_form(identity: Identity, form: Form) -> list[str]:
    """Lines of Markdown: what a client that comes as source asks of the project; none for assemblies."""
    if form == "assembly":
        return []
    return [
        "## The client is source",
        "",
        "It is compiled into the C# project that references the package itself, and needs C# 12 there (`<LangVersion>12</LangVersion>` for netstandard2.0 and",
        f".NET Framework); projects that reference that one use its types. Visual Basic and F# get none. `<{identity.class_name}Client>false</{identity.class_name}Client>` leaves it out.",
        "",
    ]


def _describe_self_test(name: str, namespace: str) -> list[str]:
    return [
        "Golden calls travel with the client. They are replayed in your process, on its processor, provider, onnxruntime and culture, and compared with",
        "PyTorch's answers by the policy that the package was proven with:",
        "",
        *_block(f"using {namespace};", "", f"using {name} model = {name}.Load();", "model.SelfTest().ThrowIfFailed();"),
        "",
    ]


def _block(*lines: str) -> list[str]:
    return ["```csharp", *lines, "```"]


def _parameters(contract: Contract, layout: Layout) -> str:
    if contract.tokenizer:
        return "string text"
    return ", ".join(
        [
            *(f"{view.array} {view.parameter}" for view in layout.inputs),
            *(f"int {axis.parameter}" for axis in layout.explicit_axes),
        ]
    )


def _arguments(layout: Layout) -> str:
    return ", ".join([*(view.parameter for view in layout.inputs), *(axis.parameter for axis in layout.explicit_axes)])


def _any_arguments(contract: Contract, layout: Layout) -> str:
    """Arguments of NSubstitute for whatever a caller gives."""
    if contract.tokenizer:
        return "Arg.Any<string>()"
    return ", ".join(
        [*(f"Arg.Any<{view.array}>()" for view in layout.inputs), *("Arg.Any<int>()" for _ in layout.explicit_axes)]
    )


def _output_arguments(layout: Layout) -> str:
    """Zeros for the output's constructor; an axis of any size has one entry."""
    ones = {axis.name: "1" for axis in layout.output_axes}
    return ", ".join([*(view.example_row(ones) for view in layout.outputs), *("1" for _ in layout.output_axes)])


def _result(layout: Layout, call: str) -> str:
    shown = next((view for view in layout.outputs if view.names_classes), layout.outputs[0])
    return f"(await {call}).{shown.member}{'Name' if shown.names_classes else ''}"
