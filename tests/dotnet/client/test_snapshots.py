"""The generated C# of six contracts is as it was reviewed, and so is the client of the C# project's sample."""

import pytest
from sample_model import SAMPLE, make_client, make_model
from snapshots import FOLDER, make_snapshots

WRITE = "run `PYTHONPATH=tests/dotnet python tests/dotnet/client/snapshots.py`, and look at what changed"


@pytest.fixture(scope="module")
def generated() -> dict[str, str]:
    return dict(make_snapshots())


def test_the_generated_code_is_as_it_was_reviewed(generated: dict[str, str]) -> None:
    for path, text in generated.items():
        assert (FOLDER / path).read_text() == text, f"{path}: {WRITE}"


def test_no_snapshot_is_left_over(generated: dict[str, str]) -> None:
    assert {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.cs")} == set(generated), WRITE


def test_the_sample_of_the_csharp_project_is_generated() -> None:
    client = make_client()
    assert {path.relative_to(SAMPLE).as_posix(): path.read_text() for path in SAMPLE.rglob("*.cs")} == client, (
        "run `PYTHONPATH=tests/dotnet python tests/dotnet/client/sample_model.py`"
    )


def test_the_model_of_the_sample_is_the_one_that_is_made() -> None:
    assert (SAMPLE / "TheModel.onnx").read_bytes() == make_model()
