"""Every code block of README.md and docs/ is run, or says why not; every command in them exists."""

import re
from pathlib import Path

import pytest

import code_blocks
from code_blocks import PROJECT, SHOWN, CodeBlock, inline_code, pages, read_blocks
from pipeline.command_line import parser

COMMANDS = next(action for action in parser()._actions if action.choices).choices
TARGETS = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
BLOCKS = [block for path in pages() for block in read_blocks(path)]
MARKED_BLOCKS = [block for block in BLOCKS if block.mark]


@pytest.fixture
def page(tmp_path):
    """The blocks of a page of the test's own."""

    def read(text: str) -> list[CodeBlock]:
        path = tmp_path / "page.md"
        path.write_text(text)
        code_blocks.tokens.cache_clear()
        return read_blocks(path)

    return read


def has_a_fate(block: CodeBlock) -> bool:
    return block.runs or block.is_compiled or block.language in SHOWN or block.mark in ("not run", "run by")


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_is_run_or_says_why_not(block):
    assert has_a_fate(block), "say just before it: <!-- not run: why -->, or <!-- run by: tests/... -->"


@pytest.mark.parametrize("block", [block for block in MARKED_BLOCKS if block.mark == "run by"], ids=str)
def test_the_test_that_runs_a_block_exists(block):
    assert (PROJECT / block.reason).is_file()


@pytest.mark.parametrize("block", [block for block in MARKED_BLOCKS if block.mark == "not run"], ids=str)
def test_a_block_that_is_not_run_has_a_reason(block):
    assert len(block.reason.split()) >= 3


def missing(words: list[str], written: set[str]) -> str:
    """Why a command cannot be carried out in this project; "" where nothing speaks against it."""
    match words:
        case ["python", "-m", "pipeline", *arguments]:
            try:
                parser().parse_args(arguments)
            except SystemExit as end:
                return "" if end.code == 0 else "no such command or option"
        case ["make", target, *_] if target not in TARGETS:
            return "no such target in the Makefile"
        case ["python", script, *_] if not script.startswith("-") and script not in written:
            return "" if (PROJECT / script).exists() else "no such file"
    return ""


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.is_command], ids=str)
def test_a_command_of_a_block_exists(block, capsys):
    written = {other.title for other in BLOCKS if other.page == block.page}
    assert {" ".join(words): reason for words in block.commands() if (reason := missing(words, written))} == {}


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_what_a_sentence_names_exists(path):
    code = "\n".join(inline_code(path))
    assert set(re.findall(r"\bmake ([a-z]+)", code)) <= TARGETS
    assert set(re.findall(r"python -m pipeline ([a-z]+)", code)) <= set(COMMANDS)
    assert [
        script
        for script in re.findall(r"python ((?:tests|benchmarks)/[\w/]+\.py)", code)
        if not Path(PROJECT / script).exists()
    ] == []


def test_the_readme_says_the_two_commands():
    commands = [
        words for block in BLOCKS if block.page == "README.md" and block.is_command for words in block.commands()
    ]
    assert ["make", "repro"] in commands
    assert ["make", "test"] in commands


def test_an_indented_block_is_a_command_by_its_first_word(page):
    first, second = page("Do\n\n    make repro\n\nand see\n\n    train: best\n")
    assert (first.is_command, second.is_command) == (True, False)


def test_commands_are_told_apart(page):
    (block,) = page("```bash\npython a.py && dvc repro  # all\nmake test \\\n    PORT='5 0'\n```\n")
    assert block.commands() == [["python", "a.py"], ["dvc", "repro"], ["make", "test", "PORT=5 0"]]


def test_a_comment_marks_the_block_after_it_and_no_other(page):
    first, second = page("<!-- not run: needs a server -->\n```bash\nmake ui\n```\n\n```bash\nmake test\n```\n")
    assert (first.mark, first.reason, first.runs) == ("not run", "needs a server", False)
    assert second.runs


def test_a_page_may_say_it_of_all_its_blocks(page):
    blocks = page(
        "<!-- this page is not run: needs a store of MLflow -->\n\n# Page\n\n    make ui\n\nand\n\n    dvc repro\n"
    )
    assert [block.reason for block in blocks] == ["needs a store of MLflow"] * 2


def test_a_title_names_the_file_that_a_block_is_written_into(page):
    (block,) = page('```python title="my_nets.py"\nx = 1\n```\n')
    assert (block.title, block.text, block.runs) == ("my_nets.py", "x = 1\n", True)


def test_code_without_a_mark_or_a_file_has_no_fate(page):
    (block,) = page("```vb\nmodel.Run(row)\n```\n")
    assert not has_a_fate(block)


def test_csharp_is_compiled_unless_the_page_says_why_not(page):
    compiled, other = page(
        "```csharp\nmodel.Run(row);\n```\n\n<!-- not run: needs a model of text -->\n```csharp\nx\n```\n"
    )
    assert (compiled.is_compiled, other.is_compiled) == (True, False)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["make", "reproo"], "no such target in the Makefile"),
        (["python", "-m", "pipeline", "trian"], "no such command or option"),
        (["python", "elsewhere.py"], "no such file"),
        (["python", "-m", "pipeline", "params", "--help"], ""),
        (["python", "tests/house.py"], ""),
    ],
)
def test_what_does_not_exist_is_named(words, reason, capsys):
    assert missing(words, set()) == reason
