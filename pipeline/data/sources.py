"""Where rows come from: each function gives named arrays with as many rows, and `target` where there is a task. Pure but for reading."""

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from pipeline.core.arrays import Array, Arrays, load
from pipeline.core.errors import PipelineError
from pipeline.data import corpus
from pipeline.settings.model import Model
from pipeline.settings.params import Data

# Of scikit-learn's diabetes table, in its order: what each column becomes.
DIABETES = ("age", "sex", "bmi", "pressure", "tc", "ldl", "hdl", "tch", "ltg", "glu")
# Share of the table's measurements that are left out, so that there is something missing to learn from.
MISSING = 0.05


def read(data: Data, model: Model, rng: np.random.Generator) -> Arrays:
    """The arrays of the source that `data` names.

    Raises:
        PipelineError: A file or a library is missing, or a file is not what its source takes.
    """
    makers: dict[str, Callable[[], Arrays]] = {
        "digits": digits,
        "diabetes": lambda: diabetes(rng),
        "random": lambda: noise(data, model, rng),
        "waves": lambda: waves(data, rng),
        "shapes": lambda: shapes(data, rng),
        "texts": lambda: {"text": np.array(corpus.sentences(data.rows or 0, rng), dtype=object)},
        "sentences": lambda: sentences(data.path or "", labels(model)),
        "npz": lambda: load(Path(str(data.path)), made_by="the setting data.path (or point it to another file)"),
    }
    arrays = makers[data.source]()
    if data.source == "sentences" and data.rows:  # the files come one after the other: of each its share
        kept = np.sort(rng.permutation(len(arrays["target"]))[: data.rows])
        return {name: array[kept] for name, array in arrays.items()}
    if data.source == "npz":
        return {name: array[: data.rows] if array.ndim else array for name, array in arrays.items()}
    return arrays


def labels(model: Model) -> list[str]:
    """Names of the classes that the model's task tells apart; empty when it does not say."""
    port = model.outputs.get(model.task.output) if model.task else None
    return port.labels if port else []


def bundled(name: str, file: str, dtype: type, delimiter: str | None = None) -> Array:
    """A table that scikit-learn ships, read from its file: importing scikit-learn would cost more than the rest of the stage."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise PipelineError(f"data={name} needs scikit-learn, which is not installed: run `make setup`")
    path = Path(spec.origin).parent / "datasets" / "data" / file
    return np.loadtxt(path, delimiter=delimiter, dtype=dtype)


def digits() -> Arrays:
    """scikit-learn's digits.

    Returns:
        pixels: float32 [1797, 8, 8], ink of 0 to 16; target: int64 [1797].
    """
    table = bundled("digits", "digits.csv.gz", np.float32, delimiter=",")
    return {"pixels": table[:, :-1].reshape(-1, 8, 8), "target": table[:, -1].astype(np.int64)}


def diabetes(rng: np.random.Generator) -> Arrays:
    """scikit-learn's diabetes table (Efron, Hastie, Johnstone and Tibshirani, Least angle regression, 2004), unscaled.

    Returns:
        age: int64 [442], years; sex: text [442], "1" or "2" as the table codes it; eight measurements, float32 [442], one in
        twenty missing (NaN); target: int64 [442], whether the disease progressed more than in half of the patients.
    """
    table = bundled("diabetes", "diabetes_data_raw.csv.gz", np.float64)
    progress = bundled("diabetes", "diabetes_target.csv.gz", np.float64)
    columns: Arrays = dict(zip(DIABETES, table.T, strict=True))
    arrays: Arrays = {"age": columns["age"].astype(np.int64), "sex": columns["sex"].astype(np.int64).astype("U")}
    for name in DIABETES[2:]:
        values = columns[name].astype(np.float32)
        values[rng.random(len(values)) < MISSING] = np.nan
        arrays[name] = values
    return {**arrays, "target": (progress > np.median(progress)).astype(np.int64)}


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


def shapes(data: Data, rng: np.random.Generator) -> Arrays:
    """Grey noise with one bright disc, dimmer distractors beside it.

    Returns:
        image: uint8 [rows, height, width, 3]; target: int64 [rows], the cell of an 8 x 8 grid that holds the disc's centre,
        row by row from the top left.
    """
    (height, width, _), *_ = data.shapes.values()
    rows, cells = data.rows or 0, 8
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


def sentences(path: str | Sequence[str] | Mapping[str, str], known: list[str]) -> Arrays:
    """Labelled text: a file for each label, one sentence a line, UTF-8; empty lines are left out.

    Args:
        path: A folder of <label>.txt (labels in alphabetical order), or label -> file, or a file for each of `known`.
        known: Labels that the model's answer has, in the order of their numbers; empty when it does not say.

    Returns:
        text: str [rows]; target: int64 [rows], the number of the label.

    Raises:
        PipelineError: There are fewer than two labels or others than the model's, or a file is missing, empty or not UTF-8.
    """
    if isinstance(path, str):
        files = {file.stem: file for file in sorted(Path(path).glob("*.txt"))}
        where = f"data.path={path}"
    else:
        where = "data.path"
        if not isinstance(path, Mapping):
            if len(path) != len(known):
                raise PipelineError(
                    f"{where}: expected a file for each of the labels {known} (model.outputs), got {len(path)} files: give as many, or name "
                    "them: {label: file, ...}"
                )
            path = dict(zip(known, path, strict=True))
        files = {label: Path(file) for label, file in path.items()}
    if len(files) < 2:
        raise PipelineError(
            f"{where}: expected a file <label>.txt for each of two labels or more, got {sorted(files) or 'none'}: there is nothing to "
            "tell apart"
        )
    if known and known != list(files):
        raise PipelineError(
            f"{where}: expected a file for each of the labels {known} (model.outputs), got {list(files)}: give those, or set the "
            "output's labels"
        )
    text: list[str] = []
    target: list[int] = []
    for number, file in enumerate(files.values()):
        lines = [line for line in _lines(file, where) if line.strip()]
        if not lines:
            raise PipelineError(f"{file}: expected sentences, one a line, got none ({where})")
        text += lines
        target += [number] * len(lines)
    return {"text": np.array(text), "target": np.array(target)}


def _lines(file: Path, where: str) -> list[str]:
    try:
        # Not splitlines(): form feeds and the like may stand within a sentence.
        return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").split("\n")
    except FileNotFoundError:
        raise PipelineError(f"{file}: there is no such file ({where})") from None
    except UnicodeDecodeError as error:
        raise PipelineError(
            f"{file}: expected UTF-8 text, got {error.reason} at byte {error.start} ({where}): save it as UTF-8"
        ) from None
