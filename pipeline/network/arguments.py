"""How a network's `forward` takes the arrays: by position, by name, or several of them as one list, dict or record. Imports torch."""

import contextlib
import dataclasses
import inspect
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

from pipeline.core.errors import PipelineError

_ARGS, _KWARGS = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
Parameters = Mapping[str, inspect.Parameter]


@dataclasses.dataclass(frozen=True)
class Group:
    """One argument that is several arrays: `make` puts them together, in the order of `keys`, which are the arrays' own names there."""

    inputs: list[str]
    keys: list[str]
    make: Callable[[dict[str, Any]], Any]


@dataclasses.dataclass(frozen=True)
class Arguments:
    """`positional` are the arrays that go by position, in their order; `groups` those that are one argument, by its name."""

    positional: list[str]
    groups: dict[str, Group]

    def place(self, arrays: Mapping[str, Tensor]) -> tuple[list[Any], dict[str, Any]]:
        """The positional arguments and the named ones."""
        named: dict[str, Any] = dict(arrays)
        for argument, group in self.groups.items():
            parts = [named.pop(name) for name in group.inputs]
            named[argument] = group.make(dict(zip(group.keys, parts, strict=True)))
        return [named.pop(name) for name in self.positional], named


def match_arguments(forward: Callable[..., Any], inputs: Sequence[str], network: str) -> Arguments:
    """Which arrays `forward` takes how.

    Arrays `x_0`, `x_1` ... are the list `x` where `forward` has an argument `x` and none of theirs. A dict, a named tuple or a
    dataclass takes what no other argument does, by name.

    Args:
        forward: The network's method.
        inputs: Names of the arrays.
        network: Its name, for errors.

    Raises:
        PipelineError: It has no argument for an array, or one that no array is for.
    """
    try:
        parameters = inspect.signature(forward).parameters
    except (TypeError, ValueError):  # compiled: it has no signature to read
        return Arguments([], {})
    groups = _group(forward, parameters, inputs)
    grouped = {name for group in groups.values() for name in group.inputs}
    names = [name for name in inputs if name not in grouped] + list(groups)
    positional = _order(parameters, names, f"{network}.forward({', '.join(parameters)})", list(inputs))
    return Arguments(positional, groups)


def _order(parameters: Parameters, names: list[str], takes: str, inputs: list[str]) -> list[str]:
    """Which of `names` go by position, in the order of `parameters`; the others go by name."""
    kinds = {parameter.kind for parameter in parameters.values()}
    own = [name for name, parameter in parameters.items() if parameter.kind not in (_ARGS, _KWARGS)]
    required = [name for name in own if parameters[name].default is inspect.Parameter.empty]
    unexpected = [name for name in names if name not in own]
    missing = [name for name in required if name not in names]
    if unexpected and not kinds & {_ARGS, _KWARGS}:
        wrapper = f": {_show_wrapper(missing[0], unexpected)}" if missing else ""
        raise PipelineError(
            f"{takes} takes no {unexpected[0]!r}, got the arrays {inputs}{wrapper or ': leave it out of the data, list the others in model.inputs, or give it the name of an argument'}"
        )
    if missing:
        raise PipelineError(
            f"{takes} needs {missing[0]!r}, got the arrays {inputs}: add an array of that name to the data"
        )
    if not unexpected or _KWARGS in kinds:
        return [name for name in own if name in names and parameters[name].kind == inspect.Parameter.POSITIONAL_ONLY]
    # What stands before *args goes by position too.
    before = [name for name in own if name in names and parameters[name].kind != inspect.Parameter.KEYWORD_ONLY]
    return [*before, *unexpected]


def _show_wrapper(argument: str, arrays: list[str]) -> str:
    """What to write where it cannot be told how the arrays become the argument."""
    return f"name an array {argument!r}, or bring a module whose forward({', '.join(arrays)}) calls the network with {argument} made of them"


def _group(forward: Callable[..., Any], parameters: Parameters, inputs: Sequence[str]) -> dict[str, Group]:
    """The arguments that are several arrays, by name."""
    if any(parameter.kind in (_ARGS, _KWARGS) for parameter in parameters.values()):
        return {}
    remaining = [name for name in inputs if name not in parameters]
    annotations = _annotations(forward, parameters)
    groups: dict[str, Group] = {}
    absent = [name for name in parameters if name not in inputs]
    for argument in absent:
        parts = [name for name in remaining if re.fullmatch(rf"{re.escape(argument)}[_.]\d+", name)]
        numbers = [int(re.split(r"[_.]", name)[-1]) for name in parts]
        if parts and sorted(numbers) == list(range(len(parts))):
            in_order = [name for _, name in sorted(zip(numbers, parts, strict=True))]
            kind = typing.get_origin(annotations[argument]) or annotations[argument]
            groups[argument] = Group(in_order, in_order, _make_tuple if kind is tuple else _make_list)
            remaining = [name for name in remaining if name not in parts]
    required = [name for name in absent if name not in groups and parameters[name].default is inspect.Parameter.empty]
    if remaining and len(required) == 1:
        (argument,) = required
        keys = [re.sub(rf"^{re.escape(argument)}[_.]", "", name) for name in remaining]
        if make := _choose_record(annotations[argument], keys, argument, forward):
            groups[argument] = Group(remaining, keys, make)
    return groups


def _choose_record(
    annotation: Any, keys: list[str], argument: str, forward: Callable[..., Any]
) -> Callable[[dict[str, Any]], Any] | None:
    """What makes one argument of several arrays by name; None where the argument is nothing of the kind."""
    kind = typing.get_origin(annotation) or annotation
    if kind in (inspect.Parameter.empty, Any, object):
        return dict if _reads_keys(forward, argument, keys) else None
    if not isinstance(kind, type):
        return None
    if issubclass(kind, dict) or typing.is_typeddict(kind) or kind.__name__ in ("Mapping", "MutableMapping"):
        return dict
    fields = getattr(kind, "_fields", None) or getattr(kind, "__dataclass_fields__", ())
    return (lambda parts: kind(**parts)) if fields and set(keys) <= set(fields) else None


def _reads_keys(forward: Callable[..., Any], argument: str, keys: list[str]) -> bool:
    """Whether the source of `forward` takes one of `keys` out of the argument, or hands all of it on."""
    try:
        source = inspect.getsource(forward)
    except (OSError, TypeError):
        return False
    used = re.search(rf"(?<![\w.]){argument}(\[[\"']|\.(get|items|keys|values|pop)\()", source)
    return bool(used) and any(f'"{key}"' in source or f"'{key}'" in source for key in keys)


def _annotations(forward: Callable[..., Any], parameters: Parameters) -> dict[str, Any]:
    """The annotation of each parameter, evaluated where it can be."""
    annotations = {name: parameter.annotation for name, parameter in parameters.items()}
    with contextlib.suppress(NameError, TypeError, AttributeError, SyntaxError):
        annotations |= {name: hint for name, hint in typing.get_type_hints(forward).items() if name in annotations}
    return annotations


def _make_list(parts: dict[str, Any]) -> list[Any]:
    return list(parts.values())


def _make_tuple(parts: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(parts.values())
