"""export: checkpoint -> build/exported/model.onnx and build/golden/: the only stage that runs PyTorch for answers."""

import functools
import hashlib
import json
import tempfile
import textwrap
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch
from onnx import ModelProto

from pipeline.core import events
from pipeline.core.arrays import Array, is_text, save
from pipeline.core.contract import Contract, ProvenAxis, Task, TensorSpec, golden_sha256, save_contract
from pipeline.core.files import recorded_sha256, replacing_folder
from pipeline.core.golden import proven_sizes, save_calls
from pipeline.core.known_files import known_files
from pipeline.core.node_sources import write_sources
from pipeline.core.paths import BUILD, CHECKPOINT, EXPORT_REPORT, EXPORTED, GOLDEN, GOLDEN_TEST_SPLIT, NODE_SOURCES
from pipeline.core.reports import ExportReport, GraphSize, write_report
from pipeline.core.terminal import say
from pipeline.export import determinism, notes
from pipeline.export.attempts import export_network
from pipeline.export.reference import Reference, answer_everything
from pipeline.graph import external_data, onnx_model
from pipeline.graph.ir_version import set_ir_version
from pipeline.metrics.score import describe_task, score
from pipeline.settings.model import Model, TensorSettings
from pipeline.settings.outside import find_files
from pipeline.settings.params import Params
from pipeline.settings.target import choose_ir_version, choose_opset

# In place of a golden file's SHA-256 until the file is written.
UNKNOWN = "0" * 64
# Of the closing line: names of a kind, and characters of a reason.
MOST_NAMES, LONGEST_REASON = 3, 120


def annotate(model: ModelProto, name: str, description: str, metadata: dict[str, str]) -> None:
    """Write name, description and metadata into the model, in place of the exporter's notes."""
    notes.strip(model)
    model.producer_name, model.producer_version = "torch2dotnet", ""
    model.graph.name, model.graph.doc_string, model.doc_string = name, description, description
    del model.metadata_props[:]
    for key, value in metadata.items():
        model.metadata_props.add(key=key, value=value)


def describe_tensor(name: str, array: Array, shape: list[int | str], settings: TensorSettings | None) -> TensorSpec:
    settings = settings or TensorSettings()
    dtype = "string" if is_text(array) else array.dtype.name
    return TensorSpec(name=name, dtype=dtype, shape=shape, **settings.model_dump())


def configuration_hash(params: Params, ir_version: int) -> str:
    """SHA-256 of the settings that decide the model's bytes, so that an edit elsewhere leaves them alone.

    Files count by what is in them, wherever they lie; the weights have a fingerprint of their own. The target counts by the opset
    and the IR version (the graph's) that came of it.
    """
    settings = params.model_dump(mode="json", by_alias=True, include={"seed", "model", "export"})
    for key in ("weights", "task", "card"):
        del settings["model"][key]
    settings["export"] |= {"opset": choose_opset(params.target, params.export.opset), "ir_version": ir_version}
    with known_files() as files:
        for named in find_files(settings["model"], "model"):
            *sections, last = [int(part) if part.isdigit() else part for part in named.setting.split(".")]
            section: Any = functools.reduce(lambda value, key: value[key], sections, cast(Any, settings))
            section[last] = files.digest(Path(named.value), named.setting)
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def make_task(model: Model) -> Task | None:
    """The contract's task; None where the model has none.

    Raises:
        PipelineError: Its metric cannot be loaded.
    """
    if model.task is None:
        return None
    output = model.outputs.get(model.task.output)
    return describe_task(model.task, output.labels if output else [])


def check_task(reference: Reference) -> None:
    """Raise PipelineError unless the task's metric can be measured on the network's answers to the test split."""
    if task := make_task(reference.model):
        score(task, reference.test_split, reference.target)


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
        task=make_task(model),
        opset=choose_opset(params.target, params.export.opset),
        ir_version=ir_version,
        weights_sha256=weights,
        configuration_sha256=configuration_hash(params, ir_version),
        scales=reference.scales,
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


def describe_limits(report: ExportReport) -> str:
    """What was left out or taken for granted, and which exporter was not used, in a clause each; the report has every reason."""
    clauses = []
    if report.left_out:
        clauses.append(f"left out, since the network itself cannot answer: {name_some(report.left_out)}")
    if report.skipped:
        clauses.append(f"too large to be tried: {name_some(report.skipped)}")
    if unshown := [condition for condition, calls in report.assumptions.items() if not calls]:
        clauses.append(f"taken for granted, and no size shows it: {name_some(unshown)}")
    clauses += [
        f"{exporter} was not used: {textwrap.shorten(reason, LONGEST_REASON, placeholder=' …')}"
        for exporter, reason in report.attempts.items()
        if reason
    ]
    return "".join(f"; {clause}" for clause in clauses) + (f" (all of it: {EXPORT_REPORT})" if clauses else "")


def name_some(names: Iterable[str]) -> str:
    """The first of `names`, and how many others there are."""
    first, others = [*names][:MOST_NAMES], [*names][MOST_NAMES:]
    return f"{', '.join(first)}{f' and {len(others)} more' if others else ''}"


def run(params: Params) -> None:
    if not params.train.enabled:
        events.began("export")
    reference = answer_everything(params, params.train.threads)
    check_task(reference)
    weights = recorded_sha256(CHECKPOINT, "train")
    events.weighed(weights)
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
        ir_version = choose_ir_version(params.target, params.export.ir_version, model.ir_version)
        contract = build_contract(reference, params, weights, ir_version)
        if reference.rows.batched:
            determinism.check_row_independence(
                reference.adapter(), reference.rows, reference.test_split, reference.scales, reference.work
            )
        metadata = {
            "name": contract.name,
            "weights_sha256": weights,
            "configuration_sha256": contract.configuration_sha256,
        }
        sources = notes.read_sources(model)
        annotate(model, contract.name, contract.description, metadata)
        set_ir_version(model, ir_version, str(EXPORTED))
        onnx_model.check(model, str(EXPORTED))
        with replacing_folder(EXPORTED.parent) as exported:
            onnx_model.save(model, exported / EXPORTED.name, folder)
            write_sources(sources, exported / NODE_SOURCES.name)
    write_golden(reference, contract)
    texts = sum(len(call.texts) for call in reference.calls)
    report = ExportReport(
        opset=contract.opset,
        ir_version=ir_version,
        torch=torch.__version__,
        golden_calls=len(reference.calls),
        golden_texts=texts,
        left_out=reference.left_out,
        skipped=reference.trial.skipped,
        graph=GraphSize(**onnx_model.count(model)),
        **exported_by,
    )
    write_report(report)
    say(
        "export",
        f"{EXPORTED}: {report.exporter}, opset {contract.opset}, IR {ir_version}, {report.before_folding.nodes} nodes, "
        f"{len(model.graph.node)} after constant folding, {external_data.size(model):,} bytes; {len(reference.calls)} golden calls, "
        f"{f'{texts:,} texts, ' if texts else ''}{len(reference.rows)} test rows answered"
        f"{'' if reference.rows.batched else ', one a call (no axis is named batch)'}{describe_limits(report)}",
    )
