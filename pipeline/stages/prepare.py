"""prepare: a data source -> build/data/{train,validation,test}.npz, and build/tokenizer/ for a model that reads text."""

import importlib.util
from pathlib import Path

import numpy as np

from pipeline import texts, tokenizer
from pipeline.arrays import Arrays, check_finite, load, save
from pipeline.errors import PipelineError
from pipeline.files import write_json, write_text
from pipeline.golden_texts import CHARACTERS, DESCRIPTION, TOKENS, VOCABULARY, save_tokens
from pipeline.params import Data, Model, Params

FOLDER = Path("build/data")
SPLITS = ("train", "validation", "test")


def digits() -> Arrays:
    """scikit-learn's digits, read from its file: importing scikit-learn would cost more than the rest of this stage.

    Returns:
        pixels: float32 [1797, 8, 8], ink of 0 to 16; target: int64 [1797].
    """
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise PipelineError("data=digits needs scikit-learn, which is not installed: run `make setup`")
    path = Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"
    table = np.loadtxt(path, delimiter=",", dtype=np.float32)
    return {"pixels": table[:, :-1].reshape(-1, 8, 8), "target": table[:, -1].astype(np.int64)}


def noise(data: Data, model: Model, rng: np.random.Generator) -> Arrays:
    """`data.rows` rows of uniform float32 within each input's bounds (0 to 1 where it has none)."""
    arrays = {}
    for name, shape in data.shapes.items():
        port = model.inputs.get(name)
        low = port.minimum if port and port.minimum is not None else 0.0
        high = port.maximum if port and port.maximum is not None else 1.0
        arrays[name] = rng.uniform(low, high, size=(data.rows or 0, *shape)).astype(np.float32)
    return arrays


def waves(data: Data, rng: np.random.Generator) -> Arrays:
    """Noisy sine, square and sawtooth waves, padded with zeros to the length of `data.shapes`.

    Returns:
        series: float32 [rows, time, 1], within -2 and 2; mask: bool [rows, time], at least 8 true; target: int64 [rows].
    """
    (length, *_), *_ = data.shapes.values()
    rows = data.rows or 0
    target = rng.integers(0, 3, size=rows)
    period, phase = rng.uniform(5, 12, size=(rows, 1)), rng.uniform(0, 1, size=(rows, 1))
    turn = (np.arange(length) / period + phase) % 1
    sine = np.sin(2 * np.pi * turn)
    series = np.choose(target[:, None], [sine, np.sign(sine), 2 * turn - 1]) + rng.normal(0, 0.1, size=turn.shape)
    mask = np.arange(length) < rng.integers(min(8, length), length + 1, size=(rows, 1))
    series = np.where(mask, np.clip(series, -2, 2), 0)[..., None].astype(np.float32)
    return {"series": series, "mask": mask, "target": target}


def read(data: Data, model: Model, rng: np.random.Generator) -> Arrays:
    if data.source == "digits":
        return digits()
    if data.source == "random":
        return noise(data, model, rng)
    if data.source == "waves":
        return waves(data, rng)
    if data.source == "texts":
        return {"text": np.array(texts.sentences(data.rows or 0, rng), dtype=object)}
    arrays = load(Path(data.path or ""), made_by="the setting data.path (or point it to another file)")
    return {name: array[: data.rows] if array.ndim else array for name, array in arrays.items()}


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
    for name in (name for name in arrays if name != "target"):
        if arrays[name].dtype.kind not in "fiub":
            raise PipelineError(f"{where}: expected numbers in {name!r}, got {arrays[name].dtype}: torch takes no text")
    check_finite(arrays, where, "repair or drop those rows")
    for name, port in model.inputs.items():
        low, high = arrays[name].min(), arrays[name].max()
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


def write_tokenizer(found: tokenizer.Tokenizer | None, params: Params) -> None:
    """What the C# client will need of the tokeniser, held against it first; a model without one has only a `null`."""
    if found is None or params.model.tokenizer is None:
        write_json(DESCRIPTION, None)
        for path in (VOCABULARY, CHARACTERS, TOKENS):
            path.unlink(missing_ok=True)
        return
    corpus = texts.corpus(np.random.default_rng(params.seed))
    ids = found.ids(corpus)
    client = tokenizer.pieces(found, tokenizer.table(found))
    tokenizer.prove(client, corpus, ids)
    write_text(VOCABULARY, tokenizer.vocabulary_file(found))
    write_text(CHARACTERS, client.characters.dump())
    save_tokens(corpus, ids)
    write_json(DESCRIPTION, tokenizer.describe(found, client, params.model.tokenizer).model_dump())
    print(
        f"prepare: {TOKENS}: {len(corpus):,} texts, {sum(map(len, ids)):,} tokens of {len(client.vocabulary):,} known"
    )


def run(params: Params) -> None:
    rng = np.random.default_rng(params.seed)
    arrays = read(params.data, params.model, rng)
    where = f"data={params.data.source} {params.data.path or ''}".strip()
    asked = params.model.tokenizer
    found = tokenizer.read(asked) if asked else None
    if found and asked:
        arrays = tokenizer.fill(arrays, found, asked, where)
    check(arrays, params.model, where, least=30 if params.train.enabled else 1)
    write_tokenizer(found, params)
    # What is not trained has seen no row: all of them may test it.
    parts = split(arrays, params.data, rng) if params.train.enabled else dict.fromkeys(SPLITS, arrays)
    for name, part in parts.items():
        save(FOLDER / f"{name}.npz", part)
        print(f"prepare: {FOLDER / name}.npz: {', '.join(f'{k} {v.dtype}{list(v.shape)}' for k, v in part.items())}")
