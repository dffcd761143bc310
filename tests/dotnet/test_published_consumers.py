"""Programs that are published for a runtime, all at once: each replays the golden calls of its package."""

from pathlib import Path

import pytest
from golden_packages import MODEL, REFERENCE, expect_line, make_calls

import text_reader
from csharp_projects import NET10, SELF_CONTAINED, TINY, Cargo, Dotnet, run
from sample_contracts import pair, tokens

# Every warning of the linker by itself, and not one for each assembly.
EVERY_WARNING = (
    "<TrimmerSingleWarn>false</TrimmerSingleWarn><SuppressTrimAnalysisWarnings>false</SuppressTrimAnalysisWarnings>"
)
# Clients of other kinds, which the ahead-of-time compiler sees too: sizes that vary, texts as tensors, and texts with a tokenizer.
KINDS = ("Pair", "Tokens", "TextSum")
ANSWERS_OF_KINDS = """
using Pair pair = Pair.Load();
using Tokens tokens = Tokens.Load();
using TextSum texts = TextSum.Load();
Console.WriteLine($"{pair.Run(7, [true, false], [Half.One, Half.One]).Number} {tokens.Run("a b").Count} {texts.Run("The nurses!").Count}");
"""
PROPERTIES = {
    "single_file": "<PublishSingleFile>true</PublishSingleFile>",
    "trimmed": f"<PublishTrimmed>true</PublishTrimmed>{EVERY_WARNING}",
    "ready_to_run": "<PublishReadyToRun>true</PublishReadyToRun>",
    "ahead_of_time": f"<PublishAot>true</PublishAot>{EVERY_WARNING}",
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, sdk: str) -> Path:
    """The folder of the projects, all published without a warning."""
    workshop = Dotnet(tmp_path_factory.mktemp("published"), sdk)
    workshop.pack(TINY, MODEL, "Tiny", cargo=Cargo(calls=make_calls()))
    for sample in (pair(), tokens()):
        workshop.pack(sample.contract, sample.model, sample.class_name)
    cargo = Cargo(text_reader.make_character_table().dump(), text_reader.VOCABULARY)
    contract = text_reader.make_text_contract()
    workshop.pack(contract, text_reader.make_text_model(), "TextSum", cargo=cargo)
    for name, properties in PROPERTIES.items():
        workshop.project(name, f"{NET10}{SELF_CONTAINED}{properties}", REFERENCE, "SelfTest.cs")
    kinds = REFERENCE + "".join(REFERENCE.replace("Tiny", kind) for kind in KINDS)
    folder = workshop.project("ahead_of_time", f"{NET10}{SELF_CONTAINED}{PROPERTIES['ahead_of_time']}", kinds)
    with (folder / "Program.cs").open("a") as program:
        program.write(ANSWERS_OF_KINDS)
    projects = "".join(f'<Project Path="{name}/{name}.csproj" />' for name in PROPERTIES)
    (workshop.root / "all.slnx").write_text(f"<Solution>{projects}</Solution>")
    printed = workshop(workshop.root, "publish", "all.slnx", "--nologo")
    assert "warning" not in printed, printed
    return workshop.root


def run_program(published: Path, project: str) -> list[str]:
    return run([f"bin/Release/net10.0/linux-x64/publish/{project}"], published / project).splitlines()


@pytest.mark.parametrize("project", PROPERTIES)
def test_the_self_test_passes(project: str, published: Path) -> None:
    assert run_program(published, project)[0] == expect_line()


def test_clients_of_every_kind_answer_ahead_of_time(published: Path) -> None:
    count = len(text_reader.make_python_tokenizer().tokenize("The nurses!"))
    assert run_program(published, "ahead_of_time")[1] == f"7 2 {count}"


def test_a_single_file_has_no_assembly_beside_it(published: Path) -> None:
    folder = published / "single_file/bin/Release/net10.0/linux-x64/publish"
    assert sorted(path.suffix for path in folder.iterdir() if path.suffix in (".dll", ".onnx")) == [".onnx"]


def test_trimming_leaves_out_most(published: Path) -> None:
    sizes = [
        sum(path.stat().st_size for path in published.glob(f"{name}/bin/Release/net10.0/linux-x64/publish/*.dll"))
        for name in ("trimmed", "ready_to_run")
    ]
    assert sizes[0] < sizes[1] / 2
