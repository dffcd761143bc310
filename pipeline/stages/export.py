"""export: checkpoint -> build/exported.onnx, build/contract.json and build/golden/: PyTorch answers here, and only here."""

import gc
import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import ModelProto

from pipeline.compare.comparison import COARSE, compare
from pipeline.core import contract as contracts
from pipeline.core.arrays import Array, Arrays, is_text, save
from pipeline.core.contract import (
    GOLDEN_INPUTS,
    GOLDEN_OUTPUTS,
    GOLDEN_TEST,
    GOLDEN_TEXTS,
    Contract,
    Golden,
    Task,
    TensorSpec,
)
from pipeline.core.errors import PipelineError
from pipeline.core.files import sha256, write_json
from pipeline.core.golden_texts import save_golden
from pipeline.export import determinism, diagnostics, encoder_graph, exporters, golden_calls
from pipeline.export.exporters import EXPORTERS
from pipeline.export.reference import Answered, answer_everything
from pipeline.graph import external_data, onnx_model
from pipeline.graph.session import answer as answer_onnx
from pipeline.graph.session import open_session
from pipeline.network import encoders
from pipeline.network.encoders import encode, encoded_axes
from pipeline.network.factory import CHECKPOINT
from pipeline.settings.model import TensorSettings
from pipeline.settings.params import Export, Params

REPORT = Path("reports/export.json")
# The graph while it is being proven, in a folder of its own.
PROVEN = "proven.onnx"
# Stands for a fingerprint until the file is there.
UNKNOWN = "0" * 64
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


def to_onnx(
    subject: Answered, contract: Callable[[ModelProto], Contract], params: Params, folder: Path
) -> tuple[ModelProto, dict[str, Any]]:
    """Export with the first exporter whose graph keeps the contract and answers like the network.

    The graph is proven from a file in `folder`, which also takes weights that the graph does not hold.

    Returns:
        The model, and for the report: the exporter, what the others said, and the graph's size before constant folding.

    Raises:
        PipelineError: None of those that export.exporter allows does.
    """
    learnt = encoders.load()
    _, (example, _) = determinism.largest(subject.golden)
    if subject.rows.batched:
        example = {name: array[: max(2, len(array) // 2)] for name, array in example.items()}
    axes = encoded_axes(subject.model.dynamic_axes, learnt)
    job = exporters.Job(encode(example, learnt), subject.shapes["outputs"], axes, params.export.opset, folder)
    attempts: dict[str, str] = {}
    for which in choose(params.export):
        adapter = subject.adapter()
        frozen: list[str] = []
        try:
            made, before, frozen = exporters.export(which, adapter, job)
            encoder_graph.prepend(made, learnt, {tensor.name: tensor.shape for tensor in contract(made).inputs})
            if departures := onnx_model.departures(made, contract(made)):
                attempts[which] = f"the exported graph is not what model.dynamic_axes asks for: {'; '.join(departures)}"
            else:
                alone = golden_calls.singles(adapter, subject.rows) if which == "tracer" else {}
                onnx.save(made, folder / PROVEN)
                # The session takes as much memory as the network.
                del adapter
                gc.collect()
                attempts[which] = prove(folder / PROVEN, {**subject.golden, **alone})
        except PipelineError as error:
            attempts[which] = str(error)
        if not attempts[which]:
            return made, {"exporter": which, "attempts": attempts, "before_folding": before}
        if frozen:
            attempts[which] += f"; it froze {' and '.join(frozen[:2])}"
    told = "; ".join(f"{which}: {said}" for which, said in attempts.items())
    raise PipelineError(
        f"model.net._target_={params.model.net.target} cannot be exported: {told}. What helps: {diagnostics.remedies(told)}"
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
    for node in onnx_model.nodes(model.graph):
        kept = [(entry.key, entry.value) for entry in node.metadata_props if entry.key in KEPT_NOTES]
        node.ClearField("metadata_props")
        node.doc_string = ""
        for key, value in kept:
            node.metadata_props.add(key=key, value=value)


def tensor(name: str, array: Array, shape: list[int | str], port: TensorSettings | None) -> TensorSpec:
    port = port or TensorSettings()
    dtype = "string" if is_text(array) else array.dtype.name
    return TensorSpec(name=name, dtype=dtype, shape=shape, **port.model_dump())


def configuration_hash(params: Params) -> str:
    """SHA-256 of the settings that decide the model's bytes, so that an edit elsewhere leaves them alone.

    Files count by what is in them, wherever they lie; the weights have a fingerprint of their own.
    """
    said = params.model_dump(mode="json", by_alias=True, include={"seed", "model", "export"})
    del said["model"]["weights"]
    return hashlib.sha256(json.dumps(by_content(said), sort_keys=True).encode()).hexdigest()


def by_content(value: Any) -> Any:
    """`value` with the SHA-256 of each file in place of its full path."""
    if isinstance(value, dict):
        return {key: by_content(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [by_content(entry) for entry in value]
    if isinstance(value, str) and Path(value).is_absolute() and Path(value).is_file():
        return sha256(Path(value))
    return value


def write_golden(answered: Answered) -> Golden:
    """Write questions and answers; their fingerprints."""
    save(GOLDEN_INPUTS, contracts.join({case: inputs for case, (inputs, _) in answered.golden.items()}))
    save(GOLDEN_OUTPUTS, contracts.join({case: answers for case, (_, answers) in answered.golden.items()}))
    save(GOLDEN_TEST, answered.everything)
    save_golden(answered.texts)
    return Golden(
        inputs_sha256=sha256(GOLDEN_INPUTS),
        outputs_sha256=sha256(GOLDEN_OUTPUTS),
        test_sha256=sha256(GOLDEN_TEST),
        texts_sha256=sha256(GOLDEN_TEXTS),
    )


def run(params: Params) -> None:
    answered = answer_everything(params)
    model, opset = answered.model, params.export.opset
    weights, configuration = sha256(CHECKPOINT), configuration_hash(params)

    def contract(made: ModelProto) -> Contract:
        inputs, outputs = (
            [tensor(name, array, answered.shapes[side][name], ports.get(name)) for name, array in arrays.items()]
            for side, arrays, ports in (
                ("inputs", answered.inputs, model.inputs),
                ("outputs", answered.everything, model.outputs),
            )
        )
        return Contract(
            name=model.name,
            description=model.description,
            inputs=inputs,
            outputs=outputs,
            task=Task(**model.task.model_dump()) if model.task else None,
            opset=opset,
            ir_version=made.ir_version,
            weights_sha256=weights,
            configuration_sha256=configuration,
            golden=Golden(inputs_sha256=UNKNOWN, outputs_sha256=UNKNOWN, test_sha256=UNKNOWN),
            tokenizer=answered.tokenizer,
        )

    onnx_model.EXPORTED.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=onnx_model.EXPORTED.parent) as scratch:
        folder = Path(scratch)
        made, how = to_onnx(answered, contract, params, folder)
        if answered.rows.batched:
            determinism.check_alone(answered.adapter(), answered.golden)
        metadata = {"name": model.name, "weights_sha256": weights, "configuration_sha256": configuration}
        annotate(made, model.name, model.description, metadata)
        onnx_model.check(made, str(onnx_model.EXPORTED))
        fingerprints = write_golden(answered)
        onnx_model.save(made, onnx_model.EXPORTED, folder)
    contracts.save(contract(made).model_copy(update={"golden": fingerprints}))
    texts, rows = len(answered.texts.texts), answered.rows
    write_json(
        REPORT,
        {
            "opset": opset,
            "ir_version": made.ir_version,
            "torch": torch.__version__,
            "golden_cases": len(answered.golden),
            "golden_texts": texts,
            "left_out": answered.left_out,
            **how,
            "graph": onnx_model.count(made),
        },
    )
    refused = "".join(f"; {which} was not used: {said}" for which, said in how["attempts"].items() if said)
    print(
        f"export: {onnx_model.EXPORTED}: {how['exporter']}, opset {opset}, {how['before_folding']['nodes']} nodes, "
        f"{len(made.graph.node)} after constant folding, {external_data.size(made):,} bytes; {len(answered.golden)} golden cases, "
        f"{f'{texts:,} texts, ' if texts else ''}{len(rows)} test rows answered"
        f"{'' if rows.batched else ', one a call (no axis is named batch)'}{refused}"
    )
