"""The setting `target`: the onnxruntime that the consumer runs, and the opset and IR version that are chosen to fit it."""

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator

from pipeline.settings import compat
from pipeline.settings.compat import CLIENT_MINOR, LOWEST_OPSET, NEWEST_MINOR, Limits

PREFIX = "onnxruntime-"
# What export.opset=auto means where the target takes it: text and most of what torch exports need no later one.
USUAL_OPSET = 20
_TARGET = re.compile(rf"{PREFIX}(\d+)\.(\d+)(?:\.\d+)?")
_NUMBER = re.compile(r"(\d+)\.(\d+)(\.\d+)?")


def check_target(value: object) -> str | None:
    """Check what `target` was set to.

    Raises:
        ValueError: It is neither null nor `onnxruntime-X.Y[.Z]`, or a version that the C# client or the table does not know.
    """
    if value is None:
        return None
    name = _TARGET.fullmatch(str(value))
    if name is None:
        raise ValueError(f"expected {PREFIX}X.Y, {PREFIX}X.Y.Z or null, got {value!r}: type target={_spell(value)}")
    major, minor = int(name[1]), int(name[2])
    if (major, minor) < (1, CLIENT_MINOR):
        raise ValueError(
            f"expected {PREFIX}1.{CLIENT_MINOR} or later, since the C# client needs OrtValue, which came with it, got {value}"
        )
    if (major, minor) > (1, NEWEST_MINOR):
        raise ValueError(
            f"expected {PREFIX}1.{CLIENT_MINOR} to {PREFIX}1.{NEWEST_MINOR}, of which it is known what they load "
            f"(pipeline/settings/compat.py), got {value}"
        )
    return str(value)


def _spell(value: object) -> str:
    """What to type in place of a bare version, of which YAML takes 1.20 for the number 1.2, or of a name that is not known."""
    number = _NUMBER.fullmatch(str(value))
    if number and number[1] == "1":
        minor = number[2] if isinstance(value, str) or len(number[2]) > 1 else f"{number[2]}0"
        if CLIENT_MINOR <= int(minor) <= NEWEST_MINOR:
            return f"{PREFIX}1.{minor}{number[3] or ''}"
    return f"{PREFIX}1.18"


def check_opset(value: object) -> object:
    """Check export.opset against the installed onnxruntime, in which every graph is proven.

    Raises:
        ValueError: It is neither `auto` nor a number that the installed onnxruntime loads.
    """
    runtime, limits = compat.read_installed()
    if value != "auto" and (type(value) is not int or not LOWEST_OPSET <= value <= limits.opset):
        raise ValueError(
            f"expected an opset from {LOWEST_OPSET} to {limits.opset} (the highest that onnxruntime {runtime} loads), or auto, got {value!r}"
        )
    return value


def check_ir_version(value: object) -> object:
    """Check export.ir_version against the installed onnxruntime.

    Raises:
        ValueError: It is neither null nor a number that the installed onnxruntime loads.
    """
    runtime, limits = compat.read_installed()
    lowest = compat.least_ir(LOWEST_OPSET)
    if value is not None and (type(value) is not int or not lowest <= value <= limits.ir):
        raise ValueError(
            f"expected an IR version from {lowest} to {limits.ir} (the highest that onnxruntime {runtime} loads), or null, got {value!r}"
        )
    return value


Runtime = Annotated[str | None, BeforeValidator(check_target)]
Opset = Annotated[int | Literal["auto"], BeforeValidator(check_opset)]
IrVersion = Annotated[int | None, BeforeValidator(check_ir_version)]


def target_version(target: str) -> str:
    """The version that `target` names: "1.18" of onnxruntime-1.18."""
    return target.removeprefix(PREFIX)


def find_limits(target: str | None) -> Limits:
    """What both the target and the installed onnxruntime load: the graph is proven in one, and runs in the other."""
    installed = compat.read_installed()[1]
    if target is None:
        return installed
    named = compat.find_limits(target_version(target))
    return Limits(min(named.opset, installed.opset), min(named.ir, installed.ir))


def choose_opset(target: str | None, opset: int | Literal["auto"]) -> int:
    """The opset to export: the one that was set, or for `auto` 20 or the highest that the target and this environment load."""
    return min(USUAL_OPSET, find_limits(target).opset) if opset == "auto" else opset


def choose_ir_version(target: str | None, ir_version: int | None, written: int) -> int:
    """The IR version of the graph: the one that was set, or what the exporter wrote, lowered to what the target loads."""
    return ir_version if ir_version is not None else min(written, find_limits(target).ir)


def check_fit(target: str | None, opset: int | Literal["auto"], ir_version: int | None) -> None:
    """Check export.opset and export.ir_version against the target, and against each other.

    Raises:
        ValueError: The target does not load one of them, or the opset came with a newer IR version.
    """
    limits, chosen = find_limits(target), choose_opset(target, opset)
    if chosen > limits.opset:
        raise ValueError(
            f"export.opset={chosen} does not fit target={target}, which loads opset {limits.opset} at most: set export.opset=auto, "
            f"or target={PREFIX}{compat.minimum_onnxruntime(chosen, compat.least_ir(chosen))} or later"
        )
    if ir_version is None:
        return
    if ir_version > limits.ir:
        raise ValueError(
            f"export.ir_version={ir_version} does not fit target={target}, which loads IR version {limits.ir} at most: set "
            f"export.ir_version=null, or target={PREFIX}{compat.minimum_onnxruntime(LOWEST_OPSET, ir_version)} or later"
        )
    if ir_version < compat.least_ir(chosen):
        raise ValueError(
            f"export.ir_version={ir_version} does not fit opset {chosen}, which came with IR version {compat.least_ir(chosen)}: set "
            f"export.opset={compat.highest_opset(ir_version)} or lower, or export.ir_version=null"
        )
