"""export: checkpoint -> build/exported/model.onnx and build/golden/: the only stage that runs PyTorch for answers."""

import functools
import gc
import hashlib
import itertools
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, cast

import onnx
import torch
from onnx import ModelProto

from pipeline.compare.comparison import COARSE, compare
from pipeline.core.arrays import Array, is_text, save
from pipeline.core.contract import Contract, ProvenAxis, Task, TensorSpec, golden_sha256, save_contract
from pipeline.core.errors import PipelineError
from pipeline.core.files import recorded_sha256, replacing_folder
from pipeline.core.golden import GoldenCall, proven_sizes, save_calls
from pipeline.core.known_files import known_files
from pipeline.core.paths import BUILD, CHECKPOINT, EXPORTED, GOLDEN, GOLDEN_TEST_SPLIT
from pipeline.core.reports import ExportReport, GraphSize, write_report
from pipeline.export import determinism, diagnostics, encoder_graph, exporters
from pipeline.export.assumptions import Assumption, ask_boundaries, blame
from pipeline.export.exporters import EXPORTERS, ExportRequest
from pipeline.export.reference import (
    Reference,
    answer_everything,
    answer_with_numbers,
    describe_left_out,
    single_rows,
)
from pipeline.export.size_sweep import answer_sweep, choose_sweep
from pipeline.graph import external_data, onnx_model, signature
from pipeline.graph.session import answer as answer_onnx
from pipeline.graph.session import open_session
from pipeline.network import encoders
from pipeline.network.encoders import encode, encoded_axes
from pipeline.settings.model import TensorSettings
from pipeline.settings.outside import find_files
from pipeline.settings.params import Export, Params

# The graph while it is being proven, in a folder of its own.
PROVEN = "proven.onnx"
# Rows of the call that the exporters watch: of two or fewer a size is taken for a constant.
EXAMPLE_ROWS = 3
# In place of a golden file's SHA-256 until the file is written.
UNKNOWN = "0" * 64
# Metadata that names the nn.Module of a node; the rest of the exporter's metadata holds paths and object numbers.
KEPT_NOTES = ("pkg.torch.onnx.class_hierarchy", "pkg.torch.onnx.name_scopes")


def choose_exporters(export: Export) -> list[str]:
    """The exporters to try, in order."""
    return list(EXPORTERS) if export.exporter == "auto" else [export.exporter]


class Mismatch(NamedTuple):
    """Where a graph does not answer like the network: the call, and what is wrong there."""

    call: GoldenCall
    problem: str

    def __str__(self) -> str:
        return f"{self.problem} (call {self.call.name})"


def find_mismatch(file: Path, calls: Iterable[GoldenCall]) -> Mismatch | None:
    """The first call that the graph does not answer like the network."""
    session = open_session(file)
    for call in calls:
        try:
            comparisons = compare(call.outputs, answer_onnx(session, call.inputs), COARSE)
        except PipelineError as error:
            return Mismatch(call, str(error))
        for comparison in comparisons:
            if not comparison.passed:
                return Mismatch(call, comparison.problem)
    return None


def export_network(
    reference: Reference, contract: Callable[[ModelProto], Contract], params: Params, folder: Path
) -> tuple[ModelProto, dict[str, Any]]:
    """Export with the first exporter whose graph keeps the contract and answers like the network.

    The graph is proven from a file in `folder`, which also takes weights that the graph does not hold. What an exporter takes for
    granted of sizes becomes calls on both sides of it, in reference.trial, that every graph must answer.

    Returns:
        The model, and for the report: the exporter, why others were not used, the graph's size before constant folding, and what
        was taken for granted.

    Raises:
        PipelineError: None of those that export.exporter allows does.
    """
    text_encoders = encoders.load_encoders()
    example, *_ = reference.rows.calls([place % len(reference.rows) for place in range(EXAMPLE_ROWS)])
    axes = encoded_axes(reference.model.dynamic_axes, text_encoders)
    request = ExportRequest(
        encode(example, text_encoders), reference.shapes["outputs"], axes, params.export.opset, folder
    )
    trial = reference.trial
    assumptions: list[Assumption] = []
    boundaries: dict[str, list[str]] = {}
    attempts: dict[str, str] = {}
    for exporter in choose_exporters(params.export):
        adapter = reference.adapter()
        frozen: list[str] = []
        try:
            exported = exporters.export(exporter, adapter, request)
            model, frozen = exported.model, exported.frozen
            assumptions += exported.assumptions
            boundaries |= ask_boundaries(exported.assumptions, trial, reference.calls)
            expected = contract(model)
            encoder_graph.prepend(model, text_encoders, {tensor.name: tensor.shape for tensor in expected.inputs})
            signature.name_axes(model, expected)
            if mismatches := signature.mismatches(model, expected, allow_open=True):
                attempts[exporter] = (
                    f"the exported graph is not what model.dynamic_axes asks for: {'; '.join(mismatches)}"
                )
            else:
                single = single_rows(adapter, reference.rows) if exporter == "tracer" else []
                onnx.save(model, folder / PROVEN)
                # The session takes as much memory as the network.
                del adapter
                gc.collect()
                golden = [*reference.calls, *(call for call in trial.calls if call.purpose == "guard"), *single]
                mismatch = find_mismatch(folder / PROVEN, itertools.chain(golden, sweep(reference)))
                attempts[exporter] = str(mismatch or "")
                cause = blame(assumptions, mismatch.call.sizes, trial) if mismatch else ""
                attempts[exporter] += "" if cause in "".join(attempts.values()) else cause
        except PipelineError as error:
            attempts[exporter] = str(error)
        if not attempts[exporter]:
            signature.fix_axes(model, expected)  # the golden calls have confirmed these sizes
            return model, {
                "exporter": exporter,
                "attempts": attempts,
                "before_folding": exported.before_folding,
                "assumptions": {**boundaries, **{line: [] for line in frozen}},
            }
        if frozen:
            attempts[exporter] += f"; it froze {' and '.join(frozen[:2])}"
    reasons = "; ".join(f"{exporter}: {reason}" for exporter, reason in attempts.items())
    raise PipelineError(
        f"model.net._target_={params.model.net.target} cannot be exported: {reasons}. What helps: {diagnostics.remedies(reasons)}"
    )


def sweep(reference: Reference) -> Iterator[GoldenCall]:
    """One row at every size that is cheap to ask for, with the network's answers."""
    if chosen := choose_sweep(reference.trial):
        answer = functools.partial(answer_with_numbers, reference.adapter())
        yield from answer_sweep(answer, reference.trial, chosen)


def annotate(model: ModelProto, name: str, description: str, metadata: dict[str, str]) -> None:
    """Write name, description and metadata into the model; drop the exporter's notes that differ from one machine to the next."""
    model.producer_name, model.producer_version = "torch2dotnet", ""
    model.graph.name, model.graph.doc_string, model.doc_string = name, description, description
    del model.metadata_props[:], model.graph.metadata_props[:]
    for key, value in metadata.items():
        model.metadata_props.add(key=key, value=value)
    for value_info in [*model.graph.input, *model.graph.output, *model.graph.value_info, *model.graph.initializer]:
        value_info.ClearField("metadata_props")
        value_info.doc_string = ""
    for node in onnx_model.nodes(model.graph):
        notes = [(entry.key, entry.value) for entry in node.metadata_props if entry.key in KEPT_NOTES]
        node.ClearField("metadata_props")
        node.doc_string = ""
        for key, value in notes:
            node.metadata_props.add(key=key, value=value)


def describe_tensor(name: str, array: Array, shape: list[int | str], settings: TensorSettings | None) -> TensorSpec:
    settings = settings or TensorSettings()
    dtype = "string" if is_text(array) else array.dtype.name
    return TensorSpec(name=name, dtype=dtype, shape=shape, **settings.model_dump())


def configuration_hash(params: Params) -> str:
    """SHA-256 of the settings that decide the model's bytes, so that an edit elsewhere leaves them alone.

    Files count by what is in them, wherever they lie; the weights have a fingerprint of their own.
    """
    settings = params.model_dump(mode="json", by_alias=True, include={"seed", "model", "export"})
    del settings["model"]["weights"]
    with known_files() as files:
        for named in find_files(settings["model"], "model"):
            *sections, last = [int(part) if part.isdigit() else part for part in named.setting.split(".")]
            section: Any = functools.reduce(lambda value, key: value[key], sections, cast(Any, settings))
            section[last] = files.digest(Path(named.value), named.setting)
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def build_contract(reference: Reference, params: Params, weights: str, ir_version: int) -> Contract:
    """The contract, before its golden files are written."""
    model = reference.model
    inputs, outputs = (
        [describe_tensor(name, array, reference.shapes[side][name], ports.get(name)) for name, array in arrays.items()]
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
        axes={
            name: ProvenAxis(
                sizes=sizes,
                multiple_of=reference.trial.multiple_of.get(name, 1),
                refused=reference.trial.refused.get(name, []),
            )
            for name, sizes in proven_sizes(reference.calls).items()
        },
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
        model, exported_by = export_network(
            reference, lambda graph: build_contract(reference, params, weights, graph.ir_version), params, folder
        )
        guard_calls = [call for call in reference.trial.calls if call.purpose == "guard"]
        reference = replace(
            reference,
            calls=[*reference.calls, *guard_calls],
            left_out=reference.left_out | reference.trial.left_out,
        )
        contract = build_contract(reference, params, weights, model.ir_version)
        if reference.rows.batched:
            determinism.check_row_independence(
                reference.adapter(), reference.rows, reference.test_split, reference.work
            )
        metadata = {
            "name": contract.name,
            "weights_sha256": weights,
            "configuration_sha256": contract.configuration_sha256,
        }
        annotate(model, contract.name, contract.description, metadata)
        onnx_model.check(model, str(EXPORTED))
        with replacing_folder(EXPORTED.parent) as exported:
            onnx_model.save(model, exported / EXPORTED.name, folder)
    write_golden(reference, contract)
    texts = sum(len(call.texts) for call in reference.calls)
    report = ExportReport(
        opset=opset,
        ir_version=model.ir_version,
        torch=torch.__version__,
        golden_calls=len(reference.calls),
        golden_texts=texts,
        left_out=reference.left_out,
        skipped=reference.trial.skipped,
        graph=GraphSize(**onnx_model.count(model)),
        **exported_by,
    )
    write_report(report)
    if reference.left_out:
        print(f"export: left out, since the network itself cannot answer: {describe_left_out(reference.left_out)}")
    if reference.trial.skipped:
        print(f"export: too large to be tried: {', '.join(reference.trial.skipped)}")
    if unshown := [condition for condition, calls in report.assumptions.items() if not calls]:
        print(f"export: taken for granted by {report.exporter}, and no size shows it: {'; '.join(unshown)}")
    unused = "".join(f"; {exporter} was not used: {reason}" for exporter, reason in report.attempts.items() if reason)
    print(
        f"export: {EXPORTED}: {report.exporter}, opset {opset}, {report.before_folding.nodes} nodes, "
        f"{len(model.graph.node)} after constant folding, {external_data.size(model):,} bytes; {len(reference.calls)} golden calls, "
        f"{f'{texts:,} texts, ' if texts else ''}{len(reference.rows)} test rows answered"
        f"{'' if reference.rows.batched else ', one a call (no axis is named batch)'}{unused}"
    )
