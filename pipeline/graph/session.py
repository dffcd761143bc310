"""onnxruntime sessions, set up as the .NET client sets them up."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as state

from pipeline.core.arrays import Arrays, is_text
from pipeline.core.errors import PipelineError
from pipeline.settings import compat

Session = onnxruntime.InferenceSession
# Of the installed onnxruntime.
VERSION: str = onnxruntime.__version__
# The session option, in Python and in C#, that leaves out optimizers by name.
DISABLED = "optimization.disable_specified_optimizers"
_RUNTIME_ERRORS = (
    state.Fail,
    state.InvalidArgument,
    state.InvalidGraph,
    state.InvalidProtobuf,
    state.NoModel,
    state.NoSuchFile,
    state.NotImplemented,
    state.RuntimeException,
)


def open_session(
    model: Path | bytes,
    weights_folder: Path | None = None,
    replaced: Arrays | None = None,
    *,
    optimizer: Literal["all", "off"] = "all",
    disabled: Sequence[str] = (),
) -> onnxruntime.InferenceSession:
    """Open `model` on the CPU with all graph optimizations; one thread, so that sums are rounded the same in every run.

    Args:
        model: A file, or a graph's bytes.
        weights_folder: Where the files of weights are that a graph given as bytes names.
        replaced: Weights that take the place of some in those files, by name.
        optimizer: "off" runs the graph node for node, as it stands in the file.
        disabled: Optimizers that are left out, by the names of graph/optimizers.py.

    Raises:
        PipelineError: onnxruntime refuses the model.
    """
    options = _make_options()
    if optimizer == "off":
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    if disabled:
        options.add_session_config_entry(DISABLED, ";".join(disabled))
    if weights_folder is not None:
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(weights_folder))
    if replaced:
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in replaced.values()]
        options.add_external_initializers(list(replaced), values)
    return _open(model, options)


def write_optimized(model: Path, target: Path) -> Path:
    """Have onnxruntime optimize `model` as the client does, into the file `target`.

    Raises:
        PipelineError: onnxruntime refuses the model.
    """
    options = _make_options()
    options.optimized_model_filepath = str(target)
    _open(model, options)
    return target


def _make_options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4  # fatal: warnings are for people who write runtimes, and what fails is raised
    return options


def _open(model: Path | bytes, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    try:
        source = str(model) if isinstance(model, Path) else model
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except _RUNTIME_ERRORS as error:
        version, limits = compat.read_installed()
        raise PipelineError(
            f"{model if isinstance(model, Path) else 'the model'}: onnxruntime {version} (opset up to {limits.opset}, IR up to {limits.ir}) refuses the model: "
            f"{' '.join(str(error).split())}"
        ) from None


def answer(session: onnxruntime.InferenceSession, inputs: Arrays) -> Arrays:
    """The model's outputs for `inputs`, by name.

    Raises:
        PipelineError: onnxruntime refuses the inputs, or fails while it runs.
    """
    names = [output.name for output in session.get_outputs()]
    try:
        # Text as objects: onnxruntime ends numpy's own strings at the first NUL.
        feed = {name: array.astype(object) if is_text(array) else array for name, array in inputs.items()}
        return dict(zip(names, session.run(names, feed), strict=True))
    # RuntimeError: an output of a type that numpy does not have.
    except (*_RUNTIME_ERRORS, ValueError, RuntimeError) as error:
        shapes = {name: f"{array.dtype}{list(array.shape)}" for name, array in inputs.items()}
        raise PipelineError(f"onnxruntime cannot run the model on {shapes}: {_shorten(str(error))}") from None


def _shorten(error: str) -> str:
    """What onnxruntime says, without its codes and the places in its own source."""
    message = " ".join(error.split())
    failure = re.search(r"running (\w+) node\. Name:'[^']*' Status Message: (.*)", message)
    if failure is None:
        return message
    reason = re.sub(r"^\S*/onnxruntime/core/\S+ (.*? was false\. )?", "", failure[2])
    return f"{failure[1]}: {reason}"
