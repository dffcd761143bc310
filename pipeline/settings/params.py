"""params.yaml, typed: one section for each part of the pipeline, checked when it is read.

The sections mirror the groups of conf/. Every value is checked before any stage begins to work.
"""

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from pipeline.core.errors import PipelineError
from pipeline.settings import compat
from pipeline.settings.compose import PARAMS
from pipeline.settings.model import Model, Name, Section

Share = Annotated[float, Field(ge=0, lt=1)]
# The operators that cut text came with it.
WORDS_OPSET = 20
# More than any machine has, and fewer than a process may start.
MOST_THREADS = 1024


class Data(Section):
    source: Literal["digits", "random", "waves", "npz", "sentences", "texts", "diabetes", "shapes"]
    # A file or a folder; for sentences also a file for each label, by name or in the order of their numbers.
    path: str | list[str] | dict[str, str] | None
    rows: Annotated[int, Field(ge=30)] | None
    shapes: dict[str, list[int]]
    validation: Annotated[Share, Field(gt=0)]
    test: Annotated[Share, Field(gt=0)]

    @model_validator(mode="after")
    def _complete(self) -> "Data":
        if self.validation + self.test >= 1:
            raise ValueError(f"expected validation + test < 1, got {self.validation} + {self.test}")
        if self.source == "npz" and (not isinstance(self.path, str) or self.path == "???"):
            raise ValueError("data=npz needs data.path=/path/to/file.npz")
        if self.source == "sentences" and self.path in (None, "???", [], {}):
            raise ValueError("data=sentences needs data.path=/folder/of/label.txt or data.path={label: file, ...}")
        if self.source == "texts" and not self.rows:
            raise ValueError("data=texts needs data.rows, how many sentences to make")
        if self.source in ("random", "waves", "shapes") and not (self.rows and self.shapes):
            raise ValueError(f"data={self.source} needs data.rows and data.shapes={{input: [size, ...]}}")
        return self


def _threads(value: object) -> object:
    if value != "auto" and (type(value) is not int or not 1 <= value <= MOST_THREADS):
        raise ValueError(f"expected auto or a number from 1 to {MOST_THREADS}, got {value!r}")
    return value


class Train(Section):
    enabled: bool
    launcher: Name
    epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]
    threads: Annotated[int | Literal["auto"], BeforeValidator(_threads)]
    lr: Annotated[float, Field(gt=0)]
    weight_decay: Annotated[float, Field(ge=0)]
    warmup: Share
    patience: Annotated[int, Field(ge=1)]


class Export(Section):
    exporter: Literal["auto", "dynamo", "tracer"]
    opset: int
    golden_batches: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)]

    @field_validator("opset")
    @classmethod
    def _loadable(cls, opset: int) -> int:
        runtime, limits = compat.installed()
        if not compat.LOWEST_OPSET <= opset <= limits.opset:
            raise ValueError(
                f"expected an opset from {compat.LOWEST_OPSET} to {limits.opset} (the highest that onnxruntime {runtime} "
                f"loads), got {opset}"
            )
        return opset


class Tolerance(Section):
    """A value passes when |got - expected| <= atol + rtol * |expected|."""

    atol: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    rtol: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Parity(Tolerance):
    dtypes: dict[Literal["float16", "float64"], Tolerance]
    task_budget: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Package(Section):
    id: Name | None
    version: Name
    authors: Name
    license: Name
    namespace: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")]
    class_name: Annotated[str, Field(pattern=r"^[A-Z]\w*$")] | None
    client: Literal["source", "compiled"]
    largest_mb: Annotated[int, Field(ge=1)]


class Verify(Section):
    mode: Literal["auto", "required", "off"]
    threads: Annotated[int, Field(ge=1, le=64)]
    least_cosine: Annotated[float, Field(ge=0, lt=1)]


class Publish(Section):
    tracking_uri: Name | None
    experiment: Name
    registered_model: Name
    alias: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]


class Files(Section):
    """What stages depend on of the user's own, for dvc.yaml; lists have a place for each file, and LICENSE where there is none."""

    data: list[str]
    vocabularies: list[str]
    weights: str
    network: str
    tokenizer: str


class Params(Section):
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    conf_hash: str
    data: Data
    train: Train
    export: Export
    parity: Parity
    package: Package
    verify: Verify
    publish: Publish
    model: Model
    # Last: where a path is not given, the setting that lacks it is what should be said.
    files: Files

    @model_validator(mode="after")
    def _text_has_its_operators(self) -> "Params":
        words = [name for name, encoder in self.model.encoders.items() if encoder.kind == "words"]
        for name in words:
            if self.model.dynamic_axes.get(name, {}).get(0) != "batch":
                raise ValueError(
                    f"model.encoders.{name} with kind=words needs one text a row: model.dynamic_axes={{{name}: {{0: batch}}}}"
                )
        if words and self.export.opset < WORDS_OPSET:
            raise ValueError(
                f"model.encoders with kind=words needs export.opset={WORDS_OPSET} or later (StringSplit came with it), got {self.export.opset}"
            )
        return self


def load(path: Path = PARAMS) -> Params:
    """Read and check `path`.

    Raises:
        PipelineError: The file is missing, is not YAML, or has an unknown, missing or unacceptable setting.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        values = YAML(typ="safe").load(path)
    except FileNotFoundError:
        raise PipelineError(f"{path} is missing: compose it from conf/ with `python -m pipeline params`") from None
    except YAMLError as error:
        raise PipelineError(
            f"{path}: expected YAML, got {' '.join(str(error).split())}; compose it again with `python -m pipeline params`"
        ) from None
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        raise PipelineError(f"{path}: {_sentence(error)}") from None


def _sentence(error: ValidationError) -> str:
    """The first thing that is wrong, and how many more there are."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        close = difflib.get_close_matches(str(first["loc"][-1]), _fields(first["loc"][:-1]), n=1)
        hint = (
            f"; did you mean {close[0]!r}?" if close else f"; expected one of {', '.join(_fields(first['loc'][:-1]))}"
        )
        return f"{key}: there is no such setting{hint}{more}"
    if first["type"] == "missing":
        return f"{key}: the setting is missing; compose the file again with `python -m pipeline params`{more}"
    told = first["msg"].removeprefix("Value error, ")
    # A validator of ours says itself what it got.
    got = "" if first["type"] == "value_error" else f", got {first['input']!r}"
    if not key:  # of several settings together
        return f"{told}{more}"
    return f"{key}: {told[0].lower()}{told[1:]}{got}; set it with `python -m pipeline params {key}=...` or -S{more}"


def _fields(loc: tuple[int | str, ...]) -> list[str]:
    """Names of the settings in the section at `loc`."""
    section: Any = Params
    for part in loc:
        field = getattr(section, "model_fields", {}).get(part)
        section = field.annotation if field else None
    return [field.alias or name for name, field in getattr(section, "model_fields", {}).items()]
