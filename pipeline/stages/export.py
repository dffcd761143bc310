"""export: checkpoint -> build/exported.onnx, build/contract.json and build/golden/: PyTorch answers here, and only here."""

import contextlib
import hashlib
import io
import json
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from onnx import ModelProto
from torch import nn

from pipeline import contract as contracts
from pipeline import graph
from pipeline.arrays import Array, Arrays, load, save
from pipeline.contract import GOLDEN_INPUTS, GOLDEN_OUTPUTS, GOLDEN_TEST, Contract, Golden, Task, Tensor
from pipeline.errors import PipelineError
from pipeline.files import sha256, write_json
from pipeline.network import CHECKPOINT, build, load_weights
from pipeline.outputs import leaves, name_outputs
from pipeline.params import Export, Model, Params, Port

TEST_DATA = Path("build/data/test.npz")
REPORT = Path("reports/export.json")
# Rows that PyTorch answers at once when it answers the whole test split.
CHUNK = 256
# What names the nn.Module that a node came from; the rest of the exporter's notes holds paths and object numbers.
KEPT_NOTES = ("pkg.torch.onnx.class_hierarchy", "pkg.torch.onnx.name_scopes")


def golden_inputs(test: Arrays, model: Model, batches: list[int], seed: int) -> dict[str, Arrays]:
    """Inputs by case: real test rows at each batch size, then zeros and the ends of each input's range.

    Rows are drawn without repetition as long as there are enough.
    """
    inputs = {name: test[name] for name in model.inputs}
    rows = len(next(iter(inputs.values())))
    order = np.random.default_rng(seed).permutation(rows)
    cases, taken = {}, 0
    for batch in batches:
        index = order[np.arange(taken, taken + batch) % rows]
        cases[f"rows-{batch}"] = {name: array[index] for name, array in inputs.items()}
        taken += batch
    edges: dict[str, dict[str, float | None]] = {
        "zeros": dict.fromkeys(inputs, 0.0),
        "minimum": {name: model.inputs[name].minimum for name in inputs},
        "maximum": {name: model.inputs[name].maximum for name in inputs},
    }
    for case, fills in edges.items():
        known = {name: fill for name, fill in fills.items() if fill is not None}
        if known and len(known) == len(inputs):
            cases[case] = {name: np.full_like(inputs[name][:2], fill) for name, fill in known.items()}
    return cases


def answer(network: nn.Module, inputs: Arrays, names: list[str]) -> Arrays:
    """The eager network's outputs for `inputs`, by name."""
    # Copies: a network that edits its input in place must not edit ours.
    tensors = {name: torch.from_numpy(array.copy()) for name, array in inputs.items()}
    try:
        with torch.inference_mode():
            found = network(**tensors)
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        shapes = {name: f"{array.dtype}{list(array.shape)}" for name, array in inputs.items()}
        raise PipelineError(
            f"{type(network).__name__} itself cannot answer {shapes}: {type(error).__name__}: {' '.join(str(error).split())}"
        ) from None
    named = name_outputs(leaves(found), names)
    return {name: tensor.numpy() for name, tensor in named.items()}


def answer_rows(network: nn.Module, inputs: Arrays, names: list[str]) -> Arrays:
    """The same for any number of rows, CHUNK at a time."""
    rows = len(next(iter(inputs.values())))
    parts = [
        answer(network, {name: array[start : start + CHUNK] for name, array in inputs.items()}, names)
        for start in range(0, rows, CHUNK)
    ]
    if flat := [name for name, array in parts[0].items() if not array.ndim]:
        raise PipelineError(
            f"output {flat[0]!r}: expected an answer for each row, got a single number: keep the batch axis"
        )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def check_answers(by_case: dict[str, Arrays], network: str) -> None:
    for case, arrays in by_case.items():
        for name, array in arrays.items():
            if array.dtype.kind == "f" and np.isnan(array).any():
                row = int(np.argwhere(np.isnan(array))[0][0]) if array.ndim else 0
                raise PipelineError(
                    f"{network} itself answers NaN in output {name!r}, golden case {case!r}, row {row}: nothing can be proven "
                    "against NaN; look for a division by zero, a log of zero, or weights that are NaN"
                )


def to_onnx(
    network: nn.Module, example: Arrays, outputs: list[str], model: Model, export: Export
) -> tuple[ModelProto, dict[str, Any]]:
    """Export `network` with torch's dynamo exporter, then fold constants.

    Returns:
        The model, and sizes of its graph before and after folding.

    Raises:
        PipelineError: The exporter refuses the network, freezes a dynamic axis, or cannot reach the opset.
    """
    # What the exporter says of its own insides (torchvision is not installed, a pytree function is deprecated) helps nobody.
    logging.getLogger("torch").setLevel(logging.ERROR)
    logging.getLogger("onnxscript").setLevel(logging.ERROR)
    warnings.simplefilter("ignore", FutureWarning)
    where = f"model.net._target_={model.net.target}"
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            program = torch.onnx.export(
                network,
                kwargs={name: torch.from_numpy(array) for name, array in example.items()},
                dynamo=True,
                optimize=False,
                opset_version=export.opset,
                input_names=list(example),
                output_names=outputs,
                dynamic_shapes={name: model.dynamic_axes.get(name, {}) for name in example},
                verbose=False,
            )
    except (
        torch.onnx.errors.OnnxExporterError,
        torch.onnx.OnnxExporterError,
        RuntimeError,
        ValueError,
        TypeError,
    ) as error:
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        lines = [line.strip() for line in str(cause).splitlines() if line.strip()] or [""]
        # A first line that ends in a colon only announces what is wrong.
        line = " ".join(lines[: 1 + lines[0].endswith(":")])
        raise PipelineError(f"{where}: torch's exporter refuses the network: {type(cause).__name__}: {line}") from None
    if program is None:
        raise PipelineError(f"{where}: torch's exporter made no graph")
    before = graph.count(program.model_proto)
    program.optimize()
    made: ModelProto = program.model_proto
    reached = next(entry.version for entry in made.opset_import if entry.domain in ("", "ai.onnx"))
    if reached != export.opset:
        raise PipelineError(
            f"{where}: expected opset {export.opset} (export.opset), got {reached}: torch's exporter cannot convert this graph "
            f"that far; use export.opset={reached}"
        )
    return made, before


def annotate(model: ModelProto, name: str, description: str, metadata: dict[str, str]) -> None:
    """Say in the file itself what it is; drop the exporter's notes that differ from one machine to the next."""
    model.producer_name, model.producer_version = "torch2dotnet", ""
    model.graph.name, model.graph.doc_string, model.doc_string = name, description, description
    del model.metadata_props[:], model.graph.metadata_props[:]
    for key, value in metadata.items():
        model.metadata_props.add(key=key, value=value)
    for value_info in [*model.graph.input, *model.graph.output, *model.graph.value_info, *model.graph.initializer]:
        value_info.ClearField("metadata_props")
        value_info.doc_string = ""
    for node in graph.nodes(model.graph):
        kept = [(entry.key, entry.value) for entry in node.metadata_props if entry.key in KEPT_NOTES]
        node.ClearField("metadata_props")
        node.doc_string = ""
        for key, value in kept:
            node.metadata_props.add(key=key, value=value)


def tensor(name: str, array: Array, shape: list[int | str], port: Port | None) -> Tensor:
    port = port or Port()
    dtype = "string" if array.dtype.kind in "OUST" else array.dtype.name
    return Tensor(name=name, dtype=dtype, shape=shape, **port.model_dump())


def input_shape(name: str, array: Array, model: Model) -> list[int | str]:
    axes = model.dynamic_axes.get(name, {})
    unknown = [axis for axis in axes if not 0 <= axis < array.ndim]
    if unknown:
        raise PipelineError(
            f"model.dynamic_axes.{name}: expected axes from 0 to {array.ndim - 1}, got {unknown[0]}: the data's {name!r} has "
            f"shape {list(array.shape)}"
        )
    return [axes.get(axis, size) for axis, size in enumerate(array.shape)]


def configuration_hash(params: Params) -> str:
    """SHA-256 of the settings that decide the model's bytes, so that an edit elsewhere leaves them alone."""
    said = params.model_dump(mode="json", by_alias=True, include={"seed", "model", "export"})
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def run(params: Params) -> None:
    model, export = params.model, params.export
    torch.manual_seed(params.seed)
    test = load(TEST_DATA, made_by="prepare")
    network = build(model.net)
    load_weights(network, CHECKPOINT, made_by="train")
    network.eval()

    unknown = [name for name in (*model.inputs, *model.dynamic_axes) if name not in test]
    if unknown:
        raise PipelineError(f"{TEST_DATA}: expected an array for the input {unknown[0]!r}, got {list(test)}")
    questions = golden_inputs(test, model, export.golden_batches, params.seed)
    names = list(model.outputs)
    answers = {case: answer(network, inputs, names) for case, inputs in questions.items()}
    everything = answer_rows(network, {name: test[name] for name in model.inputs}, names)
    check_answers({**answers, "test split": everything}, type(network).__name__)

    # Two rows: an axis traced at size 1 is taken for a constant.
    example = {name: test[name][:2] for name in model.inputs}
    shapes_in = {name: input_shape(name, array, model) for name, array in example.items()}
    made, before = to_onnx(network, example, list(everything), model, export)
    weights, configuration = sha256(CHECKPOINT), configuration_hash(params)
    annotate(
        made,
        model.name,
        model.description,
        {"name": model.name, "weights_sha256": weights, "configuration_sha256": configuration},
    )
    graph.check(made, str(graph.EXPORTED))

    rows = len(next(iter(test.values())))
    shapes = {name: shape for name, _, shape in graph.signature(list(made.graph.output))}
    contract = Contract(
        name=model.name,
        description=model.description,
        inputs=[tensor(name, array, shapes_in[name], model.inputs[name]) for name, array in example.items()],
        outputs=[tensor(name, array, shapes[name], model.outputs.get(name)) for name, array in everything.items()],
        task=Task(**model.task.model_dump()) if model.task else None,
        opset=export.opset,
        ir_version=made.ir_version,
        weights_sha256=weights,
        configuration_sha256=configuration,
        golden=Golden(inputs_sha256="0" * 64, outputs_sha256="0" * 64, test_sha256="0" * 64),
    )
    frozen = graph.departures(made, contract)
    if frozen:
        raise PipelineError(
            f"the exported graph is not what model.dynamic_axes asks for: {'; '.join(frozen)}. The network fixes that axis "
            "(a reshape to a constant, a loop over rows): make it follow the input's size"
        )
    save(GOLDEN_INPUTS, contracts.join(questions))
    save(GOLDEN_OUTPUTS, contracts.join(answers))
    save(GOLDEN_TEST, everything)
    golden = Golden(
        inputs_sha256=sha256(GOLDEN_INPUTS), outputs_sha256=sha256(GOLDEN_OUTPUTS), test_sha256=sha256(GOLDEN_TEST)
    )
    graph.save(made, graph.EXPORTED)
    contracts.save(contract.model_copy(update={"golden": golden}))
    write_json(
        REPORT,
        {
            "exporter": export.exporter,
            "opset": export.opset,
            "ir_version": made.ir_version,
            "torch": torch.__version__,
            "golden_cases": len(questions),
            "before_folding": before,
            "graph": graph.count(made),
        },
    )
    print(
        f"export: {graph.EXPORTED}: opset {export.opset}, {before['nodes']} nodes, {len(made.graph.node)} after constant folding, "
        f"{made.ByteSize():,} bytes; {len(questions)} golden cases, {rows} test rows answered"
    )
