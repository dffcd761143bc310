"""A network's answer, whatever its shape, as named tensors in one order. Imports torch."""

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from pipeline.core.errors import PipelineError

# dtypes that neither numpy nor C# has, and what to answer instead.
UNSUPPORTED = {
    torch.bfloat16: "answer `.float()`",
    torch.complex32: "answer `torch.view_as_real(...)`, or `.abs()` and `.angle()`",
    torch.complex64: "answer `torch.view_as_real(...)`, or `.abs()` and `.angle()`",
    torch.complex128: "answer `torch.view_as_real(...)`, or `.abs()` and `.angle()`",
}


def flatten(answer: Any) -> list[tuple[str, Tensor]]:
    """The tensors of a tensor, tuple, list, dict, dataclass or nesting of them, in their order; None is left out.

    Keys and fields name them; within a named sequence the place does. What nothing names is "".

    Raises:
        PipelineError: Something in the answer is not a tensor, or of a type that C# has not, or there is nothing in it.
    """
    tensors = []
    for path, leaf in _walk(answer, ()):
        name = ".".join(part for part in path if isinstance(part, str))
        where = name or "".join(f"[{place}]" for place in path) or "the top"
        if not isinstance(leaf, Tensor):
            raise PipelineError(
                f"the network's answer: expected tensors, got {type(leaf).__name__} at {where}: leave it out"
            )
        if leaf.dtype in UNSUPPORTED or leaf.layout != torch.strided:
            got = leaf.dtype if leaf.dtype in UNSUPPORTED else leaf.layout
            advice = UNSUPPORTED.get(leaf.dtype, "answer `.to_dense()`")
            raise PipelineError(
                f"the network's answer: expected numbers that C# has, got {str(got).removeprefix('torch.')} at {where}: {advice}"
            )
        tensors.append((name, leaf))
    if not tensors:
        raise PipelineError(f"the network's answer: expected at least one tensor, got {answer!r}")
    return tensors


def _walk(answer: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every part that is no container, with the path to it: names, and places where nothing is named yet."""
    parts: Iterable[tuple[str | int, Any]]
    if isinstance(answer, Mapping):
        parts = ((str(key), value) for key, value in answer.items())
    elif dataclasses.is_dataclass(answer) and not isinstance(answer, type):
        parts = ((field.name, getattr(answer, field.name)) for field in dataclasses.fields(answer))
    elif isinstance(answer, tuple) and hasattr(answer, "_fields"):
        parts = zip(answer._fields, answer, strict=True)
    elif isinstance(answer, (tuple, list)):
        under_name = any(isinstance(part, str) for part in path)
        parts = ((str(place) if under_name else place, value) for place, value in enumerate(answer))
    elif answer is None and path:
        return
    else:
        yield path, answer
        return
    for name, value in parts:
        yield from _walk(value, (*path, name))


def name_outputs(
    tensors: Iterable[tuple[str, Tensor]], configured: list[str], inputs: Collection[str] = ()
) -> dict[str, Tensor]:
    """Name each tensor by its key, or else by its place in `configured` (model.outputs), or else output_0, output_1, ...

    In a graph no two values have one name: an output that is called like one of `inputs` is called `<name>_output`.

    Raises:
        PipelineError: `configured` names other outputs than there are, or two have one name.
    """
    pairs = list(tensors)
    keyed = all(name for name, _ in pairs)
    if keyed:
        # A number is a name in no graph, and in no C#.
        names = [f"output_{name}" if name.isdigit() else name for name, _ in pairs]
        names = [f"{name}_output" if name in inputs else name for name in names]
        if configured and sorted(configured) != sorted(names):
            raise PipelineError(f"model.outputs: expected the network's own outputs {names}, got {configured}")
    elif configured:
        names = [f"{name}_output" if name in inputs else name for name in configured]
        if len(names) != len(pairs):
            raise PipelineError(
                f"model.outputs: expected {len(pairs)} names, as many as the network answers, got {names}"
            )
    else:
        names = ["output"] if len(pairs) == 1 else [f"output_{place}" for place in range(len(pairs))]
    if len(set(names)) != len(names):
        raise PipelineError(f"the network's answer has two outputs of one name: {names}; name them in model.outputs")
    return {name: tensor for name, (_, tensor) in zip(names, pairs, strict=True)}
