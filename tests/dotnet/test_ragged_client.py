"""Ragged clients in real .NET: what they answer and reject, under load too, and by rows in JSON."""

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from json_rows import WebProgram, expect, give

import text_reader
from csharp_projects import DTYPES, MIXED, NET10, Cargo, Dotnet, mixed_model
from sample_contracts import HOSTILE_TEXTS, SAMPLE_MODELS, SampleModel

NAMES = [make.__name__.capitalize() for make in SAMPLE_MODELS]
Package = Callable[..., str]


@pytest.fixture(scope="module")
def packages(dotnet: Dotnet, package: Package) -> str:
    """The items that reference the packages of all sample models."""
    for make in SAMPLE_MODELS:
        sample = make()
        dotnet.pack(sample.contract, sample.model, sample.class_name)
    vocabulary = Cargo(text_reader.make_character_table().dump(), text_reader.VOCABULARY)
    dotnet.pack(text_reader.make_text_contract(), text_reader.make_text_model(), "TextSum", cargo=vocabulary)
    return "".join(package(f"Acme.{name}") for name in (*NAMES, "Mixed", "TextSum"))


@pytest.fixture(scope="module")
def program(dotnet: Dotnet, packages: str) -> Path:
    """The program Ragged.cs, built."""
    items = '<FrameworkReference Include="Microsoft.AspNetCore.App" />' + packages
    folder = dotnet.project("ragged", NET10, items, "Ragged.cs", "Callers.cs", "Failures.cs", "WebRows.cs")
    dotnet(folder, "build", "-v", "q", "-c", "Release")
    return folder / "bin/Release/net10.0/ragged.dll"


@pytest.fixture(scope="module")
def lines(dotnet: Dotnet, program: Path) -> list[str]:
    """What the program Ragged.cs prints."""
    return dotnet(program.parent, str(program)).splitlines()


@pytest.fixture(scope="module")
def service(sdk: str, program: Path) -> Iterator[WebProgram]:
    """Every sample model behind an endpoint."""
    with WebProgram([sdk, str(program), "serve"]) as service:
        yield service


@pytest.mark.parametrize(
    "expected",
    [
        "ragged True",
        "span 6 empty 0",
        "bound 2 4 24 24 6",
        "allocated 0",
        "image 2 5 10 3",
        "mixed 2x5 5x2 2x5",
        "best 0 0 2 5 4 1",
        "tokens a|bb|c 1/3 3/3",
        "whole 4 2,-4,6 1 3 0,2",
        "halves 1.75,2.25,-0.75 1",
        "without True True True",
        "hostile True",
        "sizes 1 2 3 1 2 3 1",
        "health " + " ".join(f"{name.lower()}:Healthy" for name in sorted(NAMES)),
        "health exceptions 0",
    ],
)
def test_answers(expected: str, lines: list[str]) -> None:
    assert expected in lines


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "length",
            r"ArgumentException: x: expected the number of values to be a positive multiple of 3 \(one row, row-major of shape \[time, 3\]\), got 4",
        ),
        ("nothing", "ArgumentException: .*got 0"),
        ("null", "ArgumentNullException: x: expected values .* got null"),
        ("fourth row", r"ArgumentException: .*got 5. \(Parameter 'rows\[3\]'\)"),
        ("range", "ArgumentException: x: expected numbers from -9 to 9, got 99 at index 1"),
        ("not a number", r"ArgumentException: .*got NaN at index 1. \(Parameter 'rows\[1\]'\)"),
        ("half", "ArgumentException: a: expected numbers from -4 to 4, got 5 at index 0"),
        (
            "sizes",
            r"ArgumentException: pixels: expected 24 values \(one row, row-major of shape \[height, width, 3\], height = 2, width = 4\), got 30",
        ),
        ("no height", r"ArgumentOutOfRangeException: Expected at least 1. \(Parameter 'height'\)"),
        ("overflow", r"ArgumentException: pixels: expected \d+ values"),
        ("null row", r"ArgumentNullException: Expected a ImageInput, got null. \(Parameter 'rows\[0\]'\)"),
        (
            "shared",
            r"ArgumentException: values: expected 3 values \(one row, row-major of shape \[time\], time = 3\), got 2",
        ),
        ("null text", "ArgumentNullException: text: expected text, got null"),
        ("null word", "ArgumentNullException: words: expected text, got null at index 2"),
        ("two words", r"ArgumentException: words: expected 3 values \(one row, row-major of shape \[3\]\), got 2"),
        (
            "half a pair",
            "ArgumentException: text: expected well-formed UTF-16, got an unpaired surrogate at character 3",
        ),
        ("second text", r"ArgumentNullException: .*\(Parameter 'rows\[1\]'\)"),
        ("no batch", r"ArgumentOutOfRangeException: Expected at least 1. \(Parameter 'batch'\)"),
        ("no time", r"ArgumentOutOfRangeException: Expected at least 1. \(Parameter 'time'\)"),
    ],
)
def test_a_failure_says_what_was_expected(name: str, expected: str, lines: list[str]) -> None:
    (line,) = (line for line in lines if line.startswith(f"throws {name}: "))
    assert re.match(f"throws {name}: {expected}", line)


def test_micro_batching_of_ragged_rows_under_stress(lines: list[str]) -> None:
    summaries = [line for line in lines if line.startswith("concurrency")]
    assert len(summaries) == 5
    assert [line for line in summaries if not line.endswith("wrong 0, missing 0, some True")] == []


@pytest.mark.parametrize(
    ("framework", "parameters"),
    [
        ("net8.0", "System.Half[],System.Half"),
        ("netstandard2.0", "Microsoft.ML.OnnxRuntime.Float16[],Microsoft.ML.OnnxRuntime.Float16"),
    ],
)
@pytest.mark.usefixtures("packages")
def test_halves_are_onnxruntime_s_own_where_the_framework_has_none(
    framework: str, parameters: str, dotnet: Dotnet
) -> None:
    with zipfile.ZipFile(dotnet.feed / "Acme.Halves.1.0.0.nupkg") as archive:
        assert f"M:Acme.Models.Halves.Run({parameters})" in archive.read(f"lib/{framework}/Acme.Halves.xml").decode()


def mixed() -> SampleModel:
    """Every dtype at the ends of its range, and a row of a table."""
    calls = {}
    for rows in (1, 3):
        calls[f"rows-{rows}"] = {"class": np.arange(rows)} | {
            f"in {dtype}": np.array([_ends(dtype)] * rows, dtype) for dtype in DTYPES
        }
    return SampleModel(MIXED, mixed_model(), calls)


def _ends(dtype: str) -> list[float]:
    limits = np.iinfo(dtype) if "int" in dtype else np.finfo(dtype) if "float" in dtype else None
    return [limits.min, limits.max] if limits else [False, True]


@pytest.mark.parametrize("make", [*SAMPLE_MODELS, mixed])
@pytest.mark.parametrize("nested", [True, False])
def test_rows_in_json_are_answered_as_onnxruntime_in_python_answers_them(
    make: Callable[[], SampleModel], nested: bool, service: WebProgram
) -> None:
    sample = make()
    outputs = sample.run_in_python()
    for case, inputs in sample.golden_inputs.items():
        answers = service.post(sample.contract.name, {"rows": give(sample.contract, inputs, nested)})["rows"]
        assert answers == expect(sample.contract, outputs[case]), case


@pytest.mark.parametrize(
    "make", [make for make in SAMPLE_MODELS if make.__name__ in ("series", "pair", "image", "many")]
)
def test_rows_of_interleaved_sizes_are_answered_in_order(make: Callable[[], SampleModel], service: WebProgram) -> None:
    sample = make()
    outputs = sample.run_in_python()
    given = [row for inputs in sample.golden_inputs.values() for row in give(sample.contract, inputs, nested=True)]
    expected = [row for case in sample.golden_inputs for row in expect(sample.contract, outputs[case])]
    order = np.random.default_rng(0).permutation(len(given))
    answers = service.post(sample.contract.name, {"rows": [given[i] for i in order]})["rows"]
    assert answers == [expected[i] for i in order]


@pytest.mark.parametrize("make", [make for make in SAMPLE_MODELS if make.__name__ in ("texts", "series", "image")])
def test_a_row_in_a_micro_batch_is_answered_alike(make: Callable[[], SampleModel], service: WebProgram) -> None:
    sample = make()
    outputs = sample.run_in_python()
    for case, inputs in sample.golden_inputs.items():
        for row, expected in zip(
            give(sample.contract, inputs, nested=True), expect(sample.contract, outputs[case]), strict=True
        ):
            assert service.post(f"batched/{sample.contract.name}", row) == expected


@pytest.mark.parametrize("path", ["textsum", "batched/textsum"])
def test_a_text_is_enough_where_the_client_has_a_tokenizer(path: str, service: WebProgram) -> None:
    tokens = [text_reader.make_python_tokenizer().tokenize(text) for text in HOSTILE_TEXTS]
    expected = [{"sum": sum(ids), "count": len(ids)} for ids in tokens]
    assert [service.post(path, {"text": text}) for text in HOSTILE_TEXTS] == expected
    assert service.post(path, {"rows": [{"text": text} for text in HOSTILE_TEXTS]}) == {"rows": expected}
    ones, zeros = ([value] * len(tokens[2]) for value in (1, 0))
    row = {"input_ids": tokens[2], "attention_mask": ones, "token_type_ids": zeros}
    assert service.post(path, row) == expected[2]
