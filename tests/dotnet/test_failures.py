"""docs/dotnet/failures.md against the tests that cause each failure: every row has one, with its exception and its sentence."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.dotnet.client.plain_sources import CSHARP

PROJECT = Path(__file__).resolve().parents[2]
PAGE = PROJECT / "docs/dotnet/failures.md"
CASES = CSHARP / "tests/FailureTests.cs"
LOADING = "When it is loaded"
# Conditions that need another model, another process or the pipeline: file and test.
ELSEWHERE = {
    "a size beyond the proven range": ("tests/dotnet/test_size_client.py", "test_a_size_that_is_not_proven"),
    "a size at which the network itself fails": ("tests/dotnet/test_size_client.py", "test_a_size_that_is_known_to_fail"),
    "the runtime is too old for the model": (
        "pipeline/dotnet/csharp/tests/LoadingTests.cs",
        "A_model_in_a_format_of_the_future_says_which_onnxruntime_is_asked_for",
    ),
    "native library older than the managed part": (
        "tests/dotnet/test_loading.py",
        "test_a_native_library_older_than_the_managed_one_is_named_with_both_versions",
    ),
    "native library missing": ("tests/dotnet/test_loading.py", "test_a_native_library_that_is_missing_names_its_folders"),
    "native library found and broken, or musl": (
        "tests/dotnet/test_loading.py",
        "test_a_native_library_that_is_damaged_gives_the_system_s_reason",
    ),
    "`package.client=assembly` without an SDK": (
        "tests/dotnet/nuget/test_client_form.py",
        "test_assembly_is_an_error_where_there_can_be_none",
    ),
    "no NuGet source has what it is compiled against": (
        "tests/dotnet/nuget/test_client_form.py",
        "test_assembly_is_an_error_where_there_can_be_none",
    ),
    "the client does not compile": (
        "tests/dotnet/nuget/test_client_files.py",
        "test_what_does_not_compile_names_what_it_comes_from",
    ),
    "`package.version` is released with another content": (
        "tests/dotnet/versions/test_package_version.py",
        "test_a_released_version_keeps_its_content",
    ),
}  # fmt: skip
# Programs of tests in which the exception is caught.
PROGRAMS = {"tests/dotnet/test_loading.py": "tests/dotnet/programs/Loading.cs"}


class Row(NamedTuple):
    section: str
    condition: str
    exceptions: list[str]
    sentence: str


def read_page() -> list[Row]:
    rows = []
    for section, text in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        table = [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line.startswith("|")]
        header, _, *entries = [[cell.strip() for cell in line] for line in table]
        for entry in entries:
            cells = dict(zip(header, entry, strict=True))
            told = cells.get("exception", "`DigitsLoadException`" if section == LOADING else "`PipelineError`")
            exceptions = [name.replace("Digits", "TheModel") for name in re.findall(r"`(\w+)`", told)]
            sentence = cells.get("the sentence begins") or cells["the sentence"]
            rows.append(Row(section, cells["condition"], exceptions, sentence))
    return rows


def read_cases() -> dict[str, tuple[str, str]]:
    """Condition -> exception and start of the sentence, as FailureTests.cs has them."""
    cases = re.findall(r'\["((?:[^"\\]|\\.)+)"\] = new\(\s*typeof\((\w+)\),\s*"((?:[^"\\]|\\.)*)"', CASES.read_text())
    return {condition: (exception, sentence.replace('\\"', '"')) for condition, exception, sentence in cases}


ROWS = read_page()
IN_CSHARP = [row for row in ROWS if row.condition not in ELSEWHERE]


def generalize(sentence: str) -> str:
    """The sentence without what another model or machine has otherwise: names, numbers, and where it goes on."""
    names = sentence.replace("TheNamespace.", "").replace("Digits", "TheModel").replace("pixels", "features")
    names = names.replace("/digits", "/predict").replace('"digits"', '"the model"')
    shapes = re.sub(r"\[\d+(, \d+)+\]", "[0]", names)
    return re.sub(r"-?\d[\d.]*\d|\d", "0", shapes).rstrip("… ")


def test_every_row_is_read():
    assert len(ROWS) == sum(line.startswith("|") for line in PAGE.read_text().splitlines()) - 2 * 6


def test_rows_and_cases_agree():
    assert {row.condition for row in ROWS} == read_cases().keys() | ELSEWHERE.keys()
    assert read_cases().keys() & ELSEWHERE.keys() == set()


@pytest.mark.parametrize("row", IN_CSHARP, ids=lambda row: row.condition)
def test_exception_and_sentence_are_the_page_s(row: Row):
    exception, sentence = read_cases()[row.condition]
    assert exception in row.exceptions
    (told, *_) = re.findall(r"`([^`]*)`", row.sentence)
    assert generalize(sentence) == generalize(told)


@pytest.mark.parametrize(("file", "test"), sorted(set(ELSEWHERE.values())))
def test_a_failure_that_is_caused_elsewhere_has_its_test(file: str, test: str):
    assert re.search(rf"(?:def|void|Task) {test}\(", (PROJECT / file).read_text())


@pytest.mark.parametrize("row", [row for row in ROWS if row.condition in ELSEWHERE], ids=lambda row: row.condition)
def test_the_exception_that_is_caused_elsewhere_is_the_page_s(row: Row):
    file, _ = ELSEWHERE[row.condition]
    text = (PROJECT / PROGRAMS.get(file, file)).read_text()
    assert all(re.search(rf"\b{name}\b", text) for name in row.exceptions)
