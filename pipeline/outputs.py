"""A network's answer, whatever its shape, as named tensors in the order in which the exporter sees them."""

from collections.abc import Iterable
from typing import Any

from torch import Tensor
from torch.utils import _pytree as pytree  # what torch.export itself flattens with

from pipeline.errors import PipelineError


def leaves(answer: Any) -> list[tuple[str, Tensor]]:
    """The tensors of a tensor, tuple, list, dict or nesting of them; a dict's are named by their keys, others "".

    Raises:
        PipelineError: Something in the answer is not a tensor, or there is nothing in it.
    """
    found = []
    for path, leaf in pytree.tree_flatten_with_path(answer)[0]:
        name = ".".join(str(part.key) for part in path if isinstance(part, pytree.MappingKey))
        if not isinstance(leaf, Tensor):
            raise PipelineError(
                f"the network's answer: expected tensors, got {type(leaf).__name__} at {name or pytree.keystr(path) or 'the top'}"
            )
        found.append((name, leaf))
    if not found:
        raise PipelineError(f"the network's answer: expected at least one tensor, got {answer!r}")
    return found


def name_outputs(found: Iterable[tuple[str, Tensor]], configured: list[str]) -> dict[str, Tensor]:
    """Name each tensor by its key, or else by its place in `configured` (model.outputs), or else output_0, output_1, ...

    Raises:
        PipelineError: `configured` names other outputs than there are, or two have one name.
    """
    pairs = list(found)
    keyed = all(name for name, _ in pairs)
    if keyed:
        names = [name for name, _ in pairs]
        if configured and sorted(configured) != sorted(names):
            raise PipelineError(f"model.outputs: expected the network's own outputs {names}, got {configured}")
    elif configured:
        names = configured
        if len(names) != len(pairs):
            raise PipelineError(
                f"model.outputs: expected {len(pairs)} names, as many as the network answers, got {names}"
            )
    else:
        names = ["output"] if len(pairs) == 1 else [f"output_{place}" for place in range(len(pairs))]
    if len(set(names)) != len(names):
        raise PipelineError(f"the network's answer has two outputs of one name: {names}; name them in model.outputs")
    return {name: tensor for name, (_, tensor) in zip(names, pairs, strict=True)}
