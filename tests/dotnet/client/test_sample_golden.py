"""The golden calls with which the C# project is tested are those that their script writes."""

import pytest
from sample_golden import CSHARP, FOLDERS, encode_golden


@pytest.mark.parametrize("folder", FOLDERS)
def test_golden_calls_are_fresh(folder: str) -> None:
    assert {path.name: path.read_bytes() for path in (CSHARP / folder).iterdir()} == encode_golden()[folder]
