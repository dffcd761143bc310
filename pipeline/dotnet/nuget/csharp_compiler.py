"""One run of the SDK's own C# compiler, without MSBuild, which takes three times as long."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.dotnet import sdk

# Of a library of its own, a minute is far too much.
LIMIT = 120.0
LANGUAGE = "12"
# The tests, which compile often, let one process that stays compile for all of them.
OPTIONS: tuple[str, ...] = ("-noconfig",)
# What the compiler warns of is an error here, but:
UNWANTED = {
    # A reference asks for an older version of another one, and gets the newer that NuGet chose: MSBuild never says it either.
    "CS1701": "an assembly was built against an older version of a reference",
    "CS1702": "the same",
}
_DIAGNOSTIC = re.compile(
    r"^(?P<file>.+?)\((?P<line>\d+),(?P<column>\d+)\): (?:error|warning) (?P<code>\w+): (?P<message>.*)$"
)


@dataclass(frozen=True)
class Compilation:
    """An assembly to be: its name, its C# by file name, and what it is compiled with.

    `references` are assemblies, `symbols` what `#if` may ask for, `resources` contents by the name that the program asks for.
    """

    name: str
    sources: Mapping[str, str]
    references: Sequence[Path]
    symbols: Sequence[str]
    resources: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Assembly:
    """What the compiler has written: the assembly with its debug information and its sources in it, and its XML documentation."""

    dll: bytes
    xml: bytes


class CompileError(PipelineError):
    """A source does not compile.

    Attributes:
        file: Its name, "" where the compiler names none.
        line: Number of the line, from 1; 0 where the compiler names none.
        column: Place in the line, from 1; 0 where the compiler names none.
    """

    def __init__(self, message: str, file: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.file = file
        self.line = line
        self.column = column


class CompilerRun:
    """The compiler at work in a process of its own, in an empty folder; the same compilation gives the same bytes in any folder."""

    def __init__(self, dotnet: Path, compiler: Path, compilation: Compilation, folder: Path) -> None:
        self._compilation, self._folder = compilation, folder
        folder.mkdir()
        lines = write_response_file(compilation, folder)
        (folder / "compile.rsp").write_text("\n".join(lines) + "\n", encoding="utf-8")
        # A short program: neither optimising what was just compiled quickly nor collecting garbage early (128 MiB) gives what it costs.
        short = {"DOTNET_TieredPGO": "0", "DOTNET_GCgen0size": "0x8000000"}
        environment = {**os.environ, **sdk.ENVIRONMENT, **short}
        command = [str(dotnet), "exec", str(compiler), *OPTIONS, "@compile.rsp"]
        self._process = subprocess.Popen(  # noqa: S603
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
        )

    def finish(self) -> Assembly:
        """Wait for it.

        Raises:
            CompileError: A source does not compile.
            PipelineError: It takes more than LIMIT seconds.
        """
        try:
            printed, _ = self._process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            raise PipelineError(
                f"the C# compiler took more than {LIMIT:.0f} s for {self._compilation.name}: run it again"
            ) from None
        finally:
            self.stop()
        if self._process.returncode:
            raise explain(self._compilation.name, printed)
        return Assembly(*((self._folder / f"{self._compilation.name}.{form}").read_bytes() for form in ("dll", "xml")))

    def stop(self) -> None:
        """End it where it still runs, so that its folder can be removed."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


def write_response_file(compilation: Compilation, folder: Path) -> list[str]:
    """The compiler's arguments, a line each; sources and resources are written into `folder`."""
    for name, text in compilation.sources.items():
        path = folder / "sources" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "resources").mkdir()
    for place, content in enumerate(compilation.resources.values()):
        (folder / "resources" / str(place)).write_bytes(content)
    name = compilation.name
    return [
        "-nologo",
        "-utf8output",
        "-nostdlib",
        "-target:library",
        f"-langversion:{LANGUAGE}",
        "-nullable:enable",
        "-optimize+",
        "-warnaserror",
        f"-nowarn:{','.join(UNWANTED)}",
        # The same bytes wherever it is compiled: debug information and `[CallerFilePath]` have the names of the sources alone.
        "-deterministic",
        f'-pathmap:"{folder.resolve() / "sources"}"=/_/{name}',
        "-debug:embedded",
        f'-out:"{name}.dll"',
        f'-doc:"{name}.xml"',
        f"-define:{';'.join(compilation.symbols)}",
        *(f'-reference:"{path}"' for path in compilation.references),
        *(f'-resource:"resources/{place}","{resource}"' for place, resource in enumerate(compilation.resources)),
        *(f'"sources/{source}"' for source in compilation.sources),
        "-embed",
    ]


def explain(name: str, printed: str) -> CompileError:
    """The first error that the compiler has printed."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    found = next(filter(None, map(_DIAGNOSTIC.match, lines)), None)
    if found is None:
        return CompileError(f"{name} does not compile: {lines[0] if lines else 'the C# compiler printed nothing'}")
    file = found["file"].replace("\\", "/").removeprefix("sources/")
    line, column = int(found["line"]), int(found["column"])
    return CompileError(
        f"{name} does not compile: {file}, line {line}: {found['code']}: {found['message']}", file, line, column
    )
