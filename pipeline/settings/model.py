"""The section `model` of params.yaml, typed: the network, and the documentation of its inputs and outputs."""

from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipeline.settings.short_names import METRICS, expand

# Which of more and less is better.
Direction = Literal["higher", "lower"]
# Metrics of these say themselves which direction is better.
KNOW_THEIR_DIRECTION = ("pipeline.metrics.", "torchmetrics.")
Name = Annotated[str, Field(min_length=1)]
# A heading in Markdown: one line.
CardTitle = Annotated[str, Field(pattern=r"^[^\s#][^\r\n]*$")]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class TensorSettings(Section):
    """Documentation of one input or output, for people who call the model; `labels` name the classes, in the order of their numbers."""

    description: str = ""  # What it is, in a sentence.
    unit: str = ""  # Such as kg/m².
    minimum: float | None = None  # The least value that it may have; golden calls go there.
    maximum: float | None = None  # The largest value that it may have.
    labels: list[str] = []  # Names of the classes, in the order of their numbers.
    # NaN stands for a value that is not known.
    missing: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> "TensorSettings":
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"expected minimum <= maximum, got {self.minimum} > {self.maximum}")
        return self


class AxisSettings(Section):
    """The sizes that callers will give a dynamic axis; null: no bound. Nothing is proven, or asked of the network, beyond them."""

    minimum: Annotated[int, Field(ge=1)] = 1  # The smallest size that will come.
    maximum: Annotated[int, Field(ge=1)] | None = None  # The largest; null: any.
    multiple_of: Annotated[int, Field(ge=1)] = 1  # Every size is a multiple of it.

    @field_validator("minimum", "multiple_of", mode="before")
    @classmethod
    def _none_is_one(cls, value: Any) -> Any:
        return 1 if value is None else value

    @model_validator(mode="after")
    def _some_size_fits(self) -> "AxisSettings":
        if self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"expected minimum <= maximum, got {self.minimum} > {self.maximum}")
        if self.maximum is not None and self.smallest > self.maximum:
            raise ValueError(
                f"expected a size from {self.minimum} to {self.maximum} that is a multiple of {self.multiple_of}: there is none"
            )
        return self

    @property
    def smallest(self) -> int:
        return -(-self.minimum // self.multiple_of) * self.multiple_of

    def allows(self, size: int) -> bool:
        return self.minimum <= size and (self.maximum is None or size <= self.maximum) and not size % self.multiple_of

    def __str__(self) -> str:
        """Such as "from 4, to 16, a multiple of 4"."""
        return (
            f"from {self.minimum}{'' if self.maximum is None else f' to {self.maximum}'}"
            f"{f', a multiple of {self.multiple_of}' if self.multiple_of > 1 else ''}"
        )


class Target(Section):
    """What `_target_` names, importable as Hydra finds it, and the arguments that it is called with."""

    # An importable function or class, package.module.Name.
    target: Annotated[str, Field(alias="_target_", pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")]
    kwargs: dict[str, Any] = {}  # Arguments that it is called with.

    @field_validator("kwargs", mode="before")
    @classmethod
    def _none_is_empty(cls, value: Any) -> Any:
        return {} if value is None else value


class Net(Target):
    """A class or function that gives the nn.Module."""


class MetricTarget(Target):
    """A metric: a short name, or what `_target_` names."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return expand(value, METRICS)

    def check_direction(self, direction: Direction | None, setting: str) -> None:
        """Raise ValueError where nothing says which direction is better: metrics that ship and torchmetrics' know it."""
        if (
            direction is None
            and self.target not in METRICS.values()
            and not self.target.startswith(KNOW_THEIR_DIRECTION)
        ):
            raise ValueError(
                f"nothing says whether more or less of {self.target} is better: expected {setting}=higher or {setting}=lower, got none"
            )


class TaskSettings(Section):
    """The model's job: `metric` of its output `output` against the data's `target`; `direction` says what is better."""

    metric: MetricTarget
    output: Name  # The output that is measured.
    direction: Direction | None = None  # Which is better, where the metric does not say.

    @model_validator(mode="after")
    def _knows_its_direction(self) -> "TaskSettings":
        self.metric.check_direction(self.direction, "model.task.direction")
        return self


class WordEncoderSettings(Section):
    """Text -> the numbers of its words; what each setting means stands in `encoders.WordEncoder`."""

    kind: Literal["words"]  # Cut the text into words.
    # A file with one word a line; null: the `size` most frequent ones of the training split.
    vocabulary: str | None = None
    size: Annotated[int, Field(ge=1)] = 20_000  # How many words it learns.
    separators: str = '\t\r\n.,;:!?"()[]{}/-'  # Characters at which words end, beside the space.
    limit: Annotated[int, Field(ge=1, le=10_000)] = 512  # The first so many words count.
    # A longer chunk of characters is one unknown word; RegexFullMatch counts to a thousand.
    longest: Annotated[int, Field(ge=1, le=1000)] = 200
    cases: bool = True  # Whether a word is known in capitals, and with one, too.


class CategoryEncoderSettings(Section):
    """Text -> the number of each value."""

    kind: Literal["categories"]  # Take the text as one value.
    # A file with one value a line; null: the `size` most frequent ones of the training split.
    vocabulary: str | None = None
    size: Annotated[int, Field(ge=1)] = 1000  # How many values it learns.


EncoderSettings = Annotated[WordEncoderSettings | CategoryEncoderSettings, Field(discriminator="kind")]


class TokenizerSettings(Section):
    """Text in front of the network: `file` is a tokenizer.json as Hugging Face's libraries write it.

    `inputs` says which of the network's inputs hold its numbers, the mask and the (constant) types; `text` is the array of
    texts in the data.
    """

    file: Name  # A tokenizer.json.
    max_length: Annotated[int, Field(ge=3)]  # Tokens of a text that count, the special ones included.
    inputs: dict[Literal["ids", "mask", "types"], Name]  # Which of the network's inputs hold numbers, mask and types.
    text: Name = "text"  # The array of texts in the data.

    @field_validator("inputs")
    @classmethod
    def _fills_ids(cls, inputs: dict[str, str]) -> dict[str, str]:
        if "ids" not in inputs:
            raise ValueError(f"expected the input that takes the tokens, as {{ids: input_ids}}, got {inputs}")
        return inputs


class Model(Section):
    # Names package, client, experiment and registered model.
    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$")]
    description: str  # What the model does, in a sentence.
    net: Net
    weights: str | None
    # false: names that are missing or unexpected in the weights are reported, not refused.
    strict: bool
    dynamic_axes: dict[str, dict[int, Name]]
    # Which sizes of them will come, by the axis's name.
    axes: dict[Name, AxisSettings] = {}
    # What turns inputs of text into numbers for the network, by input.
    encoders: dict[str, EncoderSettings]
    # What a person is told of each input; null: every array of the data but `target`.
    inputs: dict[str, TensorSettings]
    # What a person is told of each output, in their order; null: the network's own.
    outputs: dict[str, TensorSettings]
    task: TaskSettings | None
    tokenizer: TokenizerSettings | None = None
    # Sections of the model card in your own words, text by title; they decide nothing of weights or graph.
    card: dict[CardTitle, Name] = {}

    @field_validator("dynamic_axes", "axes", "encoders", "inputs", "outputs", "card", mode="before")
    @classmethod
    def _none_is_empty(cls, value: Any) -> Any:
        """conf/ says null: Hydra lets the command line fill that, and not an empty mapping."""
        return {} if value is None else value

    @model_validator(mode="after")
    def _bounded_axes_are_dynamic(self) -> "Model":
        names = sorted({name for axes in self.dynamic_axes.values() for name in axes.values()} - {"batch"})
        for axis_name in self.axes:
            if axis_name == "batch":
                raise ValueError("axes.batch: the batch is never bounded: leave it out")
            if axis_name not in names:
                close = get_close_matches(axis_name, names, 1)
                raise ValueError(
                    f"axes.{axis_name}: expected an axis that dynamic_axes names ({', '.join(names) or 'there is none'})"
                    f"{f'; did you mean {close[0]}?' if close else ''}"
                )
        return self

    @model_validator(mode="after")
    def _token_axes_are_dynamic(self) -> "Model":
        token_inputs = list(self.tokenizer.inputs.values()) if self.tokenizer else []
        axes = [self.dynamic_axes.get(name, {}) for name in token_inputs]
        for name, input_axes in zip(token_inputs, axes, strict=True):
            if sorted(input_axes) != [0, 1] or input_axes != axes[0]:
                raise ValueError(
                    f"a tokenizer fills rows of any length: expected dynamic_axes {{{name}: {{0: batch, 1: tokens}}}}, alike for all "
                    f"of {token_inputs}, got {input_axes}"
                )
        return self
