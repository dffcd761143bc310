"""The contract: all that a consumer needs to call the model, in build/golden/contract.json.

Written once, by `export`, beside the golden calls; every later stage and the C# client go by it.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from pipeline.core.errors import PipelineError
from pipeline.core.files import checked, sha256
from pipeline.core.paths import CONTRACT, GOLDEN, GOLDEN_ARRAYS, GOLDEN_INDEX, GOLDEN_TEST_SPLIT
from pipeline.core.records import Record, read_record, write_record

# The name of the axis of rows: where it stands, a call has any number of them; without it a call is one row.
BATCH = "batch"

# What an input of tokens may hold: their numbers, 1 for each, 0 for each.
Role = Literal["ids", "mask", "types"]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class TensorSpec(Record):
    """One input or output.

    `dtype` is numpy's name (or "string"); `shape` has a number for a fixed axis and a name for one of any size, and the
    same name means the same size wherever it stands. `minimum` and `maximum` bound the values; `labels` names classes.
    """

    name: str
    dtype: str
    shape: list[int | str]
    description: str
    unit: str
    minimum: float | None
    maximum: float | None
    labels: list[str]
    # NaN stands for a value that is not known.
    missing: bool = False


class TokenizerSpec(Record):
    """How a text becomes inputs, in C# too: what pipeline/tokenizer/wordpiece.py needs, and where the two larger parts are.

    `fills` says which input holds the numbers (ids), which is 1 for each (mask) and which 0 (types). `before` and `after`
    stand around every text; `special` are texts that are one token wherever they stand; `max_length` counts all of them.
    """

    kind: Literal["wordpiece"] = "wordpiece"
    fills: dict[Role, str]
    max_length: int
    lower_case: bool
    strip_accents: bool
    prefix: str
    longest_word: int
    unknown: str
    special: dict[str, int]
    before: list[int]
    after: list[int]
    vocabulary: str
    vocabulary_size: int
    vocabulary_sha256: Sha256
    characters_sha256: Sha256


class Task(Record):
    metric: str
    output: str


class ProvenAxis(Record):
    """What the golden calls prove of one dynamic axis.

    `sizes`, smallest first, are those that the network answered; between the smallest and the largest every size is taken to be
    proven that is a multiple of `multiple_of`. `refused` are sizes that the network itself was asked for and could not answer.
    """

    sizes: Annotated[list[int], Field(min_length=1)]
    multiple_of: int = 1
    refused: list[int] = Field(default=[])


class OutputScale(Record):
    """How large the values of one output are, over PyTorch's own answers: what tolerances are relative to.

    `scale` is the 90th percentile of the absolute values, without those that are repeated everywhere (compare/scale.py).
    `rounding` is what moving every weight and input by one rounding moves an answer, as a share of its scale and itself together.
    Where channels differ by orders of magnitude, `channels` has the scale of each index of `axis`. `varies` is false where
    nearly all rows have one answer.
    """

    scale: Annotated[float, Field(ge=0)]
    rounding: Annotated[float, Field(ge=0)] = 0.0
    varies: bool = True
    axis: int | None = None
    channels: list[Annotated[float, Field(ge=0)]] = Field(default=[])


class Contract(Record):
    """Inputs, outputs, and what the model was made from.

    `axes` has what was proven of every dynamic axis (the batch's too), by its name; `scales` how large the
    values of each output are; `golden` the SHA-256 of each
    golden file, so that the outputs of another model are never compared with this one's.
    """

    schema_version: Literal[3] = 3
    name: str
    description: str
    inputs: list[TensorSpec]
    outputs: list[TensorSpec]
    task: Task | None
    opset: int
    ir_version: int
    weights_sha256: Sha256
    configuration_sha256: Sha256
    golden: Annotated[dict[str, Sha256], Field(min_length=1)]
    axes: dict[str, ProvenAxis] = Field(default={})
    scales: dict[str, OutputScale] = Field(default={})
    tokenizer: TokenizerSpec | None = None

    @property
    def batched(self) -> bool:
        return any(BATCH in tensor.shape for tensor in self.inputs)


_FORM = TypeAdapter(Contract)


def golden_sha256(folder: Path = GOLDEN) -> dict[str, str]:
    """The SHA-256 of each golden file in `folder`, by its name."""
    return {name: sha256(folder / name) for name in (GOLDEN_INDEX.name, GOLDEN_ARRAYS.name, GOLDEN_TEST_SPLIT.name)}


def save_contract(contract: Contract, folder: Path = GOLDEN) -> None:
    write_record(folder / CONTRACT.name, _FORM, contract)


def load_contract() -> Contract:
    """Read the contract.

    Raises:
        PipelineError: The file is missing, was changed, or does not have this form; or the golden files beside it are others
            than it was made with.
    """
    contract = read_record(checked(CONTRACT, "export"), _FORM, made_by="export")
    for name, expected in contract.golden.items():
        path = GOLDEN / name
        digest = sha256(path) if path.is_file() else "no file"
        if digest != expected:
            raise PipelineError(
                f"{path}: expected the golden file made with this model's contract (SHA-256 {expected[:12]}), got another "
                f"({digest[:12]}): make both again with `python -m pipeline export`"
            )
    return contract
