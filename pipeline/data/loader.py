"""The rows that the configuration names: its source is imported, and called with the arguments that its signature names."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pipeline.core.arrays import Arrays, as_text, is_text
from pipeline.core.errors import PipelineError
from pipeline.data.checks import check_unicode
from pipeline.settings.hydra_targets import call, resolve, signature_of
from pipeline.settings.model import Model
from pipeline.settings.params import Data

# Arguments that a source may name, beside its kwargs: settings of the section `data`, and what every source may have.
SETTINGS = ("path", "rows", "shapes")
PROVIDED = ("rng", "labels", "ranges")


def read_rows(data: Data, model: Model, rng: np.random.Generator) -> Arrays:
    """The arrays of the source that `data` names.

    The source is a function. It is given what its signature names of `path`, `rows` and `shapes` (settings; what is not set is
    left to the source's own default), `rng` (numpy's Generator, from the seed), `labels` (names of the classes of the task's
    output, in order), `ranges` (input -> minimum and maximum, None where the model does not say), and its `kwargs`. It returns a
    dict of numpy arrays whose first axis is the row, one of them `target` where there is a task.

    Raises:
        PipelineError: The source is not importable, does not fit the settings, fails, or returns anything but such a dict.
    """
    source = resolve(data.target, "data")
    check_settings(data, source)
    offered = {
        **_set_settings(data),
        "rng": rng,
        "labels": _labels(model),
        "ranges": {name: (tensor.minimum, tensor.maximum) for name, tensor in model.inputs.items()},
    }
    parameters = _parameters(source)
    arguments = {name: value for name, value in offered.items() if name in parameters}
    where = describe_source(data)
    kwargs = f", data.kwargs={data.kwargs}" if data.kwargs else ""
    return _named_arrays(call(source, arguments | data.kwargs, f"{where}{kwargs}"), where)


def describe_source(data: Data) -> str:
    """The source and what it reads, for messages."""
    return f"data._target_={data.target}" + (f", data.path={data.path}" if isinstance(data.path, str) else "")


def check_settings(data: Data, source: Callable[..., Any]) -> None:
    """Raise PipelineError where a setting is not for this source, or one that it needs has no value."""
    parameters, where = _parameters(source), f"data._target_={data.target}"
    values = _set_settings(data)
    for name, value in values.items():
        if name not in parameters:
            raise PipelineError(
                f"data.{name}={value}: the source {data.target} takes no {name!r} (it takes {', '.join(parameters) or 'nothing'}): leave it "
                f"out (data.{name}=null)"
            )
    for name in data.kwargs:
        if name in parameters and name in (*SETTINGS, *PROVIDED):
            raise PipelineError(
                f"data.kwargs.{name}: {name!r} is given to a source that names it: "
                + (f"set data.{name}" if name in SETTINGS else "leave it out")
            )
    for name, parameter in parameters.items():
        if parameter.default is parameter.empty and name not in {*data.kwargs, *PROVIDED, *values}:
            setting = f"data.{name}" if name in SETTINGS else f"data.kwargs.{name}"
            raise PipelineError(
                f"{where} needs {setting}, which has no value: set it with `python -m pipeline params {setting}=...` or -S"
            )


def _set_settings(data: Data) -> dict[str, Any]:
    return {name: value for name in SETTINGS if (value := getattr(data, name)) not in (None, {})}


def _parameters(source: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """The parameters that the source names, without `*args` and `**kwargs`."""
    signature = signature_of(source)
    gathers = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = signature.parameters if signature else {}
    return {name: parameter for name, parameter in parameters.items() if parameter.kind not in gathers}


def _labels(model: Model) -> list[str]:
    """Names of the classes that the model's task tells apart; empty when it does not say."""
    output = model.outputs.get(model.task.output) if model.task else None
    return output.labels if output else []


def _named_arrays(returned: Any, where: str) -> Arrays:
    """What a source returned, text as object arrays of `str`; raises PipelineError unless it is a dict of arrays."""
    expected = f"{where}: expected a dict of numpy arrays by name"
    if not isinstance(returned, dict):
        raise PipelineError(f"{expected}, got {type(returned).__name__}: return {{'input': array, 'target': array}}")
    if not returned:
        raise PipelineError(f"{expected}, got no arrays: return {{'input': array, 'target': array}}")
    for name, array in returned.items():
        if not isinstance(name, str) or not isinstance(array, np.ndarray):
            raise PipelineError(
                f"{expected}, got {type(array).__name__} under {name!r}: return str -> numpy.ndarray (numpy.asarray makes one)"
            )
    arrays: Arrays = {}
    for name, array in returned.items():
        arrays[name] = as_text(array, f"{where}: {name!r}") if is_text(array) else array
        if is_text(array):
            check_unicode(name, arrays[name], where)
    return arrays
