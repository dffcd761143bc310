"""Whether arrays are rows that a model can be trained and proven on."""

import numpy as np

from pipeline.core.arrays import Array, Arrays, check_finite, is_text
from pipeline.core.errors import PipelineError
from pipeline.settings.model import Model, TensorSettings


def check_rows(arrays: Arrays, model: Model, where: str, minimum_rows: int = 1) -> None:
    """Raise PipelineError unless the arrays are rows that the model can be proven on."""
    expected = sorted([*(model.inputs or model.dynamic_axes), *(["target"] if model.task else [])])
    missing = [name for name in expected if name not in arrays]
    if missing:
        raise PipelineError(f"{where}: expected arrays {expected}, got {sorted(arrays)} ({', '.join(missing)} missing)")
    rows = {name: len(array) if array.ndim else None for name, array in arrays.items()}
    if len(set(rows.values())) != 1 or None in rows.values():
        raise PipelineError(f"{where}: expected the same number of rows in every array, got {rows}")
    if min(len(array) for array in arrays.values()) < minimum_rows:
        raise PipelineError(f"{where}: expected at least {minimum_rows} rows, got {rows}")
    for name, array in arrays.items():
        if name == "target":
            check_finite({name: array}, where, "repair or drop those rows")
        else:
            check_values(name, array, model, where)
    if model.task and len(np.unique(arrays["target"])) < 2:
        raise PipelineError(
            f"{where}: expected two values or more in `target`, got {np.unique(arrays['target']).tolist()} alone: there is nothing "
            "to tell apart"
        )


def check_values(name: str, array: Array, model: Model, where: str) -> None:
    """Raise PipelineError unless the values of one input are numbers within its bounds, or text that has an encoder."""
    tensor = model.inputs.get(name, TensorSettings())
    if is_text(array):
        if name not in model.encoders:
            raise PipelineError(
                f"{where}: expected numbers in {name!r}, got text, which torch does not take: give it an encoder "
                f"('model.encoders={{{name}: {{kind: words}}}}', or kind: categories)"
            )
        return
    if array.dtype.kind not in "fiub":
        raise PipelineError(f"{where}: expected numbers in {name!r}, got {array.dtype}")
    present = array[~np.isnan(array)] if tensor.missing and array.dtype.kind == "f" else array
    check_finite(
        {name: present}, where, "repair or drop those rows (missing values: set model.inputs.<name>.missing=true)"
    )
    if not present.size:
        raise PipelineError(f"{where}: expected values in {name!r}, got none that is not missing")
    low, high = present.min(), present.max()
    if (tensor.minimum is not None and low < tensor.minimum) or (tensor.maximum is not None and high > tensor.maximum):
        raise PipelineError(
            f"{where}: expected {name!r} from {tensor.minimum} to {tensor.maximum} (model.inputs.{name}), got values from "
            f"{low} to {high}: mend the data or the bounds"
        )


def check_unicode(name: str, texts: Array, where: str) -> None:
    """Raise PipelineError at half a surrogate pair, which neither a file nor C# nor a tokenizer takes."""
    for place, text in enumerate(texts.reshape(-1).tolist()):
        try:
            text.encode()
        except UnicodeEncodeError:
            row = int(np.unravel_index(place, texts.shape)[0]) if texts.ndim else 0
            raise PipelineError(
                f"{where}: expected text that is valid Unicode in {name!r}, got half a surrogate pair in row {row}: repair or drop "
                "that row"
            ) from None
