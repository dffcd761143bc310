"""params.yaml, typed: one section for each part of the pipeline, checked when it is read.

The sections mirror the groups of conf/. Every value is checked before any stage begins to work.
"""

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationError, field_validator, model_validator

from pipeline.core.errors import PipelineError
from pipeline.core.semantic_version import AUTO, FORM, is_semantic
from pipeline.settings.champion import Alias, Champion
from pipeline.settings.compose import PARAMS
from pipeline.settings.dotnet_runtimes import DotnetRuntimes
from pipeline.settings.model import Model, Name, Section, Target
from pipeline.settings.package_files import locate_all
from pipeline.settings.parity import Parity
from pipeline.settings.target import PREFIX, IrVersion, Opset, Runtime, check_fit, choose_opset
from pipeline.settings.train_section import Share, Train

# StringSplit and RegexFullMatch, which split text into words, came with it; onnxruntime has loaded it since 1.17.
WORDS_OPSET = 20
WORDS_TARGET = f"{PREFIX}1.17"
# Sections that may name files.
SECTIONS_WITH_FILES = ("data", "model")
# How many golden calls travel in the package: all, some of each purpose, none.
GoldenMode = Literal["full", "slim", "none"]
# What conf/ holds where a person must set a value.
NO_VALUE = "???"


class Data(Target):
    """A function that returns the rows, and the settings that it may take as arguments (see pipeline/data/loader.py)."""

    path: str | list[str] | dict[str, str] | None
    rows: Annotated[int, Field(ge=30)] | None  # How many rows a source makes that makes them up.
    # Shape of one row, by input.
    shapes: dict[str, list[int]]
    # Share of the rows that says which epoch is best; what neither split takes is for training.
    validation: Annotated[Share, Field(gt=0)]
    test: Annotated[Share, Field(gt=0)]  # Share of the rows on which task and graphs are measured.

    @field_validator("shapes", mode="before")
    @classmethod
    def _no_shapes_are_empty(cls, value: Any) -> Any:
        return {} if value is None else value

    @model_validator(mode="after")
    def _some_are_left_for_training(self) -> "Data":
        if self.validation + self.test >= 1:
            raise ValueError(f"expected validation + test < 1, got {self.validation} + {self.test}")
        return self


class Export(Section):
    """The ONNX graph, and the golden calls that PyTorch answers."""

    # auto: torch's dynamo exporter, and the older tracer where dynamo refuses or its graph departs.
    exporter: Literal["auto", "dynamo", "tracer"]
    opset: Opset
    ir_version: IrVersion
    golden_batches: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)]


def _check_version(value: object) -> object:
    if not isinstance(value, str) or (value != AUTO and not is_semantic(value)):
        raise ValueError(f"expected {AUTO} or {FORM}, got {value!r}")
    return value


def _refuse_compiled(value: object) -> object:
    if value == "compiled":
        raise ValueError("expected auto, assembly or source, got 'compiled', which is called assembly now")
    return value


class Package(Section):
    """The NuGet package and its C# client.

    Attributes:
        id: The package's name; null: the model's in PascalCase (digits -> Digits).
        version: auto: it follows from the content and from the last release (released/<Id>.json); or a version of yours, as NuGet takes it.
        authors: Who the package says made it.
        license: An SPDX expression, such as Apache-2.0.
        namespace: Namespace of the C# client.
        runtime: cpu: the package depends on Microsoft.ML.OnnxRuntime; managed: on its C# alone (Microsoft.ML.OnnxRuntime.Managed), and the
            program brings the native library, that of a GPU for example.
        project_url: The page that NuGet links to; null: that of the git remote, where there is one.
        class_name: The client's class; null: the model's name in PascalCase.
        golden: What SelfTest() replays: slim: whole golden calls, the smallest of each purpose (at most 4, all in 256 KiB); full: all; none.
        largest_mb: The largest package, in MB, that may be made: the public gallery takes 250, a feed of your own may take more.
    """

    id: Name | None
    version: Annotated[str, BeforeValidator(_check_version)]
    authors: Name
    license: Name
    namespace: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")]
    class_name: Annotated[str, Field(pattern=r"^[A-Z]\w*$")] | None
    client: Annotated[Literal["auto", "assembly", "source"], BeforeValidator(_refuse_compiled)]
    golden: GoldenMode
    runtime: Literal["cpu", "managed"]
    project_url: Annotated[str, Field(pattern=r"^https://[^\s@]+$")] | None
    largest_mb: Annotated[int, Field(ge=1)]


class Verify(Section):
    """The proof in real .NET."""

    # auto: where there is an SDK, and it says so where there is none; required: fail without one; off: do not.
    mode: Literal["auto", "required", "off"]
    threads: Annotated[int, Field(ge=1, le=64)]
    runtimes: DotnetRuntimes
    least_cosine: Annotated[float, Field(ge=0, lt=1)]


class Publish(Section):
    """What MLflow is told, and where it is.

    Attributes:
        tracking_uri: An MLflow server or database; null: mlflow.db and mlartifacts/ here, or the environment's MLFLOW_TRACKING_URI.
        experiment: MLflow's experiment, in which the run stands.
        registered_model: The registered model that gets the version.
        alias: Of the version that passed last.
        champion: Of the version that consumers take, and by which rule a publication moves it.
    """

    tracking_uri: Name | None
    experiment: Name
    registered_model: Name
    alias: Alias
    champion: Champion

    @model_validator(mode="after")
    def _the_aliases_differ(self) -> "Publish":
        if self.alias.lower() == self.champion.alias.lower():
            raise ValueError(f"expected publish.alias and publish.champion.alias to differ, got {self.alias!r} twice")
        return self


class Params(Section):
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    conf_hash: str
    target: Runtime
    data: Data
    train: Train
    export: Export
    parity: Parity
    package: Package
    verify: Verify
    publish: Publish
    model: Model
    _path: Path = PrivateAttr(default=PARAMS)

    def __eq__(self, other: object) -> bool:
        """Equal settings are equal, whichever file they were read from."""
        return isinstance(other, Params) and self.model_dump() == other.model_dump()

    __hash__ = None  # type: ignore[assignment] # as without it: settings hold dicts

    @model_validator(mode="after")
    def _the_target_loads_the_graph(self) -> "Params":
        check_fit(self.target, self.export.opset, self.export.ir_version)
        return self

    @model_validator(mode="after")
    def _text_has_its_operators(self) -> "Params":
        words = [name for name, encoder in self.model.encoders.items() if encoder.kind == "words"]
        for name in words:
            if self.model.dynamic_axes.get(name, {}).get(0) != "batch":
                raise ValueError(
                    f"model.encoders.{name} with kind=words needs one text a row: model.dynamic_axes={{{name}: {{0: batch}}}}"
                )
        opset = choose_opset(self.target, self.export.opset)
        if words and opset < WORDS_OPSET:
            chosen_by = f"target={self.target}" if self.export.opset == "auto" else f"export.opset={opset}"
            change = f"target={WORDS_TARGET} or later" if self.export.opset == "auto" else "export.opset=auto"
            raise ValueError(
                f"model.encoders with kind=words needs export.opset={WORDS_OPSET} or later (StringSplit came with it), got opset {opset} "
                f"({chosen_by}): set {change}"
            )
        return self

    def files(self) -> dict[str, str]:
        """The files and folders that settings name, by setting."""
        path, tokenizer = self.data.path, self.model.tokenizer
        several = path if isinstance(path, dict) else dict(enumerate(path)) if isinstance(path, list) else {}
        paths = {
            "data.path": path if isinstance(path, str) else None,
            **{f"data.path.{key}": file for key, file in several.items()},
            "model.weights": self.model.weights,
            **{
                f"model.encoders.{name}.vocabulary": encoder.vocabulary for name, encoder in self.model.encoders.items()
            },
            "model.tokenizer.file": tokenizer.file if tokenizer else None,
        }
        return {setting: file for setting, file in paths.items() if file is not None}


def load(path: Path = PARAMS) -> Params:
    """Read and check `path`, which `python -m pipeline params` or `dvc exp run` composed.

    Raises:
        PipelineError: The file is missing, is not YAML, has an unknown, missing or unacceptable setting, or names a file of a
            package that is not installed.
    """
    try:
        params = parse(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError):
        state = "is a folder, not a file" if path.is_dir() else "is missing"
        raise PipelineError(f"{path} {state}: compose it from conf/ with `python -m pipeline params`") from None
    except UnicodeDecodeError as error:
        raise PipelineError(
            f"{path}: expected UTF-8 text, got {error.reason} at byte {error.start}: compose it again with `python -m pipeline params`"
        ) from None
    except PipelineError as error:
        raise PipelineError(f"{path}: {error}") from None
    params._path = path
    return params


def file_of(params: Params) -> Path:
    """The file that settings were read from."""
    return params._path


def parse(text: str, *, locate_files: bool = True) -> Params:
    """Check what `load` reads.

    Args:
        text: YAML.
        locate_files: Whether `package:...` becomes the path of that file on this machine.

    Raises:
        PipelineError: As `load`.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        values = YAML(typ="safe").load(text)
    except (YAMLError, ValueError, RecursionError) as error:  # the last two: a number or a nesting without end
        raise PipelineError(
            f"expected YAML, got {' '.join(str(error).split())}; compose it again with `python -m pipeline params`"
        ) from None
    if locate_files and isinstance(values, dict):
        values |= {name: locate_all(values[name], name) for name in SECTIONS_WITH_FILES if name in values}
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        raise PipelineError(_explain(error)) from None


def _explain(error: ValidationError) -> str:
    """The first thing that is wrong, and how many more there are."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    others = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        close = difflib.get_close_matches(str(first["loc"][-1]), _fields(first["loc"][:-1]), n=1)
        hint = (
            f"; did you mean {close[0]!r}?" if close else f"; expected one of {', '.join(_fields(first['loc'][:-1]))}"
        )
        return f"{key}: there is no such setting{hint}{others}"
    if first["type"] == "missing":
        return f"{key}: the setting is missing; compose the file again with `python -m pipeline params`{others}"
    if first["input"] == NO_VALUE:
        return f"{key}: there is no value yet; set it with `python -m pipeline params {key}=...` or -S{others}"
    message = first["msg"].removeprefix("Value error, ")
    # The message of one of our own validators has the value in it.
    got = "" if first["type"] == "value_error" else f", got {first['input']!r}"
    # Of several settings together, or with what to type in it.
    if not key or f" {key}=" in message:
        return f"{key}: {message}{others}" if key else f"{message}{others}"
    return f"{key}: {message[0].lower()}{message[1:]}{got}; set it with `python -m pipeline params {key}=...` or -S{others}"


def _fields(loc: tuple[int | str, ...]) -> list[str]:
    """Names of the settings in the section at `loc`."""
    section: Any = Params
    for part in loc:
        field = getattr(section, "model_fields", {}).get(part)
        section = field.annotation if field else None
    return [field.alias or name for name, field in getattr(section, "model_fields", {}).items()]
