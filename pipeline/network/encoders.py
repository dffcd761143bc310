"""Encoders: what turns text, which torch cannot hold, into numbers, here in Python and the same in the graph.

An encoder stands between an input of the model and the network's argument of the same name. It is learned from the training
split alone (or read from a vocabulary file), kept in build/data/encoders.json, applied here for training and for
PyTorch's outputs, and written into the graph as plain ONNX operators by `encoder_graph`, so that a consumer passes text.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, TypeAdapter

from pipeline.core.arrays import Array, Arrays, is_text
from pipeline.core.errors import PipelineError
from pipeline.core.files import checked, read_lines
from pipeline.core.paths import DATA, ENCODERS
from pipeline.core.records import Record, read_record, write_record
from pipeline.settings.model import EncoderSettings

# Text is split into chunks here first: the only white space that ONNX's StringSplit splits at.
SPACE = " "


class WordEncoder(Record):
    """One text a row -> its words as numbers: int64 [rows, words], padded with 0 to the longest; 1 is a word not known.

    A text is cut at spaces into chunks, of which the first `limit` count; a chunk of more than `longest` characters is one
    unknown word, any other is cut at each character of `separators`, which is dropped. Of what is left the first `limit` words
    count. So no text, however long, takes more than a fixed amount of memory.
    """

    kind: Literal["words"] = "words"
    entries: list[str]
    separators: str
    limit: int
    longest: int
    # Whether a word is also known in capitals, and with one: there is no lower-casing of text in ONNX that runs everywhere.
    cases: bool

    PADDING: ClassVar = 0
    UNKNOWN: ClassVar = 1

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Every spelling that is known -> its number, from 2 on."""
        numbers = {word: place + 2 for place, word in enumerate(self.entries)}
        if self.cases:
            for word, number in list(numbers.items()):
                for spelling in (word.upper(), word.capitalize()):
                    numbers.setdefault(spelling, number)
        return numbers

    @cached_property
    def _separators(self) -> re.Pattern[str]:
        return re.compile(f"[{re.escape(self.separators)}]" if self.separators else "(?!)")

    def tokens(self, text: str) -> list[str]:
        """The words of one text; a chunk that is too long is a space, which no vocabulary holds."""
        chunks = [chunk for chunk in text.split(SPACE) if chunk][: self.limit]
        words = (
            word
            for chunk in chunks
            for word in (self._separators.split(chunk) if len(chunk) <= self.longest else [SPACE])
        )
        return [word for word in words if word][: self.limit]

    def encode(self, texts: Array) -> Array:
        numbers = [[self.numbers.get(word, self.UNKNOWN) for word in self.tokens(text)] for text in texts.tolist()]
        encoded = np.full((len(numbers), max(map(len, numbers), default=0) or 1), self.PADDING, np.int64)
        for row, row_numbers in zip(encoded, numbers, strict=True):
            row[: len(row_numbers)] = row_numbers
        return encoded


class CategoryEncoder(Record):
    """Text of any shape -> the number of each value from 1 on, int64 of the same shape; 0 is a value not known."""

    kind: Literal["categories"] = "categories"
    entries: list[str]

    UNKNOWN: ClassVar = 0

    @cached_property
    def numbers(self) -> dict[str, int]:
        return {value: place + 1 for place, value in enumerate(self.entries)}

    def encode(self, texts: Array) -> Array:
        flat = [self.numbers.get(value, self.UNKNOWN) for value in texts.reshape(-1).tolist()]
        return np.array(flat, dtype=np.int64).reshape(texts.shape)


Encoder = Annotated[WordEncoder | CategoryEncoder, Field(discriminator="kind")]
Encoders = dict[str, WordEncoder | CategoryEncoder]
_FILE: TypeAdapter[Encoders] = TypeAdapter(dict[str, Encoder])


def fit(settings: Mapping[str, EncoderSettings], train: Arrays) -> Encoders:
    """Learn each encoder from the training split, or read its vocabulary.

    Raises:
        PipelineError: The input is not text of the shape that the encoder takes, or a vocabulary cannot be read.
    """
    encoders: Encoders = {}
    for name, encoder_settings in settings.items():
        texts = train.get(name)
        if texts is None or not is_text(texts):
            got = "no such input" if texts is None else f"{texts.dtype}{list(texts.shape)}"
            raise PipelineError(f"model.encoders.{name}: expected an input of text, got {got}: encode text alone")
        if encoder_settings.kind == "words":
            if texts.ndim != 1:
                raise PipelineError(
                    f"model.encoders.{name}: kind=words takes one text a row, got shape {list(texts.shape)}: use kind=categories, or "
                    "an input for each text"
                )
            word_encoder = WordEncoder(
                entries=[], **encoder_settings.model_dump(include={"separators", "limit", "longest", "cases"})
            )
            frequent = _find_most_frequent(
                (
                    word.lower() if encoder_settings.cases else word
                    for text in texts.tolist()
                    for word in word_encoder.tokens(text)
                ),
                encoder_settings.size,
            )
            encoders[name] = word_encoder.model_copy(
                update={"entries": _read_vocabulary(name, encoder_settings) or frequent}
            )
        else:
            frequent = sorted(_find_most_frequent(texts.reshape(-1).tolist(), encoder_settings.size))
            encoders[name] = CategoryEncoder(entries=_read_vocabulary(name, encoder_settings) or frequent)
    return encoders


def _find_most_frequent(words: Iterable[str], size: int) -> list[str]:
    counts = Counter(word for word in words if word != SPACE)
    return [word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:size]]


def _read_vocabulary(name: str, encoder_settings: EncoderSettings) -> list[str]:
    """The entries of a vocabulary file, one a line; none when it is to be learned."""
    path = encoder_settings.vocabulary
    if path is None:
        return []
    setting = f"model.encoders.{name}.vocabulary"
    entries, where = read_lines(Path(path), setting), f"{setting}={path}"
    if not entries or "" in entries or len(set(entries)) != len(entries):
        raise PipelineError(f"{where}: expected one entry a line, none empty and none twice, got {len(entries)} lines")
    if len(entries) > encoder_settings.size:
        raise PipelineError(
            f"{where}: expected {encoder_settings.size} entries at most (model.encoders.{name}.size), got {len(entries)}: raise the size, and with "
            "it the network's embedding"
        )
    return entries


def encode(inputs: Arrays, encoders: Encoders) -> Arrays:
    """The network's arguments: text through its encoder, everything else as it is.

    Raises:
        PipelineError: An encoder's input is not there, or is no text.
    """
    for name in encoders:
        if name not in inputs or not is_text(inputs[name]):
            got = f"{inputs[name].dtype}" if name in inputs else f"{list(inputs)}"
            raise PipelineError(
                f"{ENCODERS}: expected an input {name!r} of text, got {got}: make both again with `python -m pipeline prepare`"
            )
    return {name: encoders[name].encode(array) if name in encoders else array for name, array in inputs.items()}


def encoded_axes(axes: Mapping[str, dict[int, str]], encoders: Encoders) -> dict[str, dict[int, str]]:
    """The dynamic axes of the network's arguments: those of the inputs, and one more where a text becomes words."""
    word_axes = {name: {1: f"{name}_words"} for name, encoder in encoders.items() if isinstance(encoder, WordEncoder)}
    return {name: {**axes.get(name, {}), **word_axes.get(name, {})} for name in {**axes, **word_axes}}


def save_encoders(encoders: Encoders, folder: Path = DATA) -> None:
    """Write the encoders into `folder`; nothing for a model without encoders."""
    if encoders:
        write_record(folder / ENCODERS.name, _FILE, encoders)


def load_encoders() -> Encoders:
    """Read the encoders that `prepare` wrote; empty where the model has no encoders.

    Raises:
        PipelineError: The file was changed, or does not have this form.
    """
    return read_record(checked(ENCODERS, "prepare"), _FILE, made_by="prepare") if ENCODERS.exists() else {}
