"""Import the function or class of a `_target_`, as Hydra does, and call it with its arguments."""

import contextlib
import difflib
import inspect
import logging
import pkgutil
import sysconfig
import traceback
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from pipeline.core.errors import PipelineError

# What the code of a target raises where its arguments do not suit it. Anything else is a bug there, and keeps its traceback.
REFUSALS = (TypeError, ValueError, RuntimeError, LookupError, OSError, ImportError)


def resolve(target: str, setting: str) -> Callable[..., Any]:
    """Import what `target` names: a function, a class, or an attribute of one at any depth (`package.Class.from_pretrained`).

    Args:
        target: A dotted name.
        setting: The section of the configuration that has it as `_target_`.

    Raises:
        PipelineError: It cannot be imported, or cannot be called.
    """
    where = f"{setting}._target_={target}"
    try:
        target_object = _import_target(target)
    except REFUSALS as error:
        reason = _explain_import_error(target, error.__cause__ or error)
        raise PipelineError(f"{where}: expected an importable function or class, got: {reason}") from error
    if not callable(target_object):
        raise PipelineError(f"{where}: expected a function or class, got {type(target_object).__name__}")
    return target_object  # type: ignore[no-any-return]


def _import_target(target: str) -> Any:
    with contextlib.suppress(*REFUSALS, AttributeError, SyntaxError):
        return pkgutil.resolve_name(target)  # the walk that Hydra does, without the 0.2 s that importing it costs
    from hydra.utils import get_object

    # Hydra logs the error on stderr too; here it is raised, in one sentence.
    logging.getLogger("hydra.utils").setLevel(logging.CRITICAL)
    return get_object(target)


def _explain_import_error(target: str, error: BaseException) -> str:
    """Why `target` was not found: what lacks which name and has one like it, or what failed while it was imported."""
    if isinstance(error, AttributeError) and error.name and f".{error.name}" in f"{target}.":
        return f"{_describe_object(error.obj)} has no {error.name!r}{_did_you_mean(error.name, dir(error.obj))}"
    absent = error.name if isinstance(error, ModuleNotFoundError) else None
    if not absent or not f"{target}.".startswith(f"{absent}."):
        return f"importing it failed with {_describe_error(error)}"
    parent, _, name = absent.rpartition(".")
    if not parent:
        modules = [module.name for module in pkgutil.iter_modules()]
        return f"no module {name!r} beside dvc.yaml, on PYTHONPATH or in the environment{_did_you_mean(name, modules)}"
    module = _import_target(parent)  # it was imported on the way
    return f"{_describe_object(module)} has no {name!r}{_did_you_mean(name, dir(module))}"


def call(function: Callable[..., Any], arguments: Mapping[str, Any], where: str) -> Any:
    """Call a target that `resolve` imported; `where` names the target and its settings in errors.

    Raises:
        PipelineError: The arguments do not fit its signature, or it refuses them.
    """
    if signature := signature_of(function):
        try:
            signature.bind(**arguments)
        except TypeError as error:
            raise PipelineError(f"{where}: does not fit {_describe_object(function)}{signature}: {error}") from None
    try:
        return function(**arguments)
    except REFUSALS as error:
        raise PipelineError(f"{where}: {_describe_object(function)} failed with {_describe_error(error)}") from error


def signature_of(function: Callable[..., Any]) -> inspect.Signature | None:
    """The signature of `function`; None for one in C that has no signature to read."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def _did_you_mean(name: str, candidates: list[str]) -> str:
    close = difflib.get_close_matches(name, candidates, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def _describe_object(value: Any) -> str:
    kind = "the module " if isinstance(value, ModuleType) else ""
    return f"{kind}{getattr(value, '__qualname__', getattr(value, '__name__', type(value).__name__))}"


def _describe_error(error: BaseException) -> str:
    """An error in one line, with the last file and line of the target's own code that it passed through."""
    paths = sysconfig.get_paths()
    libraries = (paths["stdlib"], paths["purelib"], paths["platlib"], "<", __file__)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(libraries)]
    place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())}{place}"
