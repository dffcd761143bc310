"""export: checkpoint -> build/exported/model.onnx and build/golden/: PyTorch answers here, and only here."""

import functools
import gc
import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import onnx
import torch
from onnx import ModelProto

from pipeline.compare.comparison import COARSE, compare
from pipeline.core.arrays import Array, Arrays, is_text, save
from pipeline.core.contract import Contract, Task, TensorSpec, golden_sha256, save_contract
from pipeline.core.errors import PipelineError
from pipeline.core.files import recorded_sha256, replacing_folder
from pipeline.core.golden import proven_sizes, save_calls
from pipeline.core.known_files import known_files
from pipeline.core.paths import BUILD, CHECKPOINT, EXPORTED, GOLDEN, GOLDEN_TEST_SPLIT
from pipeline.core.reports import ExportReport, GraphSize, write_report
from pipeline.export import determinism, diagnostics, encoder_graph, exporters
from pipeline.export.exporters import EXPORTERS, ExportRequest
from pipeline.export.reference import Reference, answer_everything, single_rows
from pipeline.graph import external_data, onnx_model, signature
from pipeline.graph.session import answer as answer_onnx
from pipeline.graph.session import open_session
from pipeline.network import encoders
from pipeline.network.encoders import encode, encoded_axes
from pipeline.settings.model import TensorSettings
from pipeline.settings.outside import named_files
from pipeline.settings.params import Export, Params

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
    for call, (inputs, expected) in golden.items():
        for comparison in compare(expected, answer_onnx(session, inputs), COARSE):
            if not comparison.passed:
                return f"{comparison.problem} (call {call})"
    return ""


def to_onnx(
    subject: Reference, contract: Callable[[ModelProto], Contract], params: Params, folder: Path
) -> tuple[ModelProto, dict[str, Any]]:
    """Export with the first exporter whose graph keeps the contract and answers like the network.

    The graph is proven from a file in `folder`, which also takes weights that the graph does not hold.

    Returns:
        The model, and for the report: the exporter, what the others said, and the graph's size before constant folding.

    Raises:
        PipelineError: None of those that export.exporter allows does.
    """
    text_encoders = encoders.load_encoders()
    golden = {call.name: (call.inputs, call.outputs) for call in subject.calls}
    _, (example, _) = determinism.largest(golden)
    if subject.rows.batched:
        example = {name: array[: max(2, len(array) // 2)] for name, array in example.items()}
    axes = encoded_axes(subject.model.dynamic_axes, text_encoders)
    request = ExportRequest(
        encode(example, text_encoders), subject.shapes["outputs"], axes, params.export.opset, folder
    )
    attempts: dict[str, str] = {}
    for exporter in choose(params.export):
        adapter = subject.adapter()
        frozen: list[str] = []
        try:
            model, before_folding, frozen = exporters.export(exporter, adapter, request)
            expected = contract(model)
            encoder_graph.prepend(model, text_encoders, {tensor.name: tensor.shape for tensor in expected.inputs})
            signature.name_axes(model, expected)
            if mismatches := signature.mismatches(model, expected, allow_open=True):
                attempts[exporter] = (
                    f"the exported graph is not what model.dynamic_axes asks for: {'; '.join(mismatches)}"
                )
            else:
                single = single_rows(adapter, subject.rows) if exporter == "tracer" else {}
                onnx.save(model, folder / PROVEN)
                # The session takes as much memory as the network.
                del adapter
                gc.collect()
                attempts[exporter] = prove(folder / PROVEN, {**golden, **single})
        except PipelineError as error:
            attempts[exporter] = str(error)
        if not attempts[exporter]:
            signature.fix_axes(model, expected)  # the golden calls have shown these sizes
            return model, {"exporter": exporter, "attempts": attempts, "before_folding": before_folding}
        if frozen:
            attempts[exporter] += f"; it froze {' and '.join(frozen[:2])}"
    reasons = "; ".join(f"{exporter}: {reason}" for exporter, reason in attempts.items())
    raise PipelineError(
        f"model.net._target_={params.model.net.target} cannot be exported: {reasons}. What helps: {diagnostics.remedies(reasons)}"
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
    settings = params.model_dump(mode="json", by_alias=True, include={"seed", "model", "export"})
    del settings["model"]["weights"]
    with known_files() as files:
        for named in named_files(settings["model"], "model"):
            *sections, last = [int(part) if part.isdigit() else part for part in named.setting.split(".")]
            section: Any = functools.reduce(lambda value, key: value[key], sections, cast(Any, settings))
            section[last] = files.digest(Path(named.value), named.setting)
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def describe(reference: Reference, params: Params, weights: str, ir_version: int) -> Contract:
    """The contract, before its golden files are written."""
    model = reference.model
    inputs, outputs = (
        [tensor(name, array, reference.shapes[side][name], ports.get(name)) for name, array in arrays.items()]
        for side, arrays, ports in (
            ("inputs", reference.inputs, model.inputs),
            ("outputs", reference.test_split, model.outputs),
        )
    )
    return Contract(
        name=model.name,
        description=model.description,
        inputs=inputs,
        outputs=outputs,
        task=Task(**model.task.model_dump()) if model.task else None,
        opset=params.export.opset,
        ir_version=ir_version,
        weights_sha256=weights,
        configuration_sha256=configuration_hash(params),
        proven_sizes=proven_sizes(reference.calls),
        golden={GOLDEN_TEST_SPLIT.name: UNKNOWN},
        tokenizer=reference.tokenizer,
    )


def write_golden(reference: Reference, contract: Contract) -> None:
    """Write the golden calls, the answers to the test split, and the contract with their fingerprints."""
    with replacing_folder(GOLDEN) as folder:
        save_calls(reference.calls, folder)
        save(folder / GOLDEN_TEST_SPLIT.name, reference.test_split)
        save_contract(contract.model_copy(update={"golden": golden_sha256(folder)}), folder)


def run(params: Params) -> None:
    reference = answer_everything(params, params.train.threads)
    weights, opset = recorded_sha256(CHECKPOINT, "train"), params.export.opset
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=BUILD) as scratch:
        folder = Path(scratch)
        made, how = to_onnx(
            reference, lambda graph: describe(reference, params, weights, graph.ir_version), params, folder
        )
        contract = describe(reference, params, weights, made.ir_version)
        if reference.rows.batched:
            golden = {call.name: (call.inputs, call.outputs) for call in reference.calls}
            determinism.check_row_independence(reference.adapter(), golden)
        metadata = {
            "name": contract.name,
            "weights_sha256": weights,
            "configuration_sha256": contract.configuration_sha256,
        }
        annotate(made, contract.name, contract.description, metadata)
        onnx_model.check(made, str(EXPORTED))
        with replacing_folder(EXPORTED.parent) as exported:
            onnx_model.save(made, exported / EXPORTED.name, folder)
    write_golden(reference, contract)
    texts = sum(len(call.texts) for call in reference.calls)
    report = ExportReport(
        opset=opset,
        ir_version=made.ir_version,
        torch=torch.__version__,
        golden_calls=len(reference.calls),
        golden_texts=texts,
        left_out=reference.left_out,
        graph=GraphSize(**onnx_model.count(made)),
        **how,
    )
    write_report(report)
    refused = "".join(f"; {which} was not used: {said}" for which, said in report.attempts.items() if said)
    print(
        f"export: {EXPORTED}: {report.exporter}, opset {opset}, {report.before_folding.nodes} nodes, "
        f"{len(made.graph.node)} after constant folding, {external_data.size(made):,} bytes; {len(reference.calls)} golden calls, "
        f"{f'{texts:,} texts, ' if texts else ''}{len(reference.rows)} test rows answered"
        f"{'' if reference.rows.batched else ', one a call (no axis is named batch)'}{refused}"
    )
