"""onnxruntime's C# assembly without its version, to compile against.

Its AssemblyVersion is the package's (1.31.1.0), and .NET refuses to load a lower one than an assembly was compiled against: a client that is
compiled against the real file ends with FileNotFoundException where a program goes below the bound. Against this one it takes any.
"""

import struct
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.dotnet import sdk
from pipeline.dotnet.runtime_versions import MANAGED_PACKAGE

ASSEMBLY_FILE = "Microsoft.ML.OnnxRuntime.dll"
# A row of the Assembly table (ECMA-335, II.22.2) begins with the algorithm of the hash, four numbers of the version, and flags.
_ROW = "<IHHHHI"
_SHA1, _HAS_PUBLIC_KEY = 0x8004, 1


def remove_version(assembly: bytes, version: str) -> bytes:
    """The assembly with 0.0.0.0 for its version; the compiler reads no signature.

    Args:
        assembly: Content of Microsoft.ML.OnnxRuntime.dll.
        version: That of its package.

    Raises:
        PipelineError: The assembly does not say this version in exactly one place.
    """
    numbers = (*sdk.numbers(version), 0, 0, 0, 0)[:4]
    row = struct.pack(_ROW, _SHA1, *numbers, _HAS_PUBLIC_KEY)
    places = assembly.count(row)
    if places != 1:
        raise PipelineError(
            f"{ASSEMBLY_FILE} of {MANAGED_PACKAGE} {version}: expected its assembly version, {'.'.join(map(str, numbers))}, in one place, "
            f"got {places}: set package.client=source"
        )
    return assembly.replace(row, struct.pack(_ROW, _SHA1, 0, 0, 0, 0, _HAS_PUBLIC_KEY))


def write_versionless(assembly: Path, version: str, folder: Path) -> Path:
    """A copy of the assembly without its version, in `folder`, under the same name."""
    copy = folder / assembly.name
    copy.write_bytes(remove_version(assembly.read_bytes(), version))
    return copy
