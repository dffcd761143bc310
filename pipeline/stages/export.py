"""export: checkpoint -> build/exported.onnx, build/contract.json and build/golden/: PyTorch answers here, and only here."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from onnx import ModelProto

from pipeline import contract as contracts
from pipeline import encoder_graph, encoders, exporters, graph, refusal, steady
from pipeline import golden as golden_answers
from pipeline.adapter import Adapter
from pipeline.answered_texts import answer_texts, check_vocabulary
from pipeline.arrays import Array, Arrays, is_text, load, save
from pipeline.compare import COARSE, compare
from pipeline.contract import (
    GOLDEN_INPUTS,
    GOLDEN_OUTPUTS,
    GOLDEN_TEST,
    GOLDEN_TEXTS,
    Contract,
    Golden,
    Task,
    Tensor,
    Tokenizer,
)
from pipeline.encoders import encode, encoded_axes
from pipeline.errors import PipelineError
from pipeline.exporters import EXPORTERS
from pipeline.files import read_json, sha256, write_json
from pipeline.golden_texts import DESCRIPTION, save_golden
from pipeline.network import CHECKPOINT, build, load_weights
from pipeline.params import Export, Params, Port
from pipeline.rows import Rows, batch_axes, batch_first, check_axes
from pipeline.runtime import answer as answer_onnx
from pipeline.runtime import open_session

TEST_DATA = Path("build/data/test.npz")
REPORT = Path("reports/export.json")
# Stands for a fingerprint until the file is there.
UNKNOWN = "0" * 64
# What names the nn.Module that a node came from; the rest of the exporter's notes holds paths and object numbers.
KEPT_NOTES = ("pkg.torch.onnx.class_hierarchy", "pkg.torch.onnx.name_scopes")


def choose(export: Export) -> list[str]:
    """The exporters to try, in order."""
    return list(EXPORTERS) if export.exporter == "auto" else [export.exporter]


def prove(made: ModelProto, golden: Mapping[str, tuple[Arrays, Arrays]]) -> str:
    """Why the graph does not answer like the network; empty when it does."""
    session = open_session(made.SerializeToString())
    for case, (inputs, expected) in golden.items():
        for verdict in compare(expected, answer_onnx(session, inputs), COARSE):
            if not verdict.passed:
                return f"{verdict.problem} (case {case})"
    return ""


class Subject(NamedTuple):
    """The network, its rows, its answers to the golden cases, the axes of its inputs, and the shapes of its outputs."""

    adapter: Adapter
    rows: Rows
    golden: dict[str, tuple[Arrays, Arrays]]
    axes: dict[str, dict[int, str]]
    outputs: dict[str, list[int | str]]


def to_onnx(
    subject: Subject, contract: Callable[[ModelProto], Contract], params: Params
) -> tuple[ModelProto, dict[str, Any]]:
    """Export with the first exporter whose graph keeps the contract and answers like the network.

    Returns:
        The model, and for the report: the exporter, what the others said, and the graph's size before constant folding.

    Raises:
        PipelineError: None of those that export.exporter allows does.
    """
    learnt = subject.adapter.encoders
    _, (example, _) = steady.largest(subject.golden)
    if subject.rows.batched:
        example = {name: array[: max(2, len(array) // 2)] for name, array in example.items()}
    axes = encoded_axes(subject.axes, learnt)
    job = exporters.Job(encode(example, learnt), subject.outputs, axes, params.export.opset)
    attempts: dict[str, str] = {}
    for which in choose(params.export):
        frozen: list[str] = []
        try:
            made, before, frozen = exporters.export(which, subject.adapter, job)
            encoder_graph.prepend(made, learnt, {tensor.name: tensor.shape for tensor in contract(made).inputs})
            if departures := graph.departures(made, contract(made)):
                attempts[which] = f"the exported graph is not what model.dynamic_axes asks for: {'; '.join(departures)}"
            else:
                alone = golden_answers.singles(subject.adapter, subject.rows) if which == "tracer" else {}
                attempts[which] = prove(made, {**subject.golden, **alone})
        except PipelineError as error:
            attempts[which] = str(error)
        if not attempts[which]:
            return made, {"exporter": which, "attempts": attempts, "before_folding": before}
        if frozen:
            attempts[which] += f"; it froze {' and '.join(frozen[:2])}"
    told = "; ".join(f"{which}: {said}" for which, said in attempts.items())
    raise PipelineError(
        f"model.net._target_={params.model.net.target} cannot be exported: {told}. What helps: {refusal.remedies(told)}"
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
    dtype = "string" if is_text(array) else array.dtype.name
    return Tensor(name=name, dtype=dtype, shape=shape, **port.model_dump())


def input_shape(array: Array, axes: Mapping[int, str]) -> list[int | str]:
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

    described = read_json(DESCRIPTION, made_by="prepare")
    tokenizer = Tokenizer.model_validate(described) if described else None
    if tokenizer:
        check_vocabulary(network, tokenizer)
    unknown = [name for name in (*model.inputs, *model.dynamic_axes) if name not in test]
    if unknown:
        raise PipelineError(f"{TEST_DATA}: expected an array for the input {unknown[0]!r}, got {list(test)}")
    batch = batch_axes(model)
    rows = Rows({name: test[name] for name in golden_answers.names(test, model)}, batched=bool(batch))
    inputs = rows.calls([0])[0]
    check_axes({name: array.shape for name, array in inputs.items()}, model)
    adapter = Adapter(network, list(inputs), batch, list(model.outputs), encoders.load()).eval()
    adapter.find_axes(rows)
    model = batch_first(model)
    shapes = {name: input_shape(array, model.dynamic_axes.get(name, {})) for name, array in inputs.items()}

    questions = golden_answers.questions(rows, model, export.golden_batches, params.seed)
    answers, left_out = golden_answers.answer_cases(adapter, questions, model)
    questions = {case: questions[case] for case in answers}
    texts = answer_texts(adapter, tokenizer)
    everything = golden_answers.answer_rows(adapter, rows)
    golden_answers.check_answers({"test split": everything}, type(network).__name__)
    golden = {case: (questions[case], answers[case]) for case in questions}
    steady.check_repeats(adapter, golden)
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
            tokenizer=tokenizer,
        )

    made, how = to_onnx(Subject(adapter, rows, golden, model.dynamic_axes, outputs), contract, params)
    if rows.batched:
        steady.check_alone(adapter, golden)
    metadata = {"name": model.name, "weights_sha256": weights, "configuration_sha256": configuration}
    annotate(made, model.name, model.description, metadata)
    graph.check(made, str(graph.EXPORTED))

    save(GOLDEN_INPUTS, contracts.join(questions))
    save(GOLDEN_OUTPUTS, contracts.join(answers))
    save(GOLDEN_TEST, everything)
    save_golden(texts)
    fingerprints = Golden(
        inputs_sha256=sha256(GOLDEN_INPUTS),
        outputs_sha256=sha256(GOLDEN_OUTPUTS),
        test_sha256=sha256(GOLDEN_TEST),
        texts_sha256=sha256(GOLDEN_TEXTS),
    )
    graph.save(made, graph.EXPORTED)
    contracts.save(contract(made).model_copy(update={"golden": fingerprints}))
    write_json(
        REPORT,
        {
            "opset": export.opset,
            "ir_version": made.ir_version,
            "torch": torch.__version__,
            "golden_cases": len(questions),
            "golden_texts": len(texts.texts),
            "left_out": left_out,
            **how,
            "graph": graph.count(made),
        },
    )
    refused = "".join(f"; {which} was not used: {said}" for which, said in how["attempts"].items() if said)
    print(
        f"export: {graph.EXPORTED}: {how['exporter']}, opset {export.opset}, {how['before_folding']['nodes']} nodes, "
        f"{len(made.graph.node)} after constant folding, {made.ByteSize():,} bytes; {len(questions)} golden cases, "
        f"{f'{len(texts.texts):,} texts, ' if texts.texts else ''}{len(rows)} test rows answered"
        f"{'' if rows.batched else ', one a call (no axis is named batch)'}{refused}"
    )
