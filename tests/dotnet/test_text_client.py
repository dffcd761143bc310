"""A client that reads text, in real .NET without ICU, and what the generator refuses."""

import json
import re
from collections.abc import Callable

import pytest
from test_consumers import HEALTH, INJECTION, NET10
from test_ragged_client import LOGGING

import text_reader
from csharp_projects import STRICT, Dotnet, identity, run, tensor
from pipeline.core.errors import PipelineError
from pipeline.dotnet.client import generator

Package = Callable[..., str]
TEXTS = [
    *(
        "",
        " ",
        "The nurses!",
        "the\u00a0nurse's",
        "Ä á À a\u0308",
        "\0a\0b\x07",
        "한 하 東京東",
        "🎉🎉",
        "a[MASK]b [mask]",
    ),
    *("x" * 100, "x" * 101, "\U00010330" * 100, "\U00010330" * 101, "the " * 30, "[CLS][SEP]" * 9, "İstanbul\u2028!"),
]
# The library asks for packages of .NET Standard that an offline feed may lack: its assembly is taken as it is.
OLD = """<Reference Include="Microsoft.ML.Tokenizers"><HintPath>{}</HintPath></Reference>
<PackageReference Include="Microsoft.ML.OnnxRuntime" Version="1.31.1" /><PackageReference Include="System.Memory" Version="4.6.3" />
<PackageReference Include="Microsoft.NETFramework.ReferenceAssemblies" Version="1.0.3" PrivateAssets="all" Condition="$(TargetFramework)=='net48'" />"""


@pytest.fixture(scope="module")
def packed(dotnet: Dotnet, package: Package) -> str:
    dotnet.pack(
        text_reader.reads(), text_reader.model(), "Reads", reads=(text_reader.table().dump(), text_reader.VOCABULARY)
    )
    return package("Acme.Reads")


@pytest.fixture(scope="module")
def lines(dotnet: Dotnet, packed: str) -> list[str]:
    without_icu = f"{NET10}<InvariantGlobalization>true</InvariantGlobalization>"
    folder = dotnet.project("reads", without_icu, packed + HEALTH + INJECTION + LOGGING, "Reads.cs")
    (folder / "texts.txt").write_text("".join(f"{json.dumps(text)}\n" for text in TEXTS))
    dotnet(folder, "build", "-v", "q", "-c", "Release")
    return dotnet(folder, "run", "--no-build", "-c", "Release", "texts.txt").splitlines()


def test_tokens_are_the_twin_s(lines: list[str]) -> None:
    told = [[int(number) for number in line.split()[1:]] for line in lines if line.startswith("tokens ")]
    assert told == [text_reader.twin().ids(text) for text in TEXTS]
    assert max(map(len, told)) == text_reader.LENGTH


@pytest.mark.parametrize("expected", ["ways True", "empty 0", "wrong 0", "health Healthy"])
def test_answers(expected: str, lines: list[str]) -> None:
    assert expected in lines


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("null", r"ArgumentNullException: text: expected text, got null. \(Parameter 'text'\)"),
        ("null tokens", "ArgumentNullException: text: expected text, got null"),
        ("null list", "ArgumentNullException: Expected a list of texts, got null"),
        ("second", r"ArgumentNullException: .*\(Parameter 'texts\[1\]'\)"),
        ("half", "ArgumentException: text: expected text in Unicode, got half of a surrogate pair at character 3"),
        ("late half", "ArgumentException: .* got half of a surrogate pair at character 99"),
        (
            "no vocabulary",
            "ReadsException: Expected the vocabulary at gone.txt, got: .*set ReadsOptions.VocabularyPath",
        ),
        (
            "altered",
            r"ReadsException: Expected the vocabulary with SHA-256 \w{64}, got \w{64} \(\d+ bytes\) from .*altered.txt",
        ),
    ],
)
def test_a_failure_says_what_was_expected(what: str, expected: str, lines: list[str]) -> None:
    (line,) = (line for line in lines if line.startswith(f"throws {what}: "))
    assert re.match(f"throws {what}: {expected}", line)


def test_strict_compilers_have_nothing_to_say(dotnet: Dotnet, packed: str) -> None:
    frameworks = "<TargetFrameworks>net10.0;net8.0</TargetFrameworks><ReadsVisibility>public</ReadsVisibility>"
    folder = dotnet.project("strict-reads", frameworks + STRICT, packed + HEALTH)
    assert "warning" not in dotnet(folder, "build", "-v", "m", "--no-incremental")
    documented = (folder / "bin/Debug/net8.0/strict-text_reader.xml").read_text()
    assert "M:Acme.Models.Reads.Tokenize(System.String)" in documented
    assert "M:Acme.Models.Reads.Run(System.Collections.Generic.IReadOnlyList{System.String})" in documented


def test_old_compilers_have_nothing_to_say(dotnet: Dotnet, lines: list[str]) -> None:
    assembly = dotnet.root / "packages/microsoft.ml.tokenizers/2.0.1/lib/netstandard2.0/Microsoft.ML.Tokenizers.dll"
    folder = dotnet.project(
        "old-reads", "<TargetFrameworks>netstandard2.0;net48</TargetFrameworks>", OLD.format(assembly)
    )
    (folder / "client").mkdir(exist_ok=True)
    of = identity("Reads", model=text_reader.model(), vocabulary_file="Reads.vocab.txt")
    always = generator.always_compiled(text_reader.reads(), "Reads")
    for name, text in generator.generate(text_reader.reads(), of, text_reader.table().dump()).items():
        if name in always:
            (folder / "client" / name).write_text(text)
    assert "warning CS" not in dotnet(folder, "build", "-v", "m", "--no-incremental")


@pytest.mark.slow
def test_it_publishes_ahead_of_time(dotnet: Dotnet, packed: str) -> None:
    properties = f"<PublishAot>true</PublishAot><RuntimeIdentifier>linux-x64</RuntimeIdentifier><SelfContained>true</SelfContained>{STRICT}"
    folder = dotnet.project("native-reads", NET10 + properties, packed)
    (folder / "Program.cs").write_text(
        "using Acme.Models;\n\ninternal static class Program\n{\n    private static void Main()\n    {\n"
        '        using Reads model = Reads.Load();\n        System.Console.WriteLine(model.Run("The nurses!").Count);\n    }\n}\n'
    )
    dotnet(folder, "publish", "-v", "q", "-o", "published")
    assert run(["published/native-reads"], folder).strip() == str(len(text_reader.twin().ids("The nurses!")))


def refused(**changes: object) -> str:
    with pytest.raises(PipelineError) as told:
        generator.generate(
            text_reader.reads().model_copy(update=changes), identity("Reads"), text_reader.table().dump()
        )
    return str(told.value)


def test_an_input_that_no_text_fills() -> None:
    told = refused(inputs=[*text_reader.READS.inputs, tensor("age", "int64", "batch", "tokens")])
    assert "model.tokenizer.inputs: expected every input of the model, [" in told
    assert '"age" is not in both' in told


def test_an_input_that_the_model_has_not() -> None:
    told = refused(tokenizer=text_reader.described({**text_reader.described().fills, "mask": "masks"}))
    assert "got ['input_ids', 'masks', 'token_type_ids']" in told


@pytest.mark.parametrize(
    "odd",
    [
        tensor("input_ids", "int32", "batch", "tokens"),
        tensor("input_ids", "int64", "batch", 16),
        tensor("input_ids", "int64", "batch"),
    ],
    ids=["int32", "of one length", "a number a row"],
)
def test_an_input_that_is_no_row_of_numbers(odd: object) -> None:
    told = refused(inputs=[*text_reader.READS.inputs[:2], odd])
    assert 'input "input_ids": a tokeniser fills int64 of shape [batch, tokens]' in told


def test_a_client_without_a_tokeniser_has_no_trace_of_one() -> None:
    sources = generator.generate(text_reader.READS, identity("Reads"))
    assert [name for name, text in sources.items() if "okeni" in text or "ocabulary" in text] == []


def test_its_files_are_compiled_always() -> None:
    assert {"ReadsTokenizer.cs", "ReadsTexts.cs", "ReadsCharacters.cs"} <= {
        *generator.always_compiled(text_reader.reads(), "Reads")
    }
