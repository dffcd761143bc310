"""The name of the client's class: the model's, unless the client's own C# uses that name for something else."""

import re
from functools import cache
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.dotnet.client.identifiers import pascal
from pipeline.dotnet.client.plain_sources import CSHARP

_TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
# Comments and literals, which may hold any word.
_NO_CODE = re.compile(r'//[^\n]*|\$?"(?:\\.|[^"\\\n])*"')
# Not behind a dot: what is said of something else hides no type.
_NAME = re.compile(r"(?<![.\w])[A-Z]\w*\b")
# Of those, what stands where a type does: `Name.Member`, `Name<`, `Name[`, `Name?`, `Name variable`, `new Name`, `class Name`.
_TYPE = re.compile(r"(?<![.\w])(?:[A-Z]\w*(?=[.<\[?]| +[@_a-zA-Z])|(?<=new )[A-Z]\w*|(?<=class )[A-Z]\w*)")
_OWN_CLASS = re.compile(r"\bpartial class TheModel\b(?!\w)")


@cache
def list_names_in_use() -> frozenset[str]:
    """Names that the client's C# uses, plain and generated: every type, .NET's among them, and every member of the client's class."""
    folders = [*(CSHARP / part for part in ("client", "embeddings", "aspnetcore")), _TEMPLATES]
    names: set[str] = set()
    for path in (path for folder in folders for path in folder.rglob("*.cs")):
        code = _NO_CODE.sub("", path.read_text(encoding="utf-8-sig"))
        names |= set((_NAME if _OWN_CLASS.search(code) else _TYPE).findall(code))
    return frozenset(names)


def choose_class_name(setting: str | None, model_name: str) -> str:
    """`package.class_name`, or the model's name in PascalCase, with "Model" behind it where that name is in use (task -> TaskModel).

    Raises:
        PipelineError: The setting is a name that is in use.
    """
    name = setting or pascal(model_name)
    if name not in list_names_in_use():
        return name
    if setting:
        raise PipelineError(
            f"package.class_name: {name} is a name that the client's own C# uses: take another, for instance {name}Model"
        )
    return f"{name}Model"
