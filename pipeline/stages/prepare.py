"""prepare: a data source -> build/data/{train,validation,test}.npz, and what its texts need: encoders, a tokenizer."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pipeline.core.arrays import Arrays, is_text, save
from pipeline.core.files import replacing_folder
from pipeline.core.paths import DATA, SPLITS, TOKENIZER
from pipeline.core.terminal import say
from pipeline.data import corpus, loader
from pipeline.data.checks import check_rows
from pipeline.data.label_numbers import number_labels
from pipeline.data.split import split_rows
from pipeline.network import encoders
from pipeline.settings.model import TokenizerSettings
from pipeline.settings.params import Params
from pipeline.tokenizer import huggingface
from pipeline.tokenizer.token_files import TokenizerFiles, save_tokenizer

# Columns that the closing line names.
MOST_COLUMNS = 6


def write_tokenizer(
    folder: Path, tokenizer: huggingface.LoadedTokenizer, settings: TokenizerSettings, seed: int
) -> str:
    """Write what the C# client needs of the tokenizer, once its tokens equal Hugging Face's; what that came to."""
    # A text of as many tokens as any can have proves the longest call that the client makes; the empty one proves the shortest.
    texts = corpus.make_corpus(np.random.default_rng(seed), longest=settings.max_length)
    token_ids = tokenizer.tokenize(texts)
    client = huggingface.build_wordpiece(tokenizer, huggingface.build_character_table(tokenizer))
    huggingface.check_client(client, texts, token_ids)
    spec = huggingface.describe_tokenizer(tokenizer, client, settings)
    vocabulary = huggingface.format_vocabulary(tokenizer)
    save_tokenizer(folder, TokenizerFiles(spec, vocabulary, client.characters.dump(), texts, token_ids))
    return f"tokenizer of {len(client.vocabulary):,} tokens, proven on {len(texts):,} texts"


def describe_rows(parts: Mapping[str, Arrays]) -> str:
    """How many rows each split has, and what a row is."""
    first, *others = parts.values()
    counts = {name: len(next(iter(part.values()))) for name, part in parts.items()}
    rows = f"{', '.join(f'{count:,} {name}' for name, count in counts.items())} rows"
    if all(other is first for other in others):
        rows = f"{next(iter(counts.values())):,} rows (nothing trains: each split is all of them)"
    columns = [
        f"{name} {'text' if is_text(array) else array.dtype}{list(array.shape[1:]) if array.ndim > 1 else ''}"
        for name, array in first.items()
    ]
    more = f" and {len(columns) - MOST_COLUMNS} more" if len(columns) > MOST_COLUMNS else ""
    return f"{rows}: {', '.join(columns[:MOST_COLUMNS])}{more}"


def run(params: Params) -> None:
    rng = np.random.default_rng(params.seed)
    arrays, where = loader.read_rows(params.data, params.model, rng), loader.describe_source(params.data)
    settings = params.model.tokenizer
    tokenizer = huggingface.read_tokenizer(settings) if settings else None
    if tokenizer and settings:
        arrays = huggingface.tokenize_rows(arrays, tokenizer, settings, where)
    if "target" in arrays:
        arrays["target"] = number_labels(arrays["target"], params.model, where)
    check_rows(arrays, params.model, where, minimum_rows=30 if params.train.enabled else 1)
    # A network that is not trained here has been fitted to none of the rows: each split is all of them.
    parts = split_rows(arrays, params.data, rng) if params.train.enabled else dict.fromkeys(SPLITS, arrays)
    text_encoders = encoders.fit(params.model.encoders, parts["train"])
    notes = []
    with replacing_folder(DATA) as folder:
        if tokenizer and settings:
            notes.append(write_tokenizer(folder / TOKENIZER.name, tokenizer, settings, params.seed))
        encoders.save_encoders(text_encoders, folder)
        for name, part in parts.items():
            save(folder / f"{name}.npz", part)
    notes += [
        f"{name} as {encoder.kind} of {len(encoder.entries):,} entries" for name, encoder in text_encoders.items()
    ]
    say("prepare", f"{DATA}: {'; '.join([describe_rows(parts), *notes])}")
