"""The code blocks of README.md and of docs/, and what is to become of each: it is run, or the page says why not.

A comment just before a block decides its fate:

    <!-- not run: needs a server -->        why nothing runs it
    <!-- run by: tests/test_e2e.py -->      which other test runs it
    <!-- printed -->                        what the block before it printed (`python tests/docs/refresh.py` writes it anew)

`<!-- this page is not run: why -->` says the first of every block of a page. A fenced block with `title="file"` is written into
that file of the page's project.
"""

import re
import shlex
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

PROJECT = Path(__file__).resolve().parents[1]
DOCS = PROJECT / "docs"
# First words of an indented block that is a command, not something that was printed.
PROGRAMS = {"python", "make", "dvc", "git", "pip", "dotnet", "source", "cd", "torchrun", "docker", "curl", "sbatch"}
SHELLS = {"bash", "sh", "shell", "console"}
# Languages of blocks that show what is printed or drawn, and do nothing.
SHOWN = {"text", "output", "json", "diff", ""}
_MARK = re.compile(r"<!--\s*(not run|run by|printed|this page is not run)(?::\s*(.*?))?\s*-->", re.DOTALL)
_TITLE = re.compile(r'title="([^"]+)"')
_CONTINUED = re.compile(r"\\\n\s*")


@dataclass(frozen=True)
class CodeBlock:
    """A code block of a page; `mark` and `reason` are of the comment before it, "" where there is none."""

    page: str
    first_line: int
    last_line: int
    language: str
    title: str
    text: str
    mark: str
    reason: str

    @property
    def is_command(self) -> bool:
        return self.language in SHELLS

    @property
    def is_compiled(self) -> bool:
        """Whether tests/dotnet/test_csharp_blocks.py compiles it, as it does all C# that is not marked."""
        return self.language == "csharp" and not self.mark

    @property
    def runs(self) -> bool:
        return (self.is_command or bool(self.title)) and not self.mark

    def commands(self) -> list[list[str]]:
        """The words of each command, those joined by `&&` apart; comments are left out."""
        lines = [line for line in _CONTINUED.sub(" ", self.text).splitlines() if line.strip()]
        return [command for line in lines for command in _split(line)]

    def __str__(self) -> str:
        return f"{self.page}:{self.first_line}"


def _split(line: str) -> list[list[str]]:
    words = shlex.split(line, comments=True)
    ends = [-1, *(place for place, word in enumerate(words) if word == "&&"), len(words)]
    commands = [words[start + 1 : end] for start, end in pairwise(ends)]
    return [command for command in commands if command]


def pages() -> list[Path]:
    """README.md, CONTRIBUTING.md and every page of the site."""
    return [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]


@cache
def tokens(path: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))


def read_blocks(path: Path) -> list[CodeBlock]:
    """The code blocks of a page, in their order."""
    page = path.relative_to(PROJECT).as_posix() if path.is_relative_to(PROJECT) else path.name
    whole = next((mark for token in tokens(path) if (mark := _read_mark(token)) and mark[0].startswith("this")), None)
    blocks, mark = [], None
    for token in tokens(path):
        if token.type in ("fence", "code_block"):
            language, title = _describe(token)
            kind, reason = mark or (("not run", whole[1]) if whole else ("", ""))
            first, last = token.map or (0, 0)
            blocks.append(CodeBlock(page, first + 1, last, language, title, token.content, kind, reason))
        mark = _read_mark(token)
    return blocks


def _read_mark(token: Token) -> tuple[str, str] | None:
    match = _MARK.match(token.content.strip()) if token.type == "html_block" else None
    return (match[1], match[2] or "") if match else None


def _describe(token: Token) -> tuple[str, str]:
    """Language and title; an indented block is commands where its first word is a program's name."""
    if token.type == "code_block":
        return ("bash" if token.content.split()[:1] and token.content.split()[0] in PROGRAMS else "text"), ""
    title = _TITLE.search(token.info)
    return token.info.split(" ")[0].strip(), title[1] if title else ""


def inline_code(path: Path) -> list[str]:
    """What stands between backticks in a page."""
    return [child.content for token in tokens(path) for child in token.children or [] if child.type == "code_inline"]
