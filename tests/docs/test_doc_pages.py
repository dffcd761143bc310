"""Each page is done as a reader would: its files written, its commands carried out, in an empty project."""

import pytest

from code_blocks import PROJECT, CodeBlock, pages, read_blocks
from page_runs import PageRun, first_clauses, printed_blocks, stand_in

PAGES = {path.relative_to(PROJECT).as_posix(): read_blocks(path) for path in pages()}
RUN = [name for name, blocks in PAGES.items() if any(block.runs and block.is_command for block in blocks)]


def block_of(commands: str, title: str = "") -> CodeBlock:
    return CodeBlock("page.md", 1, 3, "python" if title else "bash", title, commands, "", "")


@pytest.mark.parametrize("name", RUN)
def test_a_page_does_what_it_says(name, tmp_path):
    blocks = PAGES[name]
    printed = PageRun(tmp_path, blocks).run()
    said = {block: first_clauses(block.text) for block, _ in printed_blocks(blocks)}
    # Numbers may be another machine's; python tests/docs/refresh.py writes the blocks anew.
    assert said == {block: first_clauses(printed[command]) for block, command in printed_blocks(blocks)}


def test_every_page_on_bringing_a_network_is_run():
    assert sorted(name for name in PAGES if name.startswith("docs/bring/")) == sorted(
        name for name in RUN if name.startswith("docs/bring/")
    )


def test_a_command_that_nothing_runs_is_refused(tmp_path):
    with pytest.raises(AssertionError, match="nothing here runs 'make ui': mark the block"):
        PageRun(tmp_path, [block_of("make ui")]).run()


def test_a_command_that_fails_fails_the_page(tmp_path, capsys):
    with pytest.raises(
        AssertionError, match=r"page\.md:1: python -m pipeline params verify\.mode=off train\.epoch=5: exit 1"
    ):
        PageRun(tmp_path, [block_of("python -m pipeline params train.epoch=5")]).run()


def test_a_file_is_there_for_the_command_after_it(tmp_path):
    script, command = block_of("print('hello')\n", title="hello.py"), block_of("python hello.py")
    assert PageRun(tmp_path, [script, command]).run()[command] == "hello\n"


def test_a_page_that_adds_to_conf_runs_a_copy_of_the_project(tmp_path):
    experiment = block_of("# @package _global_\ntrain: {epochs: 7}\n", title="conf/experiment/seven.yaml")
    command = block_of("python -m pipeline params experiment=seven --cfg job")
    assert "epochs: 7" in PageRun(tmp_path, [experiment, command]).run()[command]


def test_dvc_repro_stands_for_the_stages_up_to_the_proof():
    assert [words[-1] for words in stand_in(["dvc", "repro"])][::7] == ["fingerprint", "verify"]


@pytest.mark.parametrize(
    ("line", "clause"),
    [
        (
            "package: build/package/Digits.1.0.1-g3f9c2a7.nupkg: 144,148 bytes, 45 files",
            "package: build/package/Digits.#-g#.nupkg: # bytes",
        ),
        ("validate: passed: 40 comparisons, 9,900 values", "validate: passed: # comparisons"),
    ],
)
def test_numbers_and_hashes_are_not_compared(line, clause):
    assert first_clauses(line) == [clause]
