"""export: checkpoint -> build/exported.onnx, build/contract.json and build/golden/: PyTorch answers here, and only here."""

import functools
import gc
import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import onnx
import torch
from onnx import ModelProto
from torch import nn

from pipeline import contract as contracts
from pipeline import exporters, external, graph
from pipeline import golden as golden_answers
from pipeline.arrays import Array, Arrays, load, save
from pipeline.compare import Policy, compare
from pipeline.contract import GOLDEN_INPUTS, GOLDEN_OUTPUTS, GOLDEN_TEST, Contract, Golden, Task, Tensor
from pipeline.errors import PipelineError
from pipeline.exporters import EXPORTERS
from pipeline.files import sha256, write_json
from pipeline.network import CHECKPOINT, is_large, restore
from pipeline.params import Export, Model, Params, Port
from pipeline.runtime import answer as answer_onnx
from pipeline.runtime import open_session

TEST_DATA = Path("build/data/test.npz")
REPORT = Path("reports/export.json")
# The graph while it is being proven, in a folder of its own.
PROVEN = "proven.onnx"
# Stands for a fingerprint until the file is there.
UNKNOWN = "0" * 64
# Coarse, and no setting: it only tells a graph that froze a branch from one that rounds otherwise. `validate` is the gate.
COARSE = Policy((1e-3, 1e-2), {"float16": (0.1, 0.1)})
# What names the nn.Module that a node came from; the rest of the exporter's notes holds paths and object numbers.
KEPT_NOTES = ("pkg.torch.onnx.class_hierarchy", "pkg.torch.onnx.name_scopes")


def choose(export: Export) -> list[str]:
    """The exporters to try, in order."""
    return list(EXPORTERS) if export.exporter == "auto" else [export.exporter]


def prove(file: Path, golden: Mapping[str, tuple[Arrays, Arrays]]) -> str:
    """Why the graph does not answer like the network; empty when it does."""
    session = open_session(file)
    for case, (inputs, expected) in golden.items():
        for verdict in compare(expected, answer_onnx(session, inputs), COARSE):
            if not verdict.passed:
                return f"{verdict.problem} (case {case})"
    return ""


class Subject(NamedTuple):
    """How to make the network, every row of its inputs, its answers to the golden cases, and the shapes of its outputs."""

    network: Callable[[], nn.Module]
    inputs: Arrays
    golden: dict[str, tuple[Arrays, Arrays]]
    outputs: dict[str, list[int | str]]


def to_onnx(
    subject: Subject, contract: Callable[[ModelProto], Contract], params: Params, folder: Path
) -> tuple[ModelProto, dict[str, Any]]:
    """Export with the first exporter whose graph keeps the contract and answers like the network.

    The graph is proven from a file in `folder`, which also takes weights that the graph does not hold.

    Returns:
        The model, and for the report: the exporter, what the others said, and the graph's size before constant folding.

    Raises:
        PipelineError: None of those that export.exporter allows does.
    """
    example = max(
        (inputs for inputs, _ in subject.golden.values()),
        key=lambda inputs: sum(array.size for array in inputs.values()),
    )
    example = {name: array[: max(2, len(array) // 2)] for name, array in example.items()}
    job = exporters.Job(example, subject.outputs, params.model.dynamic_axes, params.export.opset, folder)
    attempts: dict[str, str] = {}
    for which in choose(params.export):
        network = subject.network()
        try:
            made, before = exporters.export(which, network, job)
            if frozen := graph.departures(made, contract(made)):
                attempts[which] = f"the exported graph is not what model.dynamic_axes asks for: {'; '.join(frozen)}"
                continue
            alone = (
                golden_answers.singles(network, subject.inputs, list(params.model.outputs)) if which == "tracer" else {}
            )
            onnx.save(made, folder / PROVEN)
            # The session takes as much memory as the network.
            del network
            gc.collect()
            attempts[which] = prove(folder / PROVEN, {**subject.golden, **alone})
        except PipelineError as error:
            attempts[which] = str(error)
            continue
        if not attempts[which]:
            return made, {"exporter": which, "attempts": attempts, "before_folding": before}
    told = "; ".join(f"{which}: {said}" for which, said in attempts.items())
    raise PipelineError(
        f"model.net._target_={params.model.net.target} cannot be exported: {told}. What helps: sizes taken from the input instead of "
        "constants, torch.where or torch.cond instead of an `if` on values, real instead of complex arithmetic"
    )


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


def check_batch(shapes: Mapping[str, list[int | str]]) -> None:
    """Raise PipelineError unless the first axis of every input is the batch."""
    for name, shape in shapes.items():
        if not shape or isinstance(shape[0], int):
            raise PipelineError(
                f"model.dynamic_axes.{name}: expected the first axis to be named, the batch, got shape {shape}: add "
                f"'model.dynamic_axes={{{name}: {{0: batch}}}}'"
            )


def configuration_hash(params: Params) -> str:
    """SHA-256 of the settings that decide the model's bytes, so that an edit elsewhere leaves them alone."""
    said = params.model_dump(mode="json", by_alias=True, include={"seed", "model", "export"})
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def run(params: Params) -> None:
    model, export = params.model, params.export
    test = load(TEST_DATA, made_by="prepare")

    def trained() -> nn.Module:
        torch.manual_seed(params.seed)
        return restore(model.net, CHECKPOINT, made_by="train")[0].eval()

    # The same one each time, where memory has room for it beside a session.
    make = trained if is_large(CHECKPOINT) else functools.cache(trained)
    network = make()
    unknown = [name for name in (*model.inputs, *model.dynamic_axes) if name not in test]
    if unknown:
        raise PipelineError(f"{TEST_DATA}: expected an array for the input {unknown[0]!r}, got {list(test)}")
    inputs = {name: test[name] for name in golden_answers.names(test, model)}
    shapes = {name: input_shape(name, array, model) for name, array in inputs.items()}
    check_batch(shapes)
    questions = golden_answers.questions(test, model, export.golden_batches, params.seed)
    answers, left_out = golden_answers.answer_cases(network, questions, list(model.outputs), model)
    questions = {case: questions[case] for case in answers}
    everything = golden_answers.answer_rows(network, inputs, list(model.outputs))
    golden_answers.check_answers({"test split": everything}, type(network).__name__)
    del network
    sizes = [golden_answers.axis_sizes(asked, model) for asked in questions.values()]
    outputs = {
        name: golden_answers.infer_shape(name, sizes, [answered[name].shape for answered in answers.values()])
        for name in everything
    }

    weights, configuration = sha256(CHECKPOINT), configuration_hash(params)

    def contract(made: ModelProto) -> Contract:
        return Contract(
            name=model.name,
            description=model.description,
            inputs=[tensor(name, array, shapes[name], model.inputs.get(name)) for name, array in inputs.items()],
            outputs=[tensor(name, array, outputs[name], model.outputs.get(name)) for name, array in everything.items()],
            task=Task(**model.task.model_dump()) if model.task else None,
            opset=export.opset,
            ir_version=made.ir_version,
            weights_sha256=weights,
            configuration_sha256=configuration,
            golden=Golden(inputs_sha256=UNKNOWN, outputs_sha256=UNKNOWN, test_sha256=UNKNOWN),
        )

    golden = {case: (questions[case], answers[case]) for case in questions}
    metadata = {"name": model.name, "weights_sha256": weights, "configuration_sha256": configuration}
    graph.EXPORTED.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=graph.EXPORTED.parent) as scratch:
        folder = Path(scratch)
        made, how = to_onnx(Subject(make, inputs, golden, outputs), contract, params, folder)
        annotate(made, model.name, model.description, metadata)
        graph.check(made, str(graph.EXPORTED))

        save(GOLDEN_INPUTS, contracts.join(questions))
        save(GOLDEN_OUTPUTS, contracts.join(answers))
        save(GOLDEN_TEST, everything)
        fingerprints = Golden(
            inputs_sha256=sha256(GOLDEN_INPUTS), outputs_sha256=sha256(GOLDEN_OUTPUTS), test_sha256=sha256(GOLDEN_TEST)
        )
        graph.save(made, graph.EXPORTED, folder)
    contracts.save(contract(made).model_copy(update={"golden": fingerprints}))
    write_json(
        REPORT,
        {
            "opset": export.opset,
            "ir_version": made.ir_version,
            "torch": torch.__version__,
            "golden_cases": len(questions),
            "left_out": left_out,
            **how,
            "graph": graph.count(made),
        },
    )
    refused = "".join(f"; {which} was not used: {said}" for which, said in how["attempts"].items() if said)
    print(
        f"export: {graph.EXPORTED}: {how['exporter']}, opset {export.opset}, {how['before_folding']['nodes']} nodes, "
        f"{len(made.graph.node)} after constant folding, {external.size(made):,} bytes; {len(questions)} golden cases, "
        f"{len(next(iter(inputs.values())))} test rows answered{refused}"
    )
