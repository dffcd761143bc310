"""The onnxruntime that the consumer runs: what the setting `target` names, as `fingerprint` saw it on this machine."""

from pathlib import Path

from pydantic import TypeAdapter

from pipeline.core.files import checked
from pipeline.core.paths import TARGET_FINGERPRINT
from pipeline.core.records import Record, read_record, write_record


class TargetRuntime(Record):
    """`target` is the setting (None: the installed onnxruntime); `onnxruntime` the whole version of the wheel that replays, "1.18.1"."""

    target: str | None
    onnxruntime: str


_FORM: TypeAdapter[TargetRuntime] = TypeAdapter(TargetRuntime)


def write_target(runtime: TargetRuntime, path: Path = TARGET_FINGERPRINT) -> None:
    write_record(path, _FORM, runtime)


def read_target() -> TargetRuntime:
    """What `fingerprint` wrote.

    Raises:
        PipelineError: The file is missing, was changed, or does not have this form.
    """
    return read_record(checked(TARGET_FINGERPRINT, "fingerprint"), _FORM, made_by="fingerprint")
