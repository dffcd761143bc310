"""The eager, unpatched network's answers, computed once, that everything is compared with. Imports torch."""

import contextlib
import copy
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch

from pipeline.core.arrays import Array, Arrays, load
from pipeline.core.contract import OutputScale, TokenizerSpec
from pipeline.core.errors import PipelineError
from pipeline.core.files import checked
from pipeline.core.golden import GoldenCall
from pipeline.core.paths import CHECKPOINT, TEST_SPLIT
from pipeline.core.progress import LongWork, track
from pipeline.core.rows import CHUNK, Rows
from pipeline.export import determinism
from pipeline.export.adapter import Adapter, AnswerForm
from pipeline.export.diagnostics import NETWORK_ERRORS
from pipeline.export.golden_calls import WORK_LIMIT, axis_sizes, choose_calls, choose_pair, input_names
from pipeline.export.rounding import choose_telling, measure_scales, move_answers
from pipeline.export.shapes import infer_output_shapes
from pipeline.export.size_calls import SizeTrial
from pipeline.export.text_calls import check_vocabulary, choose_text_calls
from pipeline.network import encoders
from pipeline.network.axes import batch_axes, batch_first, check_axes
from pipeline.network.factory import is_large, restore
from pipeline.network.threads import count_multiply_adds, set_threads
from pipeline.settings.model import Model
from pipeline.settings.params import Params
from pipeline.tokenizer.token_files import load_texts, load_tokenizer


@dataclass(frozen=True)
class Reference:
    """The network, its rows, and its answers.

    `adapter` gives the network as it was before it answered anything; `work` is the multiply-adds of one row; `model` is as
    configured, but with the batch first; `calls` are the golden calls, `left_out` those that the network itself cannot answer, with
    the reason; `trial` asks it at other sizes; `test_split` has its answers to the whole test split; `inputs` is one call, `shapes`
    has the shape of each input and output with its dynamic axes named, `scales` how large the values of each output are.
    """

    adapter: Callable[[], Adapter]
    work: int
    rows: Rows
    model: Model
    calls: list[GoldenCall]
    left_out: dict[str, str]
    trial: SizeTrial
    test_split: Arrays
    tokenizer: TokenizerSpec | None
    inputs: Arrays
    shapes: dict[str, dict[str, list[int | str]]]
    scales: dict[str, OutputScale]
    # Of the test split, where the data has one.
    target: Array | None = None


def answer_everything(params: Params, threads: int | Literal["auto"]) -> Reference:
    """Run the network of build/weights/checkpoint.safetensors on the golden calls, the test split and the tokenizer's texts.

    Args:
        params: The configuration.
        threads: How many torch computes with; "auto" decides by the work of a call, as training does.

    Raises:
        PipelineError: It cannot answer, or is no function of its row; axes, encoders or the tokenizer do not fit it.
    """
    test = load(checked(TEST_SPLIT, "prepare"), made_by="prepare")
    tokenizer = load_tokenizer()
    unknown = [name for name in (*params.model.inputs, *params.model.dynamic_axes) if name not in test]
    if unknown:
        raise PipelineError(f"{TEST_SPLIT}: expected an array for the input {unknown[0]!r}, got {list(test)}")
    batch = batch_axes(params.model)
    rows = Rows({name: test[name] for name in input_names(test, params.model)}, batched=bool(batch))
    rows.check_some(str(TEST_SPLIT))
    (inputs,) = rows.calls([0])
    check_axes({name: array.shape for name, array in inputs.items()}, params.model)
    text_encoders = encoders.load_encoders()
    checkpoint = checked(CHECKPOINT, "train")
    answer_form: list[AnswerForm] = []  # of the first network, for those that are made after it

    def trained_network() -> Adapter:
        return restore_adapter(params, list(inputs), text_encoders)

    torch.set_num_threads(1)  # until the work of a call is counted
    adapter = trained_network()
    untouched = None if is_large(checkpoint) else copy_untouched(adapter)

    def fresh_adapter() -> Adapter:
        fresh = copy.deepcopy(untouched) or trained_network()
        fresh.form = answer_form[0]
        return fresh

    if tokenizer:
        check_vocabulary(adapter.network, tokenizer)
    adapter.find_axes(rows)
    answer_form.append(adapter.form)
    work = count_multiply_adds(lambda: adapter.answer(inputs))
    set_threads(work * (min(len(rows), CHUNK) if rows.batched else 1), threads)
    model = batch_first(params.model)

    chosen = choose_calls(rows, model, params.export.golden_batches, params.seed, work)
    calls, left_out = answer_calls(adapter, chosen)
    trial = SizeTrial(
        functools.partial(answer_with_numbers, adapter), choose_pair(rows, params.seed), model, rows.batched, work
    )
    trial.run()
    # What is asked later is asked of a network that has answered nothing, and none is held until then.
    trial.answer = lambda call: answer_with_numbers(fresh_adapter(), call)
    calls += trial.calls
    left_out |= trial.left_out
    test_split = answer_rows(adapter, rows)
    check_no_nan({"test split": test_split}, type(adapter.network).__name__)
    shapes = {
        "inputs": {name: input_shape(array, model.dynamic_axes.get(name, {})) for name, array in inputs.items()},
        "outputs": infer_output_shapes(adapter.answer, rows, model, calls),
    }
    telling = choose_telling([*calls, *sample_rows(rows, test_split, work)])
    with LongWork("export", "measuring what rounding does"):
        moved = move_answers(fresh_adapter, telling, weights=not is_large(checkpoint))
    scales = measure_scales(calls, test_split, shapes["outputs"], moved, batched=rows.batched)
    determinism.check_repeatability(adapter, {call.name: (call.inputs, call.outputs) for call in calls}, scales)
    if tokenizer:
        texts, _ = answer_calls(adapter, choose_text_calls(tokenizer, *load_texts()))
        calls += [replace(call, sizes=axis_sizes(call.inputs, model)) for call in texts]
    return Reference(
        fresh_adapter,
        work,
        rows,
        model,
        calls,
        left_out,
        trial,
        test_split,
        tokenizer,
        inputs,
        shapes,
        scales,
        test.get("target"),
    )


def restore_adapter(params: Params, inputs: list[str], text_encoders: encoders.Encoders) -> Adapter:
    """The network with the weights of build/weights/, as the pipeline calls it; in evaluation mode, and as yet without its form.

    Raises:
        PipelineError: It cannot be made, or the weights do not fit it.
    """
    torch.manual_seed(params.seed)
    network, _ = restore(params.model.net, CHECKPOINT, made_by="train")
    return Adapter(network, inputs, batch_axes(params.model), list(params.model.outputs), text_encoders).eval()


def copy_untouched(adapter: Adapter) -> Adapter | None:
    """A copy of a network that has answered nothing yet; None where it cannot be copied.

    One that answered may keep something of it, such as a table as long as its longest call; one that is made again may hold
    other random numbers than the one that answered.
    """
    try:
        return copy.deepcopy(adapter)
    except NETWORK_ERRORS:
        return None


def answer_with_numbers(adapter: Adapter, inputs: Arrays) -> Arrays:
    """The network's answers; raises PipelineError where it has none, or NaN."""
    outputs = adapter.answer(inputs)
    shapes = ", ".join(f"{name} {list(array.shape)}" for name, array in inputs.items())
    check_no_nan({shapes: outputs}, type(adapter.network).__name__)
    return outputs


def answer_rows(adapter: Adapter, rows: Rows) -> Arrays:
    """The network's answers to every row, row for row."""
    return rows.gather([adapter.answer(call) for call in track(rows.all(), "export", "asking for the test split")])


def sample_rows(rows: Rows, answers: Arrays, work: int) -> list[GoldenCall]:
    """The first rows of the test split as one call with the network's answers: as many as one call takes, fewer where they are much work."""
    if not rows.batched:
        return []
    count = min(len(rows), CHUNK, max(1, WORK_LIMIT // max(work, 1)))
    outputs = {name: array[:count] for name, array in answers.items()}
    return [GoldenCall("test", "rows", count, {}, rows.take(range(count)).arrays, outputs)]


def answer_calls(adapter: Adapter, calls: Sequence[GoldenCall]) -> tuple[list[GoldenCall], dict[str, str]]:
    """The calls with the network's answers.

    Calls whose masks are all true or all false are left out where the network itself fails or answers NaN.

    Returns:
        The calls that were answered, and why the others were left out, by name.

    Raises:
        PipelineError: The network fails at, or answers NaN to, rows that it must be able to answer.
    """
    answered, left_out = [], {}
    for call in track(calls, "export", "golden calls"):
        try:
            outputs = adapter.answer(call.inputs)
            check_no_nan({call.name: outputs}, type(adapter.network).__name__)
        except PipelineError as error:
            if call.purpose != "mask":
                raise
            left_out[call.name] = str(error)
        else:
            answered.append(replace(call, outputs=outputs))
    return answered, left_out


def single_rows(adapter: Adapter, rows: Rows) -> list[GoldenCall]:
    """Single rows, and the same with the sign of floating values turned, with the network's answers.

    For graphs that a tracer made: a branch on values is frozen as the example took it, and batches may all take the same.
    What the network itself cannot answer is left out.
    """
    answered = []
    for row in range(min(determinism.SINGLE_ROWS, len(rows))):
        for sign in (1, -1):
            (inputs,) = rows.calls([row])
            inputs = {
                name: array * np.array(sign, array.dtype) if array.dtype.kind == "f" else array
                for name, array in inputs.items()
            }
            with contextlib.suppress(PipelineError):
                name = f"row {row}{' with its sign turned' if sign < 0 else ''}"
                answered.append(GoldenCall(name, "rows", None, {}, inputs, adapter.answer(inputs)))
    return answered


def check_no_nan(outputs_by_call: Mapping[str, Arrays], network: str) -> None:
    """Raise PipelineError at the first NaN."""
    for call, arrays in outputs_by_call.items():
        for name, array in arrays.items():
            if array.dtype.kind == "f" and np.isnan(array).any():
                row = int(np.argwhere(np.isnan(array))[0][0]) if array.ndim else 0
                raise PipelineError(
                    f"{network} itself answers NaN in output {name!r}, golden call {call!r}, row {row}: nothing can be proven "
                    "against NaN; look for a division by zero, a log of zero, or weights that are NaN"
                )


def input_shape(array: Array, axes: Mapping[int, str]) -> list[int | str]:
    return [axes.get(axis, size) for axis, size in enumerate(array.shape)]
