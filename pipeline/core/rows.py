"""Rows of named arrays, and the calls in which a network takes them: many rows a call, or one where it knows no batch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.core.arrays import Arrays
from pipeline.core.errors import PipelineError

# Rows of one call when there are many: a whole split at once would take too much memory.
CHUNK = 256


@dataclass(frozen=True)
class Rows:
    """Arrays whose first axis is the row.

    `batched`: a call has any number of rows, and its arrays the row's axis first. Otherwise a call is one row, without it.
    """

    arrays: Arrays
    batched: bool

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))

    def check_aligned(self, where: str) -> None:
        """Raise PipelineError unless every array has the axis of rows, and as many of them as the others."""
        shapes = {name: list(array.shape) for name, array in self.arrays.items()}
        if [] in shapes.values() or len({shape[0] for shape in shapes.values()}) != 1:
            raise PipelineError(
                f"{where}: expected arrays whose first axis is the row, the same number of each, got shapes {shapes}"
            )

    def check_some(self, where: str) -> None:
        """Raise PipelineError unless there is a row, and the arrays are aligned."""
        self.check_aligned(where)
        if not len(self):
            raise PipelineError(f"{where}: expected rows, got none: make it again with `python -m pipeline prepare`")

    def take(self, index: Sequence[int]) -> "Rows":
        """Some of the rows, copied."""
        return Rows({name: array[list(index)] for name, array in self.arrays.items()}, self.batched)

    def calls(self, index: Sequence[int]) -> list[Arrays]:
        """The inputs of the calls with these rows: one call with all of them, or one call a row."""
        if self.batched:
            return [self.take(index).arrays]
        return [{name: array[row, ...] for name, array in self.arrays.items()} for row in index]

    def all(self) -> Iterator[Arrays]:
        """The inputs of the calls with every row, in order; without rows it is one call of size 0."""
        if not self.batched:
            yield from self.calls(range(len(self)))
            return
        for start in range(0, max(len(self), 1), CHUNK):
            yield {name: array[start : start + CHUNK] for name, array in self.arrays.items()}

    def gather(self, answers: Sequence[Arrays]) -> Arrays:
        """The answers to `all`, with the row as the first axis of each.

        Raises:
            PipelineError: There is not one answer a row, or the rows' answers differ in shape.
        """
        gathered = {}
        for name in answers[0]:
            parts = [answer[name] for answer in answers]
            if self.batched:
                first = min(len(self), CHUNK)
                if not parts[0].ndim or len(parts[0]) != first:
                    raise PipelineError(
                        f"output {name!r}: expected an answer for each of {first} rows, got shape {list(parts[0].shape)}: keep the "
                        "batch axis; what is the same for every row is expanded to the rows (`.expand(x.shape[0], ...)`) or left out"
                    )
            shapes = sorted({part.shape[self.batched :] for part in parts})
            if len(shapes) > 1:
                raise PipelineError(
                    f"output {name!r}: expected one shape for rows of one size, got {list(shapes[0])} and {list(shapes[-1])}: answer a "
                    "fixed number of values (top-k, or padding and a count)"
                )
            gathered[name] = np.concatenate(parts) if self.batched else np.stack(parts)
        return gathered
