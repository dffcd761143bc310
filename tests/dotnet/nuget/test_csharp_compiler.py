"""What is asked of the C# compiler, and what is made of its errors."""

import pytest

from pipeline.dotnet.nuget.csharp_compiler import Compilation, explain, write_response_file

COMPILATION = Compilation(
    "Acme.Tiny", {"running/Batcher.cs": "// ü"}, [], ["NET", "NET8_0"], {"Tiny.golden/a.bin": b"\1"}
)


def test_sources_and_resources_lie_where_the_response_file_says(tmp_path):
    lines = write_response_file(COMPILATION, tmp_path)
    assert '"sources/running/Batcher.cs"' in lines
    assert (tmp_path / "sources" / "running" / "Batcher.cs").read_text(encoding="utf-8") == "// ü"
    assert '-resource:"resources/0","Tiny.golden/a.bin"' in lines
    assert (tmp_path / "resources" / "0").read_bytes() == b"\1"


def test_every_warning_is_an_error_but_those_of_versions_that_nuget_chose(tmp_path):
    lines = write_response_file(COMPILATION, tmp_path)
    assert [line for line in lines if line.startswith(("-warn", "-nowarn"))] == [
        "-warnaserror",
        "-nowarn:CS1701,CS1702",
    ]


def test_the_first_error_is_told_with_file_line_code_and_message():
    error = explain(
        "Acme.Tiny",
        "warning: something else\nsources/running/Batcher.cs(12,7): error CS0103: The name 'x' does not exist\nsources/B.cs(1,1): error CS1: y",
    )
    assert str(error) == "Acme.Tiny does not compile: running/Batcher.cs, line 12: CS0103: The name 'x' does not exist"
    assert (error.file, error.line, error.column) == ("running/Batcher.cs", 12, 7)


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        (
            "error CS0006: Metadata file 'a.dll' could not be found\n",
            "error CS0006: Metadata file 'a.dll' could not be found",
        ),
        ("", "the C# compiler printed nothing"),
    ],
)
def test_an_error_of_no_source_is_told_as_it_is(printed, told):
    assert str(explain("Acme.Tiny", printed)) == f"Acme.Tiny does not compile: {told}"
