"""prepare: a data source -> build/data/{train,validation,test}.npz, and what its texts need: encoders, a tokeniser."""

from pathlib import Path

import numpy as np

from pipeline.core.arrays import is_text, save
from pipeline.core.files import write_json, write_text
from pipeline.core.golden_texts import CHARACTERS, DESCRIPTION, TOKENS, VOCABULARY, save_tokens
from pipeline.data import corpus, loader
from pipeline.data.checks import check_rows
from pipeline.data.split import SPLITS, split
from pipeline.network import encoders
from pipeline.settings.params import Params
from pipeline.tokenizer import huggingface

FOLDER = Path("build/data")


def write_tokenizer(found: huggingface.LoadedTokenizer | None, params: Params) -> None:
    """What the C# client will need of the tokeniser, held against it first; a model without one has only a `null`."""
    if found is None or params.model.tokenizer is None:
        write_json(DESCRIPTION, None)
        for path in (VOCABULARY, CHARACTERS, TOKENS):
            path.unlink(missing_ok=True)
        return
    texts = corpus.corpus(np.random.default_rng(params.seed))
    ids = found.ids(texts)
    client = huggingface.pieces(found, huggingface.table(found))
    huggingface.prove(client, texts, ids)
    write_text(VOCABULARY, huggingface.vocabulary_file(found))
    write_text(CHARACTERS, client.characters.dump())
    save_tokens(texts, ids)
    write_json(DESCRIPTION, huggingface.describe(found, client, params.model.tokenizer).model_dump())
    print(f"prepare: {TOKENS}: {len(texts):,} texts, {sum(map(len, ids)):,} tokens of {len(client.vocabulary):,} known")


def run(params: Params) -> None:
    rng = np.random.default_rng(params.seed)
    arrays, where = loader.read(params.data, params.model, rng), loader.describe(params.data)
    asked = params.model.tokenizer
    found = huggingface.read(asked) if asked else None
    if found and asked:
        arrays = huggingface.fill(arrays, found, asked, where)
    check_rows(arrays, params.model, where, least=30 if params.train.enabled else 1)
    write_tokenizer(found, params)
    # What is not trained has seen no row: all of them may test it.
    parts = split(arrays, params.data, rng) if params.train.enabled else dict.fromkeys(SPLITS, arrays)
    learnt = encoders.fit(params.model.encoders, parts["train"])
    encoders.save(learnt)
    for name, encoder in learnt.items():
        print(
            f"prepare: {encoders.ENCODERS}: {name}: {encoder.kind}, {len(encoder.entries):,} entries from the training split"
        )
    for name, part in parts.items():
        save(FOLDER / f"{name}.npz", part)
        columns = (
            f"{key} {'text' if is_text(array) else array.dtype}{list(array.shape)}" for key, array in part.items()
        )
        print(f"prepare: {FOLDER / name}.npz: {', '.join(columns)}")
