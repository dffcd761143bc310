"""The sources that ship: each gives named arrays with as many rows, and `target` where there is a task.

A user's source is written the same way, in a module of the user's: `data._target_=my_data.load`. Its arguments are filled
by their names, see `loader.read_rows`.
"""

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pipeline.core.arrays import Array, Arrays, load
from pipeline.core.errors import PipelineError
from pipeline.core.files import read_lines
from pipeline.data import corpus

# Of scikit-learn's diabetes table, in its order: what each column becomes.
DIABETES = ("age", "sex", "bmi", "pressure", "tc", "ldl", "hdl", "tch", "ltg", "glu")
# Share of the table's measurements that are left out, so that there is something missing to learn from.
MISSING = 0.05


def npz(path: str, rows: int | None = None) -> Arrays:
    """Arrays of an .npz file with an array for each input, by name; the first `rows` of them.

    Raises:
        PipelineError: The file is missing, is no .npz, or holds Python objects.
    """
    arrays = load(Path(path), made_by="the setting data.path (or point it to another file)")
    return {name: array[:rows] if array.ndim else array for name, array in arrays.items()}


def digits() -> Arrays:
    """scikit-learn's digits.

    Returns:
        pixels: float32 [1797, 8, 8], ink of 0 to 16; target: int64 [1797].
    """
    table = _read_bundled_table("digits", "digits.csv.gz", np.float32, delimiter=",")
    return {"pixels": table[:, :-1].reshape(-1, 8, 8), "target": table[:, -1].astype(np.int64)}


def diabetes(rng: np.random.Generator, *, classes: bool = True) -> Arrays:
    """scikit-learn's diabetes table (Efron, Hastie, Johnstone and Tibshirani, Least angle regression, 2004), unscaled.

    Args:
        rng: Chooses what is missing.
        classes: Whether the target is a class, or the table's own number.

    Returns:
        age: int64 [442], years; sex: text [442], "1" or "2" as the table codes it; eight measurements, float32 [442], one in
        twenty missing (NaN); target: int64 [442], whether the disease progressed more than in half of the patients, or
        float32 [442], how far it progressed.
    """
    table = _read_bundled_table("diabetes", "diabetes_data_raw.csv.gz", np.float64)
    progress = _read_bundled_table("diabetes", "diabetes_target.csv.gz", np.float64)
    columns: Arrays = dict(zip(DIABETES, table.T, strict=True))
    arrays: Arrays = {"age": columns["age"].astype(np.int64), "sex": columns["sex"].astype(np.int64).astype("U")}
    for name in DIABETES[2:]:
        values = columns[name].astype(np.float32)
        values[rng.random(len(values)) < MISSING] = np.nan
        arrays[name] = values
    target = (progress > np.median(progress)).astype(np.int64) if classes else progress.astype(np.float32)
    return {**arrays, "target": target}


def _read_bundled_table(choice: str, file: str, dtype: type, delimiter: str | None = None) -> Array:
    """A table that scikit-learn ships, read from its file: importing scikit-learn would cost more than the rest of the stage."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise PipelineError(f"data={choice} needs scikit-learn, which is not installed: run `make setup`")
    path = Path(spec.origin).parent / "datasets" / "data" / file
    return np.loadtxt(path, delimiter=delimiter, dtype=dtype)


def noise(
    rng: np.random.Generator,
    rows: int,
    shapes: Mapping[str, Sequence[int]],
    ranges: Mapping[str, tuple[float | None, float | None]],
) -> Arrays:
    """`rows` rows of uniform float32 for each of `shapes`, within the input's range (0 to 1 where it has none)."""
    arrays: Arrays = {}
    for name, shape in shapes.items():
        low, high = ranges.get(name, (None, None))
        values = rng.uniform(0.0 if low is None else low, 1.0 if high is None else high, size=(rows, *shape))
        arrays[name] = values.astype(np.float32)
    return arrays


def waves(rng: np.random.Generator, rows: int, shapes: Mapping[str, Sequence[int]]) -> Arrays:
    """Noisy sine, square and sawtooth waves, padded with zeros to the length of the first of `shapes`.

    Returns:
        series: float32 [rows, time, 1], within -2 and 2; mask: bool [rows, time], at least 8 true; target: int64 [rows].
    """
    (length, *_), *_ = shapes.values()
    target = rng.integers(0, 3, size=rows)
    period, phase = rng.uniform(5, 12, size=(rows, 1)), rng.uniform(0, 1, size=(rows, 1))
    turn = (np.arange(length) / period + phase) % 1
    sine = np.sin(2 * np.pi * turn)
    series = np.choose(target[:, None], [sine, np.sign(sine), 2 * turn - 1]) + rng.normal(0, 0.1, size=turn.shape)
    mask = np.arange(length) < rng.integers(min(8, length), length + 1, size=(rows, 1))
    series = np.where(mask, np.clip(series, -2, 2), 0)[..., None].astype(np.float32)
    return {"series": series, "mask": mask, "target": target}


def discs(rng: np.random.Generator, rows: int, shapes: Mapping[str, Sequence[int]]) -> Arrays:
    """Grey noise with one bright disc, dimmer distractors beside it, in pictures of the first of `shapes`.

    Returns:
        image: uint8 [rows, height, width, 3]; target: int64 [rows], the cell of an 8 x 8 grid that holds the disc's centre,
        row by row from the top left.
    """
    (height, width, _), *_ = shapes.values()
    cells = 8
    y, x = np.mgrid[:height, :width]
    image = rng.integers(0, 90, size=(rows, height, width, 3), dtype=np.uint8)
    target = rng.integers(0, cells * cells, size=rows)
    radius = min(height, width) / cells / 2
    for row in range(rows):
        places = [target[row], *rng.integers(0, cells * cells, size=3)]
        for place, light in reversed(list(zip(places, (230, 130, 130, 130), strict=True))):
            middle = ((place // cells + 0.5) * height / cells, (place % cells + 0.5) * width / cells)
            inside = (y - middle[0]) ** 2 + (x - middle[1]) ** 2 <= radius**2
            image[row][inside] = light
    return {"image": image, "target": target}


def multilingual(rng: np.random.Generator, rows: int) -> Arrays:
    """Sentences in many languages; text: [rows]."""
    return {"text": np.array(corpus.make_sentences(rows, rng), dtype=object)}


def sentences(
    path: str | Sequence[str] | Mapping[str, str],
    labels: Sequence[str],
    rng: np.random.Generator,
    rows: int | None = None,
) -> Arrays:
    """Labelled text: a file for each label, one sentence a line, UTF-8; empty lines are left out.

    Args:
        path: A folder of <label>.txt (labels in alphabetical order), or label -> file, or a file for each of `labels`.
        labels: Names of the model's classes, in the order of their numbers; empty where the model names none.
        rng: Chooses the sentences.
        rows: How many of them; None: all.

    Returns:
        text: [rows]; target: int64 [rows], the number of the label.

    Raises:
        PipelineError: There are fewer than two labels or others than the model's, or a file is missing, empty or not UTF-8.
    """
    text: list[str] = []
    target: list[int] = []
    for number, file in enumerate(_list_label_files(path, list(labels)).values()):
        lines = [line for line in read_lines(file, "data.path") if line.strip()]
        if not lines:
            raise PipelineError(f"data.path={file}: expected sentences, one a line, got none")
        text += lines
        target += [number] * len(lines)
    # The files come one after the other: a random choice has rows of each.
    chosen = np.sort(rng.permutation(len(text))[:rows]) if rows else np.arange(len(text))
    return {"text": np.array(text, dtype=object)[chosen], "target": np.array(target)[chosen]}


def _list_label_files(path: str | Sequence[str] | Mapping[str, str], labels: list[str]) -> dict[str, Path]:
    """The file of each label, in the order of their numbers."""
    if isinstance(path, str):
        files = {file.stem: file for file in sorted(Path(path).glob("*.txt"))}
        where = f"data.path={path}"
    else:
        where = "data.path"
        if not isinstance(path, Mapping):
            if len(path) != len(labels):
                raise PipelineError(
                    f"{where}: expected a file for each of the labels {labels} (model.outputs), got {len(path)} files: give as many, or "
                    "name them: {label: file, ...}"
                )
            path = dict(zip(labels, path, strict=True))
        files = {label: Path(file) for label, file in path.items()}
    if len(files) < 2:
        raise PipelineError(
            f"{where}: expected a file <label>.txt for each of two labels or more, got {sorted(files) or 'none'}: there is nothing to "
            "tell apart"
        )
    if labels and labels != list(files):
        raise PipelineError(
            f"{where}: expected a file for each of the labels {labels} (model.outputs), got {list(files)}: give those, or set the "
            "output's labels"
        )
    return files
