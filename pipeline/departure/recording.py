"""What the eager network computes on the way to its answers: each operator's outputs, with module and stack. Imports torch."""

import contextlib
import functools
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.modules import module as module_hooks
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from pipeline.core.arrays import Array, Arrays, is_text
from pipeline.export.adapter import Adapter
from pipeline.export.diagnostics import SourceLine
from pipeline.export.notes import below_adapter
from pipeline.network.encoders import Encoders, encode

# Values of each output that are kept in memory, to tell most others from it without reading it.
SAMPLE = 64
# In place of an operator, for what the network is given.
PLACEHOLDER = "placeholder"


class Event(NamedTuple):
    """One output of one operator: its number in the order of the run, where it was computed, and where its values lie in the file.

    `place` is its place among the operator's outputs; `frames` are (file, line) of the user's own code or of a library, the innermost first; `sample` has evenly spread values.
    """

    number: int
    module: str
    operator: str
    place: int
    frames: Sequence[tuple[str, int]]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    sample: Array


class Recording:
    """The events of one call, whose values are in a file: mapped where they are read, and in memory no longer than that.

    Args:
        path: The file, which is written to.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb")
        self.events: list[Event] = []
        self.by_module: dict[str, list[Event]] = defaultdict(list)

    def add(self, outputs: Sequence[Array], module: str, operator: str, frames: Sequence[tuple[str, int]]) -> None:
        """Write the values of an operator's outputs; what happens to them later changes nothing here."""
        for place, output in enumerate(outputs):
            array, offset = np.ascontiguousarray(output).reshape(output.shape), self._file.tell()
            array.tofile(self._file)
            number, sample = len(self.events), thin_out(array)
            event = Event(number, module, operator, place, frames, array.shape, array.dtype, offset, sample)
            self.events.append(event)
            self.by_module[module].append(event)

    def close(self) -> None:
        self._file.close()

    def values(self, event: Event) -> Array:
        """The values of an event, mapped."""
        if not np.prod(event.shape):
            return np.zeros(event.shape, event.dtype)
        return np.memmap(self._path, event.dtype, "r", event.offset, event.shape)


def thin_out(array: Array) -> Array:
    """`SAMPLE` values of an array, evenly spread; alike for arrays of one shape."""
    flat = array.reshape(-1)
    return np.array(flat[:: max(1, flat.size // SAMPLE)][:SAMPLE])


def record(adapter: Adapter, inputs: Arrays, encoders: Encoders, path: Path) -> tuple[Recording, Arrays]:
    """Run the eager network once on the inputs of one call.

    Returns:
        What it computed on its way, and its answers.

    Raises:
        PipelineError: The network cannot answer.
    """
    recording = Recording(path)
    for array in encode(inputs, encoders).values():
        if not is_text(array):
            recording.add([array], "", PLACEHOLDER, [])
    with contextlib.closing(recording), _Watch(adapter, recording):
        answers = adapter.answer(inputs)
    return recording, answers


@contextlib.contextmanager
def plain_attention() -> Iterator[None]:
    """Within it, attention and torch's transformer layers compute step by step, as an exporter has them, and not in one fused operator."""
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)


class _Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Records what every operator gives, and follows which module is running."""

    def __init__(self, adapter: Adapter, recording: Recording) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._recording = recording
        self._names = {id(module): below_adapter(name) for name, module in adapter.named_modules()}
        self._weights = {
            tensor.untyped_storage().data_ptr() for tensor in (*adapter.parameters(), *adapter.buffers())
        } - {0}
        self._running: list[str] = []
        self._hooks: list[Any] = []

    def __enter__(self) -> "_Watch":
        def enter(module: nn.Module, _: Any) -> None:
            self._running.append(self._names.get(id(module), self._running[-1] if self._running else ""))

        def leave(module: nn.Module, _: Any, __: Any) -> None:
            self._running.pop()

        self._hooks = [
            module_hooks.register_module_forward_pre_hook(enter),
            module_hooks.register_module_forward_hook(leave, always_call=True),
        ]
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: Any) -> None:
        for hook in self._hooks:
            hook.remove()
        super().__exit__(*error)  # type: ignore[no-untyped-call]

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        outputs = func(*args, **(kwargs or {}))
        tensors = [leaf for leaf in tree_leaves(outputs) if isinstance(leaf, Tensor)]
        arrays = [array for tensor in tensors if (array := self._read(tensor)) is not None]
        if arrays:
            module = self._running[-1] if self._running else ""
            self._recording.add(arrays, module, str(func), _frames())
        return outputs

    def _read(self, tensor: Tensor) -> Array | None:
        """The values as a graph would have them; None of weights, and of what no array holds."""
        if tensor.is_meta or tensor.layout != torch.strided or tensor.dtype == torch.bfloat16 or tensor.is_quantized:
            return None
        if tensor.untyped_storage().data_ptr() in self._weights:
            return None
        tensor = tensor.detach().resolve_conj().resolve_neg()
        # A graph has a complex number as two.
        array: Array = (torch.view_as_real(tensor) if tensor.is_complex() else tensor).numpy()
        return array


def _frames() -> list[tuple[str, int]]:
    frames: list[tuple[str, int]] = []
    frame = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if _is_of_interest(file):
            frames.append((file, frame.f_lineno))
        frame = frame.f_back  # type: ignore[assignment]
    return frames


@functools.cache
def _is_of_interest(file: str) -> bool:
    return SourceLine(file, 0, "").rank > 0
