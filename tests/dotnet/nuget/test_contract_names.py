"""What in the contract a line that does not compile comes from."""

import pytest

from csharp_projects import make_contract, tensor
from pipeline.dotnet.nuget.contract_names import blame_contract
from pipeline.dotnet.nuget.csharp_compiler import CompileError

CONTRACT = make_contract(
    "tiny",
    [tensor("input ids", "int64", "batch", 2, description="Ink < 16 & more, by row.")],
    [tensor("scores", "float32", "batch", 3, labels=["none", 'a "few"', "many"])],
    description="Reads ink.",
)


def told(line: str, column: int = 1) -> str:
    error = CompileError("Acme.Tiny does not compile: Tiny.cs, line 2: CS1: m", "Tiny.cs", 2, column)
    return str(blame_contract(error, {"Tiny.cs": f"first\n{line}\n"}, CONTRACT)).partition("CS1: m; ")[2]


@pytest.mark.parametrize(
    ("line", "origin"),
    [
        ("public void Run(long[] inputIds)", 'the input "input ids"'),
        ("public float[] Scores { get; }", 'the output "scores"'),
        (r'"a \"few\"",', r'the label "a \"few\"" of output "scores"'),
        ("/// Ink &lt; 16 &amp; more,", 'the description of input "input ids"'),
        ("/// <summary>Reads ink.</summary>", "the description of the model"),
    ],
)
def test_the_line_shows_it(line, origin):
    assert told(line) == f"what stands there comes from {origin}: change it in the settings under model"


def test_the_nearest_to_the_error_of_several():
    line = "Run(long[] inputIds, float[] scores)"
    assert 'the output "scores"' in told(line, line.index("scores") + 1)
    assert 'the input "input ids"' in told(line, line.index("inputIds") + 1)


def test_a_line_without_a_name_is_this_project_s_fault():
    assert told("return;") == "no name of the contract stands in that line, so that the fault is this project's"


def test_an_error_of_no_line_is_this_project_s_fault():
    error = CompileError("Acme.Tiny does not compile: error CS0006: m")
    assert "the fault is this project's" in str(blame_contract(error, {}, CONTRACT))
