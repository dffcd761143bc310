"""The C# of README.md and docs/ on a model of fixed rows is compiled, with the client of a model of that kind in place of Digits."""

import pytest

from code_blocks import CodeBlock, pages, read_blocks
from csharp_projects import NET10, Dotnet

MARK = "tests/dotnet/test_doc_calls.py"
BLOCKS = [
    block for path in pages() for block in read_blocks(path) if block.language == "csharp" and block.reason == MARK
]
USINGS = "".join(
    f"using {name};\n"
    for name in (
        "Acme.Models",
        "Microsoft.AspNetCore.Builder",
        "Microsoft.AspNetCore.Http",
        "Microsoft.Extensions.DependencyInjection",
    )
)


def method(number: int, block: CodeBlock) -> str:
    """A method of the block's statements; what they do not declare are its parameters."""
    given = (
        "WebApplicationBuilder builder, WebApplication app, float[] pixels, float[][] rows, CancellationToken cancel"
    )
    model = "" if "var model" in block.text else "Tiny model, "
    statements = block.text.replace("using Torch2DotNet;", "").replace("Digits", "Tiny")
    return f"internal static async Task Call{number}({model}{given})\n{{\nawait Task.CompletedTask;\n{statements}}}\n"


def test_the_pages_have_such_calls():
    assert {block.page for block in BLOCKS} == {"README.md", "docs/csharp.md", "docs/index.md"}


def test_they_compile(dotnet: Dotnet, package):
    folder = dotnet.project(
        "pages", NET10, package("Acme.Tiny") + '<FrameworkReference Include="Microsoft.AspNetCore.App" />'
    )
    methods = "".join(method(number, block) for number, block in enumerate(BLOCKS))
    (folder / "Program.cs").write_text(
        f"{USINGS}\ninternal static class Program\n{{\ninternal static void Main()\n{{\n}}\n{methods}}}\n"
    )
    dotnet(folder, "build", "-v", "q")


def test_a_call_that_the_client_does_not_have_is_refused(dotnet: Dotnet, package):
    folder = dotnet.project("page", NET10, package("Acme.Tiny"))
    (folder / "Program.cs").write_text("using var model = Acme.Models.Tiny.Load();\nmodel.Answer(new float[4]);\n")
    with pytest.raises(AssertionError, match="CS1061"):
        dotnet(folder, "build", "-v", "q")
