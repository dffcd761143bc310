"""Which opset and IR version an onnxruntime accepts.

Source: identity models of every opset and IR version loaded into one patch release of each minor version (1.18 and
later measured, earlier ones from onnxruntime's documentation of its compatibility). Release notes mislead: 1.28 and
1.31 reject opset 27.
"""

from importlib.metadata import version
from typing import NamedTuple

from pipeline.core.errors import PipelineError


class Limits(NamedTuple):
    """The highest ONNX opset and IR version that a runtime loads."""

    opset: int
    ir: int


# First minor version of onnxruntime 1.x with these limits -> the limits.
_FROM_MINOR = {
    8: Limits(14, 7),
    9: Limits(15, 8),
    11: Limits(16, 8),
    12: Limits(17, 8),
    14: Limits(18, 8),
    15: Limits(19, 8),
    16: Limits(19, 9),
    17: Limits(20, 9),
    18: Limits(21, 10),
    21: Limits(22, 10),
    23: Limits(23, 11),
    24: Limits(25, 13),
    25: Limits(26, 13),
    32: Limits(28, 14),
}

# The C# client is written for OrtValue, which Microsoft.ML.OnnxRuntime has had since 1.16.
CLIENT_MINOR = 16
NEWEST_MINOR = max(_FROM_MINOR)

# First opset that came with an IR version -> the IR version; an opset between came with that of the one before.
# Source: VERSION_TABLE of onnx.helper. A runtime that loads the opset loads this IR version too; none before 8 is written here.
_IR_FROM_OPSET = {1: 8, 19: 9, 21: 10, 23: 11, 24: 12, 25: 13, 28: 14}

# The oldest opset that the dynamo exporter's graphs are converted down to.
LOWEST_OPSET = 16


def find_limits(onnxruntime: str) -> Limits:
    """Limits of an onnxruntime version such as "1.31.1"; a later minor than the table's last has the last's.

    Raises:
        PipelineError: The version is not 1.x with x of 8 or more.
    """
    try:
        major, minor = (int(part) for part in onnxruntime.split(".")[:2])
    except ValueError:
        raise PipelineError(f"expected an onnxruntime version such as 1.31.1, got {onnxruntime!r}") from None
    first_minors = [first for first in _FROM_MINOR if first <= minor]
    if major != 1 or not first_minors:
        raise PipelineError(f"onnxruntime {onnxruntime} is not known: expected 1.8 or later")
    return _FROM_MINOR[max(first_minors)]


def minimum_onnxruntime(opset: int, ir: int) -> str:
    """The oldest onnxruntime, such as "1.18", that loads this opset and IR version in the C# client.

    Raises:
        PipelineError: No onnxruntime that is known here does.
    """
    for minor, highest in _FROM_MINOR.items():
        if highest.opset >= opset and highest.ir >= ir:
            return f"1.{max(minor, CLIENT_MINOR)}"
    newest = _FROM_MINOR[max(_FROM_MINOR)]
    raise PipelineError(
        f"expected opset {newest.opset} and IR version {newest.ir} at most, got opset {opset} and IR version {ir}: set export.opset "
        "lower and export again"
    )


def least_ir(opset: int) -> int:
    """The IR version that came with an opset, 8 at least: no earlier one knows the types of its operators."""
    return _IR_FROM_OPSET[max(first for first in _IR_FROM_OPSET if first <= opset)]


def highest_opset(ir: int) -> int:
    """The highest opset that came with this IR version or an earlier one; `ir` is older than the newest."""
    return min(first for first, needed in _IR_FROM_OPSET.items() if needed > ir) - 1


def read_installed() -> tuple[str, Limits]:
    """Version and limits of the onnxruntime in this environment, without importing it."""
    onnxruntime = version("onnxruntime")
    return onnxruntime, find_limits(onnxruntime)
