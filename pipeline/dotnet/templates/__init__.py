"""Renders the templates of this folder, which read like the C# and MSBuild files that they become."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined

from pipeline.dotnet.client.literals import documentation, literal

# By file suffix: the delimiters of an expression (MSBuild has a meaning of its own for $), and the comment that holds a
# statement on a line of its own.
_EXPRESSION = {".cs": ("$", "$"), ".targets": ("[[", "]]")}
_STATEMENTS = {".cs": r"^ *//% (.*)$", ".targets": r"^ *<!--% (.*) %-->$"}
_BLOCK = "/*%", "%*/"


def render(template: str, names: Mapping[str, str], **values: object) -> str:
    """The template's text, filled in.

    Args:
        template: Its file in this folder.
        names: Words of the template -> what stands for them; they are replaced before anything of `values` is in the text.
        values: What its expressions read.

    Raises:
        jinja2.UndefinedError: The template uses a name that is not in `values`.
    """
    return _environment(Path(template).suffix, tuple(names.items())).get_template(template).render(values)


@cache
def _environment(suffix: str, names: tuple[tuple[str, str], ...]) -> Environment:
    start, end = _EXPRESSION[suffix]

    def read(template: str) -> str:
        # Jinja's own line statements would remove the blank lines before them.
        path = Path(__file__).parent / template
        block = rf"{_BLOCK[0]} \1 {_BLOCK[1]}"
        text = re.sub(_STATEMENTS[path.suffix], block, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for word, name in names:
            text = text.replace(word, name)
        return text

    environment = Environment(  # noqa: S701 - not HTML: the filters `doc` and `literal` escape what needs it
        loader=FunctionLoader(read),
        variable_start_string=start,
        variable_end_string=end,
        block_start_string=_BLOCK[0],
        block_end_string=_BLOCK[1],
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"literal": literal, "doc": documentation}
    return environment
