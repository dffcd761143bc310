import struct

import pytest

from pipeline.core.errors import PipelineError
from pipeline.dotnet.nuget.versionless_reference import remove_version, write_versionless


def make_assembly(*version: int) -> bytes:
    return b"MZ" + struct.pack("<IHHHHI", 0x8004, *version, 1) + b"rest"


@pytest.mark.parametrize(
    ("version", "numbers"), [("1.31.1", (1, 31, 1, 0)), ("1.32.0-dev.2", (1, 32, 0, 0)), ("1.20.1.1", (1, 20, 1, 1))]
)
def test_the_version_is_zero(version, numbers):
    assert remove_version(make_assembly(*numbers), version) == make_assembly(0, 0, 0, 0)


@pytest.mark.parametrize("assembly", [make_assembly(1, 30, 0, 0), make_assembly(1, 31, 1, 0) * 2])
def test_an_assembly_of_another_version_is_refused(assembly):
    with pytest.raises(PipelineError, match=r"expected its assembly version, 1\.31\.1\.0, in one place, got [02]: set"):
        remove_version(assembly, "1.31.1")


def test_the_copy_has_the_same_name(tmp_path):
    path = tmp_path / "Microsoft.ML.OnnxRuntime.dll"
    path.write_bytes(make_assembly(1, 31, 1, 0))
    (tmp_path / "copies").mkdir()
    copy = write_versionless(path, "1.31.1", tmp_path / "copies")
    assert (copy.name, copy.read_bytes()) == (path.name, make_assembly(0, 0, 0, 0))
