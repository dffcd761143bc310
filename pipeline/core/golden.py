"""Golden calls: inputs, and the outputs that the eager network gave for them once; every comparison is with these.

A call is the inputs of one run of the model and the eager network's answers. What it is for is data in it, so that whoever
uses golden calls loops over them, and knows no kinds. `calls.json` lists them; the arrays lie in `calls.npz` by number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, TypeAdapter

from pipeline.core.arrays import Array, Arrays, load, save
from pipeline.core.errors import PipelineError
from pipeline.core.files import checked
from pipeline.core.paths import GOLDEN, GOLDEN_ARRAYS, GOLDEN_INDEX
from pipeline.core.records import Record, read_record, write_record
from pipeline.core.rows import Rows

# rows: real rows of the data. size: real rows cut or repeated to another size of a dynamic axis. guard: at sizes on both sides of
# what the exporter took for granted. mask: masks that are all true or all false. edge: the ends of the inputs' ranges, and zeros.
# odd text, missing: rows with hostile text, or in which all that may be missing is. texts: texts that the client tokenizes.
Purpose = Literal["rows", "size", "guard", "mask", "edge", "odd text", "missing", "texts"]


@dataclass(frozen=True)
class GoldenCall:
    """One run of the model.

    `rows` is the number of rows, None where the model knows no batch. `sizes` has the size of each dynamic axis by its name,
    the batch's among them. `texts`, one a row, became `inputs` by the tokenizer.
    """

    name: str
    purpose: Purpose
    rows: int | None
    sizes: dict[str, int]
    inputs: Arrays
    outputs: Arrays = field(default_factory=dict)
    texts: Sequence[str] = ()


class _Entry(Record):
    """A call in calls.json: the number of each array in calls.npz, by name."""

    name: str
    purpose: Purpose
    rows: int | None
    sizes: dict[str, int]
    inputs: dict[str, int]
    outputs: dict[str, int]
    texts: int | None

    def numbers(self) -> list[int]:
        """Those of its arrays."""
        return [*self.inputs.values(), *self.outputs.values(), *([] if self.texts is None else [self.texts])]


# Without a call a comparison would prove nothing: an empty list is refused.
_INDEX: TypeAdapter[list[_Entry]] = TypeAdapter(Annotated[list[_Entry], Field(min_length=1)])


def save_calls(calls: Sequence[GoldenCall], folder: Path = GOLDEN) -> None:
    """Write the calls into `folder`; equal calls give equal bytes."""
    arrays: list[Array] = []

    def put(array: Array) -> int:
        arrays.append(array)
        return len(arrays) - 1

    entries = [
        _Entry(
            name=call.name,
            purpose=call.purpose,
            rows=call.rows,
            sizes=call.sizes,
            inputs={name: put(array) for name, array in call.inputs.items()},
            outputs={name: put(array) for name, array in call.outputs.items()},
            texts=put(np.array(call.texts, dtype=object)) if call.texts else None,
        )
        for call in calls
    ]
    save(folder / GOLDEN_ARRAYS.name, {str(number): array for number, array in enumerate(arrays)})
    write_record(folder / GOLDEN_INDEX.name, _INDEX, entries)


def load_calls() -> list[GoldenCall]:
    """Read what `export` wrote.

    Raises:
        PipelineError: A file is missing, was changed, or does not have this form.
    """
    entries = read_record(checked(GOLDEN_INDEX, "export"), _INDEX, made_by="export")
    arrays = load(checked(GOLDEN_ARRAYS, "export"), made_by="export")
    numbers = {str(number) for entry in entries for number in entry.numbers()}
    if lacking := sorted(numbers - set(arrays)):
        raise PipelineError(
            f"{GOLDEN_ARRAYS}: expected {len(numbers)} arrays by number, as {GOLDEN_INDEX} lists them, got none of number {lacking[0]}: make "
            "both again with `python -m pipeline export`"
        )
    for entry in entries:
        if entry.texts is not None:
            texts = {name: arrays[str(number)] for name, number in (*entry.inputs.items(), *entry.outputs.items())}
            Rows({"texts": arrays[str(entry.texts)], **texts}, batched=True).check_aligned(
                f"{GOLDEN_ARRAYS}: call {entry.name!r}"
            )
    return [
        GoldenCall(
            name=entry.name,
            purpose=entry.purpose,
            rows=entry.rows,
            sizes=entry.sizes,
            inputs={name: arrays[str(number)] for name, number in entry.inputs.items()},
            outputs={name: arrays[str(number)] for name, number in entry.outputs.items()},
            texts=() if entry.texts is None else arrays[str(entry.texts)].tolist(),
        )
        for entry in entries
    ]


def proven_sizes(calls: Sequence[GoldenCall]) -> dict[str, list[int]]:
    """For every dynamic axis, the sizes that golden calls have, smallest first."""
    sizes: dict[str, set[int]] = {}
    for call in calls:
        for axis, size in call.sizes.items():
            sizes.setdefault(axis, set()).add(size)
    return {axis: sorted(axis_sizes) for axis, axis_sizes in sizes.items()}


def check_proven(calls: Sequence[GoldenCall], sizes: Mapping[str, Sequence[int]]) -> None:
    """Raise PipelineError unless there is a call at every size that the contract calls proven.

    Args:
        calls: The golden calls.
        sizes: The contract's, by axis.
    """
    of_calls = proven_sizes(calls)
    for axis, proven in sizes.items():
        if lacking := sorted({*proven} - {*of_calls.get(axis, [])}):
            raise PipelineError(
                f"{GOLDEN_INDEX}: expected a call at each size of {axis!r} that the contract calls proven, got none at {lacking}: make both "
                "again with `python -m pipeline export`"
            )


@dataclass(frozen=True)
class GoldenTexts:
    """The golden calls' texts, one after the other: the tokens of each, and by output the values of its row, flat."""

    texts: list[str]
    token_ids: list[list[int]]
    outputs: dict[str, list[Array]]


def golden_texts(calls: Sequence[GoldenCall], ids_input: str) -> GoldenTexts:
    """The texts of `calls`, whose tokens are in the input `ids_input`."""
    with_texts = [call for call in calls if call.texts]
    names = with_texts[0].outputs if with_texts else ()
    return GoldenTexts(
        [text for call in with_texts for text in call.texts],
        [ids.tolist() for call in with_texts for ids in call.inputs[ids_input]],
        {name: [np.asarray(row).reshape(-1) for call in with_texts for row in call.outputs[name]] for name in names},
    )
