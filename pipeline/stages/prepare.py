"""prepare: a data source -> build/data/{train,validation,test}.npz, and what its texts need: encoders, a tokeniser."""

from pathlib import Path

import numpy as np

from pipeline.core.arrays import is_text, save
from pipeline.core.files import replacing_folder
from pipeline.core.paths import DATA, ENCODERS, SPLITS, TOKENIZER
from pipeline.data import corpus, loader
from pipeline.data.checks import check_rows
from pipeline.data.split import split
from pipeline.network import encoders
from pipeline.settings.params import Params
from pipeline.tokenizer import huggingface
from pipeline.tokenizer.token_files import save_tokenizer


def write_tokenizer(folder: Path, tokenizer: huggingface.LoadedTokenizer, params: Params) -> None:
    """What the C# client will need of the tokenizer, held against it first."""
    assert params.model.tokenizer
    texts = corpus.corpus(np.random.default_rng(params.seed))
    token_ids = tokenizer.ids(texts)
    client = huggingface.pieces(tokenizer, huggingface.table(tokenizer))
    huggingface.prove(client, texts, token_ids)
    spec = huggingface.describe(tokenizer, client, params.model.tokenizer)
    vocabulary = huggingface.vocabulary_file(tokenizer)
    save_tokenizer(folder, spec, vocabulary, client.characters.dump(), texts, token_ids)
    print(
        f"prepare: {TOKENIZER}: {len(texts):,} texts, {sum(map(len, token_ids)):,} tokens of {len(client.vocabulary):,} known"
    )


def run(params: Params) -> None:
    rng = np.random.default_rng(params.seed)
    arrays, where = loader.read(params.data, params.model, rng), loader.describe(params.data)
    tokenizer = huggingface.read(params.model.tokenizer) if params.model.tokenizer else None
    if tokenizer and params.model.tokenizer:
        arrays = huggingface.fill(arrays, tokenizer, params.model.tokenizer, where)
    check_rows(arrays, params.model, where, least=30 if params.train.enabled else 1)
    # What is not trained has seen no row: all of them may test it.
    parts = split(arrays, params.data, rng) if params.train.enabled else dict.fromkeys(SPLITS, arrays)
    text_encoders = encoders.fit(params.model.encoders, parts["train"])
    with replacing_folder(DATA) as folder:
        if tokenizer:
            write_tokenizer(folder / TOKENIZER.name, tokenizer, params)
        encoders.save_encoders(text_encoders, folder)
        for name, part in parts.items():
            save(folder / f"{name}.npz", part)
    for name, encoder in text_encoders.items():
        print(f"prepare: {ENCODERS}: {name}: {encoder.kind}, {len(encoder.entries):,} entries from the training split")
    for name, part in parts.items():
        columns = (
            f"{key} {'text' if is_text(array) else array.dtype}{list(array.shape)}" for key, array in part.items()
        )
        print(f"prepare: {DATA / name}.npz: {', '.join(columns)}")
