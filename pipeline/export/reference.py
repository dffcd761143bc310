"""What the eager, unpatched network answers, once, to everything that is ever compared with it. Imports torch."""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import torch

from pipeline.core.arrays import Array, Arrays, load
from pipeline.core.contract import TokenizerSpec
from pipeline.core.errors import PipelineError
from pipeline.core.files import read_json
from pipeline.core.golden_texts import DESCRIPTION, GoldenTexts
from pipeline.core.rows import Rows
from pipeline.export import determinism, golden_calls
from pipeline.export.adapter import Adapter
from pipeline.export.text_reference import answer_texts, check_vocabulary
from pipeline.network import encoders
from pipeline.network.axes import batch_axes, batch_first, check_axes
from pipeline.network.factory import CHECKPOINT, is_large, restore
from pipeline.settings.model import Model
from pipeline.settings.params import Params

TEST_DATA = Path("build/data/test.npz")


class Answered(NamedTuple):
    """The network, its rows, and its answers.

    `adapter` gives the network, anew where memory has no room for it beside a session; `model` is as configured, but with
    the batch first; `golden` has inputs and answers by case, `left_out` why cases are not among them, `everything` the answers to the test split,
    `texts` those to the texts that prove the tokeniser; `inputs` is one call, `shapes` has the shape of each in- and output
    with its dynamic axes named.
    """

    adapter: Callable[[], Adapter]
    rows: Rows
    model: Model
    golden: dict[str, tuple[Arrays, Arrays]]
    left_out: dict[str, str]
    everything: Arrays
    texts: GoldenTexts
    tokenizer: TokenizerSpec | None
    inputs: Arrays
    shapes: dict[str, dict[str, list[int | str]]]


def answer_everything(params: Params) -> Answered:
    """Ask the network of build/checkpoint.safetensors every question that there is.

    Raises:
        PipelineError: It cannot answer, or is no function of its row; axes, encoders or the tokeniser do not fit it.
    """
    test = load(TEST_DATA, made_by="prepare")
    described = read_json(DESCRIPTION, made_by="prepare")
    tokenizer = TokenizerSpec.model_validate(described) if described else None
    unknown = [name for name in (*params.model.inputs, *params.model.dynamic_axes) if name not in test]
    if unknown:
        raise PipelineError(f"{TEST_DATA}: expected an array for the input {unknown[0]!r}, got {list(test)}")
    batch = batch_axes(params.model)
    rows = Rows({name: test[name] for name in golden_calls.names(test, params.model)}, batched=bool(batch))
    inputs = rows.calls([0])[0]
    check_axes({name: array.shape for name, array in inputs.items()}, params.model)
    learnt = encoders.load()
    answer_axes: list[int] = []

    def trained() -> Adapter:
        torch.manual_seed(params.seed)
        network, _ = restore(params.model.net, CHECKPOINT, made_by="train")
        made = Adapter(network, list(inputs), batch, list(params.model.outputs), learnt).eval()
        made.answer_axes = list(answer_axes)
        return made

    # The same one each time, where memory has room for it beside a session.
    make = trained if is_large(CHECKPOINT) else functools.cache(trained)
    adapter = make()
    if tokenizer:
        check_vocabulary(adapter.network, tokenizer)
    adapter.find_axes(rows)
    answer_axes += adapter.answer_axes
    model = batch_first(params.model)

    asked = golden_calls.questions(rows, model, params.export.golden_batches, params.seed)
    answers, left_out = golden_calls.answer_cases(adapter, asked, model)
    both = {case: (asked[case], answers[case]) for case in answers}
    texts = answer_texts(adapter, tokenizer)
    everything = golden_calls.answer_rows(adapter, rows)
    golden_calls.check_answers({"test split": everything}, type(adapter.network).__name__)
    determinism.check_repeats(adapter, both)
    sizes = [golden_calls.axis_sizes(call, model) for call, _ in both.values()]
    shapes = {
        "inputs": {name: input_shape(array, model.dynamic_axes.get(name, {})) for name, array in inputs.items()},
        "outputs": {
            name: golden_calls.infer_shape(name, sizes, [answer[name].shape for _, answer in both.values()])
            for name in everything
        },
    }
    return Answered(make, rows, model, both, left_out, everything, texts, tokenizer, inputs, shapes)


def input_shape(array: Array, axes: Mapping[int, str]) -> list[int | str]:
    return [axes.get(axis, size) for axis, size in enumerate(array.shape)]
