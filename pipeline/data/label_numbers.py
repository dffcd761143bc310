"""A target of text becomes the numbers of the labels of the task's output, so that every later stage sees class numbers."""

import difflib

import numpy as np

from pipeline.core.arrays import Array, is_text
from pipeline.core.errors import PipelineError
from pipeline.settings.model import Model
from pipeline.settings.short_names import METRICS

# Their target is a text that is written, not the name of a class.
OF_TEXTS = (METRICS["cer"], METRICS["wer"])


def number_labels(target: Array, model: Model, where: str) -> Array:
    """`target` with each text as the place of the label that it is: int64 of the same shape; everything else as it is.

    A metric of somebody's own may compare texts: for one, a target stays text where it has other texts than the labels.

    Raises:
        PipelineError: A text is none of the labels of the task's output, or the output has none.
    """
    if not is_text(target) or model.task is None or model.task.metric.target in OF_TEXTS:
        return target
    output = model.task.output
    labels = model.outputs[output].labels if output in model.outputs else []
    texts = target.reshape(-1).tolist()
    unknown = next((text for text in texts if text not in labels), None)
    if unknown is None:
        numbers = {label: number for number, label in enumerate(labels)}
        return np.array([numbers[text] for text in texts], dtype=np.int64).reshape(target.shape)
    if model.task.metric.target not in METRICS.values():
        return target
    setting = f"model.outputs.{output}.labels"
    if not labels:
        raise PipelineError(
            f"{where}: expected numbers in `target`, got text such as {unknown!r}: name the classes in {setting}, in the order of their numbers"
        )
    close = difflib.get_close_matches(unknown, labels, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise PipelineError(f"{where}: expected one of the labels {labels} ({setting}) in `target`, got {unknown!r}{hint}")
