"""The tokenizer's files, which `prepare` writes for the export and for the C# client; a model without one has none."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import TypeAdapter

from pipeline.core.arrays import load, save
from pipeline.core.contract import TokenizerSpec
from pipeline.core.errors import PipelineError
from pipeline.core.files import checked
from pipeline.core.paths import (
    TOKENIZER,
    TOKENIZER_CHARACTERS,
    TOKENIZER_SPEC,
    TOKENIZER_TEXTS,
    TOKENIZER_VOCABULARY,
)
from pipeline.core.records import read_record, write_record

_FORM = TypeAdapter(TokenizerSpec)


class TokenizerFiles(NamedTuple):
    """What there is to write.

    `spec` is the tokenizer's part of the contract; `vocabulary` has a piece a line, in the order of their ids; `characters` is the
    table of replacements of characters, as pipeline/tokenizer/wordpiece.py writes it; `texts` prove the C# client's tokenizer, and
    `token_ids` are Hugging Face's tokens of each.
    """

    spec: TokenizerSpec
    vocabulary: str
    characters: str
    texts: Sequence[str]
    token_ids: Sequence[Sequence[int]]


def save_tokenizer(folder: Path, content: TokenizerFiles) -> None:
    """Write everything into `folder`, which is made."""
    folder.mkdir(parents=True)
    write_record(folder / TOKENIZER_SPEC.name, _FORM, content.spec)
    (folder / TOKENIZER_VOCABULARY.name).write_text(content.vocabulary, encoding="utf-8", newline="")
    (folder / TOKENIZER_CHARACTERS.name).write_text(content.characters, encoding="utf-8", newline="")
    save(
        folder / TOKENIZER_TEXTS.name,
        {
            "texts": np.array(content.texts, dtype=object),
            "counts": np.array([len(ids) for ids in content.token_ids], dtype=np.int64),
            "ids": np.array([token for ids in content.token_ids for token in ids], dtype=np.int64),
        },
    )


def load_tokenizer() -> TokenizerSpec | None:
    """The tokenizer's part of the contract; None for a model without one.

    Raises:
        PipelineError: The file was changed, or does not have its form.
    """
    if not TOKENIZER.exists():
        return None
    return read_record(checked(TOKENIZER_SPEC, "prepare"), _FORM, made_by="prepare")


def load_texts() -> tuple[list[str], list[list[int]]]:
    """The texts that prove the tokenizer, and the tokens of each.

    Raises:
        PipelineError: The file is missing, or was changed.
    """
    arrays = load(checked(TOKENIZER_TEXTS, "prepare"), made_by="prepare")
    if absent := {"texts", "counts", "ids"} - set(arrays):
        raise PipelineError(
            f"{TOKENIZER_TEXTS}: expected the array {min(absent)!r}, got {list(arrays)}: make it again with `python -m pipeline prepare`"
        )
    token_ids = np.split(arrays["ids"], np.cumsum(arrays["counts"])[:-1])
    return arrays["texts"].tolist(), [ids.tolist() for ids in token_ids]
