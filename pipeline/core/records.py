"""Typed JSON files: who reads one cannot misspell a key, and a file that somebody broke gets one sentence."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from pipeline.core.errors import PipelineError
from pipeline.core.files import read_json, write_json

Value = TypeVar("Value")


class Record(BaseModel):
    """Part of a typed JSON file: unknown keys, other types, NaN and infinity are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def write_record(path: Path, form: TypeAdapter[Value], value: Value) -> None:
    write_json(path, form.dump_python(value, mode="json"))


def read_record(path: Path, form: TypeAdapter[Value], made_by: str) -> Value:
    """Read a file that the stage `made_by` writes.

    Raises:
        PipelineError: The file is missing, is not JSON, or does not have this form.
    """
    content: Any = read_json(path, made_by)
    try:
        return form.validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        others = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise PipelineError(
            f"{path}: {where}: {first['msg']}{others}; make it again with `python -m pipeline {made_by}`"
        ) from None
