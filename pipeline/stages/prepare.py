"""prepare: a data source -> build/data/{train,validation,test}.npz, and what its texts need: encoders, a tokeniser."""

from pathlib import Path

import numpy as np

from pipeline.core.arrays import Array, Arrays, check_finite, is_text, save
from pipeline.core.errors import PipelineError
from pipeline.core.files import replacing_folder
from pipeline.core.paths import DATA, ENCODERS, SPLITS, TOKENIZER
from pipeline.data import corpus
from pipeline.data.sources import read
from pipeline.network import encoders
from pipeline.settings.model import Model, Port
from pipeline.settings.params import Data, Params
from pipeline.tokenizer import huggingface
from pipeline.tokenizer.token_files import save_tokenizer


def check(arrays: Arrays, model: Model, where: str, least: int = 1) -> None:
    """Raise PipelineError unless the arrays are rows that the model can be proven on."""
    wanted = sorted([*(model.inputs or model.dynamic_axes), *(["target"] if model.task else [])])
    missing = [name for name in wanted if name not in arrays]
    if missing:
        raise PipelineError(f"{where}: expected arrays {wanted}, got {sorted(arrays)} ({', '.join(missing)} missing)")
    rows = {name: len(array) if array.ndim else None for name, array in arrays.items()}
    if len(set(rows.values())) != 1 or None in rows.values():
        raise PipelineError(f"{where}: expected the same number of rows in every array, got {rows}")
    if min(len(array) for array in arrays.values()) < least:
        raise PipelineError(f"{where}: expected at least {least} rows, got {rows}")
    for name, array in arrays.items():
        if name == "target":
            check_finite({name: array}, where, "repair or drop those rows")
        else:
            check_values(name, array, model, where)
    if model.task and len(np.unique(arrays["target"])) < 2:
        raise PipelineError(
            f"{where}: expected two classes or more in `target`, got {np.unique(arrays['target']).tolist()} alone: there is nothing "
            "to tell apart"
        )


def check_values(name: str, array: Array, model: Model, where: str) -> None:
    """Raise PipelineError unless the values of one input are numbers within its bounds, or text that has an encoder."""
    port = model.inputs.get(name, Port())
    if is_text(array):
        if name not in model.encoders:
            raise PipelineError(
                f"{where}: expected numbers in {name!r}, got text, which torch does not take: give it an encoder "
                f"('model.encoders={{{name}: {{kind: words}}}}', or kind: categories)"
            )
        for row, texts_of_row in enumerate(array.reshape(len(array), -1).tolist()):
            try:
                "".join(texts_of_row).encode()
            except UnicodeEncodeError:
                raise PipelineError(
                    f"{where}: expected text that is valid Unicode in {name!r}, got half a surrogate pair in row {row}: repair or drop "
                    "that row"
                ) from None
        return
    if array.dtype.kind not in "fiub":
        raise PipelineError(f"{where}: expected numbers in {name!r}, got {array.dtype}")
    known = array[~np.isnan(array)] if port.missing and array.dtype.kind == "f" else array
    check_finite(
        {name: known}, where, "repair or drop those rows (missing values: set model.inputs.<name>.missing=true)"
    )
    if not known.size:
        raise PipelineError(f"{where}: expected values in {name!r}, got none that is not missing")
    low, high = known.min(), known.max()
    if (port.minimum is not None and low < port.minimum) or (port.maximum is not None and high > port.maximum):
        raise PipelineError(
            f"{where}: expected {name!r} from {port.minimum} to {port.maximum} (model.inputs.{name}), got values from "
            f"{low} to {high}: mend the data or the bounds"
        )


def split(arrays: Arrays, data: Data, rng: np.random.Generator) -> dict[str, Arrays]:
    """Shuffle the rows and cut them into train, validation and test."""
    rows = len(next(iter(arrays.values())))
    order = rng.permutation(rows)
    validation, test = (max(1, round(rows * share)) for share in (data.validation, data.test))
    if validation + test >= rows:
        raise PipelineError(
            f"data.validation={data.validation} and data.test={data.test} leave none of {rows} rows to train on"
        )
    cut = {
        "train": order[validation + test :],
        "validation": order[:validation],
        "test": order[validation : validation + test],
    }
    return {name: {key: array[index] for key, array in arrays.items()} for name, index in cut.items()}


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
    arrays = read(params.data, params.model, rng)
    where = f"data={params.data.source}" + (f" {params.data.path}" if isinstance(params.data.path, str) else "")
    tokenizer = huggingface.read(params.model.tokenizer) if params.model.tokenizer else None
    if tokenizer and params.model.tokenizer:
        arrays = huggingface.fill(arrays, tokenizer, params.model.tokenizer, where)
    check(arrays, params.model, where, least=30 if params.train.enabled else 1)
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
        print(f"prepare: {DATA / name}.npz: {', '.join(f'{k} {v.dtype}{list(v.shape)}' for k, v in part.items())}")
