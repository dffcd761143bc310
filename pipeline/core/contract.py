"""The contract: all that a consumer needs to call the model, in build/contract.json.

Written once, by `export`; every later stage and the C# client go by it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.core.arrays import Arrays
from pipeline.core.errors import PipelineError
from pipeline.core.files import read_json, sha256, write_json

CONTRACT = Path("build/contract.json")
GOLDEN_INPUTS = Path("build/golden/inputs.npz")
GOLDEN_OUTPUTS = Path("build/golden/outputs.npz")
# The eager model's answers to the whole test split, row for row.
GOLDEN_TEST = Path("build/golden/test.npz")
# Texts, their tokens and the eager model's answers to them; empty for a model without a tokeniser.
GOLDEN_TEXTS = Path("build/golden/texts.npz")
# The name of the axis of rows: where it stands, a call has any number of them; without it a call is one row.
BATCH = "batch"

# What an input of tokens may hold: their numbers, 1 for each, 0 for each.
Role = Literal["ids", "mask", "types"]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class TensorSpec(Part):
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


class Golden(Part):
    """Fingerprints of the golden files, so that another model's answers are never compared with this one's."""

    inputs_sha256: Sha256
    outputs_sha256: Sha256
    test_sha256: Sha256
    texts_sha256: Sha256 | None = None


class TokenizerSpec(Part):
    """How a text becomes inputs, in C# too: what pipeline/wordpiece.py needs, and where the two larger parts are.

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


class Task(Part):
    metric: str
    output: str


class Contract(Part):
    schema_version: Literal[1] = 1
    name: str
    description: str
    inputs: list[TensorSpec]
    outputs: list[TensorSpec]
    task: Task | None
    opset: int
    ir_version: int
    weights_sha256: Sha256
    configuration_sha256: Sha256
    golden: Golden
    tokenizer: TokenizerSpec | None = None

    @property
    def batched(self) -> bool:
        return any(BATCH in tensor.shape for tensor in self.inputs)


def save(contract: Contract, path: Path = CONTRACT) -> None:
    write_json(path, contract.model_dump())


def load(path: Path = CONTRACT) -> Contract:
    """Read the contract.

    Raises:
        PipelineError: The file is missing or does not have this form.
    """
    try:
        return Contract.model_validate(read_json(path, made_by="export"))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PipelineError(
            f"{path}: {where}: {first['msg']}; make it again with `python -m pipeline export`"
        ) from None


def check_golden(contract: Contract) -> None:
    """Raise PipelineError unless the golden files on disk are those that were made with `contract`."""
    for path, expected in (
        (GOLDEN_INPUTS, contract.golden.inputs_sha256),
        (GOLDEN_OUTPUTS, contract.golden.outputs_sha256),
        (GOLDEN_TEST, contract.golden.test_sha256),
        *([(GOLDEN_TEXTS, contract.golden.texts_sha256)] if contract.golden.texts_sha256 else []),
    ):
        found = sha256(path) if path.exists() else "no file"
        if found != expected:
            raise PipelineError(
                f"{path}: expected the golden file made with this model's contract (sha256 {expected[:12]}), got another "
                f"({found[:12]}): make both again with `python -m pipeline export`"
            )


def cases(golden: Arrays) -> dict[str, Arrays]:
    """Split the arrays of a golden file, keyed `case/name`, by case, in the file's order."""
    found: dict[str, Arrays] = {}
    for key, array in golden.items():
        case, _, name = key.partition("/")
        found.setdefault(case, {})[name] = array
    return found


def join(by_case: Mapping[str, Mapping[str, Any]]) -> Arrays:
    """The inverse of `cases`."""
    return {f"{case}/{name}": array for case, arrays in by_case.items() for name, array in arrays.items()}
