"""A client with a tokenizer, in real .NET without ICU, and tokenizers that the generator rejects."""

import json
import re
from collections.abc import Callable

import pytest

import text_reader
from csharp_projects import NET10, SERVICES, Cargo, Dotnet, make_identity, tensor
from pipeline.core.contract import TensorSpec
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


@pytest.fixture(scope="module")
def packed(dotnet: Dotnet, package: Package) -> str:
    """The item that references the package."""
    dotnet.pack(
        text_reader.make_text_contract(),
        text_reader.make_text_model(),
        "TextSum",
        cargo=Cargo(text_reader.make_character_table().dump(), text_reader.VOCABULARY),
    )
    return package("Acme.TextSum")


@pytest.fixture(scope="module")
def lines(dotnet: Dotnet, packed: str) -> list[str]:
    """What the program TextSum.cs prints."""
    without_icu = f"{NET10}<InvariantGlobalization>true</InvariantGlobalization>"
    folder = dotnet.project("text-sum", without_icu, packed + SERVICES, "TextSum.cs", "Failures.cs")
    (folder / "texts.txt").write_text("".join(f"{json.dumps(text)}\n" for text in TEXTS))
    dotnet(folder, "build", "-v", "q", "-c", "Release")
    return dotnet(folder, "run", "--no-build", "-c", "Release", "texts.txt").splitlines()


def test_tokens_are_those_of_python(lines: list[str]) -> None:
    tokens = [[int(number) for number in line.split()[1:]] for line in lines if line.startswith("tokens ")]
    assert tokens == [text_reader.make_python_tokenizer().tokenize(text) for text in TEXTS]
    assert max(map(len, tokens)) == text_reader.MAX_TOKENS


@pytest.mark.parametrize("expected", ["methods True", "empty 0", "wrong 0", "health Healthy"])
def test_answers(expected: str, lines: list[str]) -> None:
    assert expected in lines


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("null", r"ArgumentNullException: text: expected text, got null. \(Parameter 'text'\)"),
        ("null tokens", "ArgumentNullException: text: expected text, got null"),
        ("null list", "ArgumentNullException: Expected a list of texts, got null"),
        ("second", r"ArgumentNullException: .*\(Parameter 'texts\[1\]'\)"),
        ("half", "ArgumentException: text: expected well-formed UTF-16, got an unpaired surrogate at character 3"),
        ("late half", "ArgumentException: .* got an unpaired surrogate at character 99"),
        (
            "no vocabulary",
            "TextSumLoadException: Expected the vocabulary at .*gone.txt, got: .*set TextSumOptions.VocabularyPath",
        ),
        (
            "altered",
            r"TextSumLoadException: Expected the vocabulary with SHA-256 \w{64}, got \w{64} \(\d+ bytes\) from .*altered.txt",
        ),
    ],
)
def test_a_failure_says_what_was_expected(name: str, expected: str, lines: list[str]) -> None:
    (line,) = (line for line in lines if line.startswith(f"throws {name}: "))
    assert re.match(f"throws {name}: {expected}", line)


def rejection(**changes: object) -> str:
    """The error about a contract with other inputs or another tokenizer."""
    contract = text_reader.make_text_contract().model_copy(update=changes)
    with pytest.raises(PipelineError) as error:
        generator.generate(contract, make_identity("TextSum"), text_reader.make_character_table().dump())
    return str(error.value)


def test_an_input_that_no_text_fills() -> None:
    error = rejection(inputs=[*text_reader.WITHOUT_TOKENIZER.inputs, tensor("age", "int64", "batch", "tokens")])
    assert "model.tokenizer.inputs: expected every input of the model, [" in error
    assert '"age" is not in both lists' in error


def test_an_input_that_the_model_does_not_have() -> None:
    fills = {**text_reader.make_tokenizer_spec().fills, "mask": "masks"}
    assert "got ['input_ids', 'masks', 'token_type_ids']" in rejection(tokenizer=text_reader.make_tokenizer_spec(fills))


@pytest.mark.parametrize(
    "input_ids",
    [
        tensor("input_ids", "int32", "batch", "tokens"),
        tensor("input_ids", "int64", "batch", 16),
        tensor("input_ids", "int64", "batch"),
    ],
    ids=["int32", "fixed length", "a number a row"],
)
def test_an_input_that_is_no_row_of_token_ids(input_ids: TensorSpec) -> None:
    error = rejection(inputs=[*text_reader.WITHOUT_TOKENIZER.inputs[:2], input_ids])
    assert 'input "input_ids": expected int64 of shape [batch, tokens], both axes dynamic, for the tokenizer' in error
