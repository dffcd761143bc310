"""C# blocks of pages as one program: each block becomes a method in a file of its own, with its types beside it.

A `using` holds for the blocks of its page that follow, as a reader takes it. What a block does not declare is given to it: a model, a row,
an application and so on (`GIVEN`).
"""

import re
from collections.abc import Iterable

from code_blocks import CodeBlock

_USING = re.compile(r"^using (?!var\b)[\w.= <>]+;\n", re.MULTILINE)
_TYPE = re.compile(
    r"^(?:\[.*\]\n)*(?:(?:public|internal|sealed|static|partial|abstract) )*(?:class|record|interface|enum|struct) ",
    re.MULTILINE,
)
# Local functions and variables that nobody uses are what a page shows.
IGNORED = "CS0168;CS0219;CS1998;CS8321;CS0162;CS0414;CS0649;CS8618"
GIVEN = """
using Microsoft.Extensions.Configuration;
using Torch2DotNet;

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


def write_files(blocks: Iterable[CodeBlock]) -> dict[str, str]:
    """Name -> C#, a file a block, in which the compiler's messages name page and line."""
    usings: dict[str, list[str]] = {}
    files = {}
    for number, block in enumerate(blocks):
        seen = usings.setdefault(block.page, [])
        seen += [using for using in _USING.findall(block.text) if using not in seen]
        files[f"Block{number}.cs"] = _write_file(number, block, "".join(seen))
    return files


def _write_file(number: int, block: CodeBlock, usings: str) -> str:
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
