"""C# blocks of pages as one program: each block becomes a method, its types stand beside it, and its usings are those of a file of its own.

What a block does not declare is given to it: a model, a row, an application and so on (`GIVEN`).
"""

import re

from code_blocks import CodeBlock

_USING = re.compile(r"^using (?!var\b)[\w.= <>]+;\n", re.MULTILINE)
_TYPE = re.compile(r"^(?:\[.*\]\n)*(?:(?:public|internal|sealed|static|partial|abstract) )*(?:class|record|interface|enum|struct) ", re.MULTILINE)
# Local functions and variables that nobody uses are what a page shows.
IGNORED = "CS0168;CS0219;CS1998;CS8321;CS0162;CS0414;CS0649;CS8618"
GIVEN = """
global using Torch2DotNet;
using Microsoft.Extensions.Configuration;

internal abstract class Given
{
    protected static Digits model = null!;
    protected static IDigits fake = null!;
    protected static float[] pixels = null!;
    protected static float[][] rows = null!;
    protected static ReadOnlyMemory<float> values;
    protected static IAsyncEnumerable<float[]> stream = null!;
    protected static CancellationToken cancellationToken;
    protected static IServiceCollection services = null!;
    protected static IConfiguration configuration = null!;
    protected static WebApplicationBuilder builder = null!;
    protected static WebApplication app = null!;
}
"""


def write_file(number: int, block: CodeBlock) -> str:
    """A C# file with the block as a method of a class of its own, where the compiler's messages name page and line."""
    usings = "".join(_USING.findall(block.text))
    # As many lines as before: the compiler counts them.
    body = _USING.sub("\n", block.text)
    types = _TYPE.search(body)
    statements, declarations = (body[: types.start()], body[types.start() :]) if types else (body, "")
    line = block.first_line + 1
    return (
        f"{usings}\nnamespace Blocks.Block{number};\n\ninternal sealed class Block : Given\n{{\n"
        "    internal static async Task RunAsync()\n    {\n        await Task.CompletedTask;\n"
        f'#line {line} "{block.page}"\n{statements}#line default\n    }}\n}}\n\n'
        f'#line {line + statements.count(chr(10))} "{block.page}"\n{declarations}'
    )
