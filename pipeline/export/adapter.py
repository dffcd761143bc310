"""The network as the pipeline calls it, whatever its own form: the batch first, a flat answer with names. Imports torch."""

import contextlib
import copy
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from pipeline.core.arrays import Arrays
from pipeline.core.errors import PipelineError
from pipeline.core.rows import Rows
from pipeline.export.diagnostics import NETWORK_ERRORS, is_own, locate
from pipeline.export.observation import find_sizes_of_values
from pipeline.export.outputs import flatten, name_outputs
from pipeline.network.arguments import match_arguments
from pipeline.network.encoders import Encoders, encode


class AnswerForm(NamedTuple):
    """How a network answers: where each answer has its batch, how many axes it has, and whether it needs gradients to be on."""

    axes: list[int]
    ranks: list[int]
    gradients: bool


class Adapter(nn.Module):
    """Takes the inputs by position, in the order of `inputs`; answers a flat tuple, which is what both exporters take.

    `axes` is where the network has each input's batch; `answer_axes`, where its answers have theirs. Both are empty
    where it knows no batch. `output_names` is model.outputs. `encoders` turn text into numbers before the network sees it.
    """

    def __init__(
        self,
        network: nn.Module,
        inputs: list[str],
        axes: Mapping[str, int],
        output_names: list[str],
        encoders: Encoders | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.inputs = inputs
        self.axes = dict(axes)
        self.output_names = output_names
        self.encoders = encoders or {}
        self.arguments = match_arguments(network.forward, inputs, type(network).__name__)
        self.answer_axes: list[int] = []
        self.answer_ranks: list[int] = []
        self.gradients = False

    def forward(self, *values: Tensor) -> tuple[Tensor, ...]:
        outputs: list[Tensor] = []
        for tensor in self.named_outputs(*values).values():
            # A value has one name in a graph: an input that is answered as it is, or an answer given twice, needs another.
            named_already = any(tensor is other for other in (*values, *outputs))
            outputs.append(tensor.clone() if named_already else tensor)
        return tuple(outputs)

    def named_outputs(self, *values: Tensor) -> dict[str, Tensor]:
        """The network's answer as tensors by name, the batch first."""
        outputs = name_outputs(flatten(self.call_network(*values)), self.output_names, self.inputs)
        axes = self.answer_axes or [0] * len(outputs)
        ranks = self.answer_ranks or [tensor.ndim for tensor in outputs.values()]
        if len(axes) != len(outputs):
            raise PipelineError(
                f"the network's answer: expected {len(axes)} outputs, as in other calls, got {list(outputs)}: answer the same outputs "
                "whatever the size of the call"
            )
        return {
            name: _move_batch_first(name, _restore_batch(tensor, axis, rank, values), axis)
            for (name, tensor), axis, rank in zip(outputs.items(), axes, ranks, strict=True)
        }

    def call_network(self, *values: Tensor) -> Any:
        """The network's own answer, whatever its form."""
        arguments = {
            name: tensor.movedim(0, self.axes[name]) if self.axes.get(name) else tensor
            for name, tensor in zip(self.inputs, values, strict=True)
        }
        by_position, by_name = self.arguments.place(arguments)
        if not self.gradients:
            return self.network(*by_position, **by_name)
        with torch.enable_grad():
            return self.network(*by_position, **by_name)

    @property
    def form(self) -> AnswerForm:
        """What `find_axes` found, for another adapter of the same network."""
        return AnswerForm(list(self.answer_axes), list(self.answer_ranks), self.gradients)

    @form.setter
    def form(self, form: AnswerForm) -> None:
        self.answer_axes, self.answer_ranks, self.gradients = list(form.axes), list(form.ranks), form.gradients

    def answer(self, inputs: Arrays) -> Arrays:
        """The network's own answers to the inputs of one call, by name.

        Raises:
            PipelineError: The network cannot take them, or answers something other than tensors.
        """
        return {name: tensor.detach().numpy() for name, tensor in self._run(self.named_outputs, inputs).items()}

    def _run(self, method: Callable[..., Any], inputs: Arrays) -> Any:
        """What `method` gives for `inputs`; an error of our own code under it is raised as it is."""
        encoded = encode(inputs, self.encoders)

        def run() -> Any:
            # Copies: a network that edits its input in place must not edit ours.
            tensors = [torch.from_numpy(encoded[name].copy()) for name in self.inputs]
            # Not inference_mode: its tensors refuse a network that differentiates within forward.
            with torch.no_grad():
                return method(*tensors)

        try:
            return run()
        except NETWORK_ERRORS as error:
            if is_own(error):
                raise
            if "does not require grad" in str(error) and not self.gradients:
                self.gradients = True
                with contextlib.suppress(*NETWORK_ERRORS):
                    return run()
                self.gradients = False
            raise PipelineError(self._explain_failure(error, inputs, run)) from None

    def _explain_failure(self, error: BaseException, inputs: Arrays, run: Callable[[], Any]) -> str:
        shapes = {name: f"{array.dtype}{list(array.shape)}" for name, array in inputs.items()}
        line = locate(error)
        what = f"{f'{line}: ' if line else ''}{type(error).__name__}: {' '.join(str(error).split())}"
        name = type(self.network).__name__
        if not self.describe_training():
            network = self.network
            with contextlib.suppress(*NETWORK_ERRORS):
                self.network = copy.deepcopy(network).train()
                try:
                    run()
                finally:
                    self.network = network
                return f"{name} answers {shapes} in training mode, and not in evaluation mode, in which it is carried: {what}"
        return f"{name} itself cannot answer {shapes}: {what}{self.describe_training()}{self._advise_dtype(str(error))}"

    def describe_training(self) -> str:
        """Names the layers that are in training mode, or nothing."""
        layers = [name or "the network itself" for name, module in self.network.named_modules() if module.training]
        others = f" and {len(layers) - 3} more" if len(layers) > 3 else ""
        return f" (in training mode although eval() was called: {', '.join(layers[:3])}{others})" if layers else ""

    def _advise_dtype(self, error: str) -> str:
        """What to do about an input of another dtype than the weights have."""
        if not re.search("dtype|scalar type|datatype|input type", error.lower()):
            return ""
        kinds = [str(p.dtype).removeprefix("torch.") for p in self.network.parameters() if p.is_floating_point()]
        kind = kinds[0] if kinds else "float32"
        if kind == "bfloat16":
            return "; call `.float()` on the network: NumPy and C# have no bfloat16"
        return f"; save the array in the dtype that forward takes, such as `array.astype('{kind}')`"

    def find_axes(self, rows: Rows) -> None:
        """Find the batch axis of each output: the one whose size is the number of rows of the call.

        Raises:
            PipelineError: The network cannot answer, or an answer has other axes for two rows than for three.
        """
        if not rows.batched:
            return
        shapes = {}
        for count in (2, 3):
            (probe,) = rows.calls([place % len(rows) for place in range(count)])
            outputs = name_outputs(flatten(self._run(self.call_network, probe)), self.output_names, self.inputs)
            shapes[count] = {name: tuple(tensor.shape) for name, tensor in outputs.items()}
        self.answer_axes, self.answer_ranks = [], [len(shape) for shape in shapes[2].values()]
        for name, shape in shapes[2].items():
            other = shapes[3].get(name, ())
            if len(other) != len(shape):
                raise PipelineError(f"output {name!r}: expected one number of axes, got shapes {shape} and {other}")
            axes = [axis for axis, sizes in enumerate(zip(shape, other, strict=True)) if sizes == (2, 3)]
            self.answer_axes.append(axes[0] if axes else 0)
            if not axes and (call := find_sizes_of_values(lambda: self._run(self.call_network, probe))):
                raise PipelineError(
                    f"{call} answers as many values as it meets, so that output {name!r} has no row for each row of the call: answer a fixed "
                    "number of values for each row (top-k, or a mask, or padding and a count)"
                )


def _restore_batch(tensor: Tensor, axis: int, rank: int, inputs: tuple[Tensor, ...]) -> Tensor:
    """The answer to one row with its batch axis, which `squeeze()` takes away there and nowhere else."""
    return tensor.unsqueeze(axis) if tensor.ndim == rank - 1 and len(inputs[0]) == 1 else tensor


def _move_batch_first(name: str, tensor: Tensor, axis: int) -> Tensor:
    if axis and axis >= tensor.ndim:
        raise PipelineError(
            f"output {name!r}: expected the batch on axis {axis}, as in other calls, got shape {list(tensor.shape)}: keep the number of "
            "axes (`squeeze()` removes a batch of 1 too: name the axis that it should remove)"
        )
    return tensor.movedim(axis, 0) if axis else tensor
