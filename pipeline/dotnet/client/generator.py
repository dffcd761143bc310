"""The typed C# client of a model: a contract -> source files, from templates/*.cs.

The client is plain C# 7.3, so that it compiles in any project that can reference Microsoft.ML.OnnxRuntime; all of its
types carry the model's name, so that the clients of two models stand side by side in one program.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pipeline.core.contract import Contract
from pipeline.core.errors import PipelineError
from pipeline.dotnet.client import identifiers, ragged, text_input
from pipeline.dotnet.client.layout import Layout, layout
from pipeline.dotnet.client.literals import literal
from pipeline.dotnet.client.members import View
from pipeline.dotnet.templates import render

# Templates of what every client has, of the two kinds of client, and of what the consumer's project decides: its choice of
# public types, and what it references.
_ALWAYS = ("Exception.cs", "Model.cs", "ModelFile.cs", "Options.cs", "Output.cs")
_FIXED = ("Batcher.cs", "Buffers.cs", "Check.cs")
_SIZED = ("Call.cs", "SizedCheck.cs", "SizedInput.cs", "SizedRun.cs")
_CHOSEN = ("Public.cs", "Services.cs", "ServicesPublic.cs", "HealthCheck.cs")

# System.Half where the target has it, and what onnxruntime has elsewhere, under one name.
_HALF = """
{
#if NET5_0_OR_GREATER
    using Half = global::System.Half;
#else
    using Half = global::Microsoft.ML.OnnxRuntime.Float16;
#endif
"""

# Member names that the C# types have beside those of the contract.
_BUFFERS_MEMBERS = (
    "Batch",
    "Dispose",
    "Run",
    "Idle",
    "Running",
    "Ended",
    "SetRow",
    "GetRow",
    "Allocate",
    "Wrap",
    "Release",
)
_INPUT_MEMBERS = ("Validate",)
_SIZED_INPUT_MEMBERS = ("HasSizesOf", "SizesComparer")
_SIZED_CHECK_MEMBERS = ("CheckSize", "CheckText", "CheckedProduct")


@dataclass(frozen=True)
class Identity:
    """What the package is called, which file it carries, and which runtimes it goes with."""

    package_id: str
    version: str
    namespace: str
    class_name: str
    # The file's name in the output folder. It carries the start of the content's hash: NuGet writes one constant time
    # to every file, and a build that compares times would keep an older package's model under the same name.
    model_file: str
    model_sha256: str
    model_bytes: int
    minimum_onnxruntime: str
    validated_onnxruntime: str
    # Of a model that reads text; named like the model's.
    vocabulary_file: str = ""


class LabelSet(NamedTuple):
    """A static list of labels: its C# property, its documentation, its entries."""

    member: str
    summary: str
    labels: list[str]


def generate(contract: Contract, identity: Identity, characters: str = "") -> dict[str, str]:
    """File name -> C# source, in a fixed order; the same contract and identity give the same text.

    `characters` is the tokeniser's table, as pipeline/wordpiece.py writes it.

    Raises:
        PipelineError: The contract has what the client does not support, or two of its names become one in C#.
    """
    identifiers.check_identifier(identity.class_name, "the client's class name")
    identifiers.check_identifier(identity.namespace, "the client's namespace", dotted=True)
    if identity.class_name in identity.namespace.split("."):
        raise PipelineError(
            f"the C# class {identity.class_name} cannot live in the namespace {identity.namespace}, which has a part of the same "
            "name: choose another namespace"
        )
    plan = layout(contract)
    sets = _label_sets(plan.outputs)
    _check_names(identity.class_name, plan, sets)
    values = {**_values(contract, identity, plan, sets), **text_input.values(contract, plan, characters)}
    return {
        source_name(identity.class_name, template): _with_half(render(template, values))
        for template in sorted((*_templates(contract, plan), *_CHOSEN))
    }


def source_name(class_name: str, template: str) -> str:
    """Name of the source file that `template` becomes: Model.cs -> Digits.cs, SizedCheck.cs -> DigitsCheck.cs."""
    return class_name + (".cs" if template == "Model.cs" else template.removeprefix("Sized"))


def always_compiled(contract: Contract, class_name: str) -> list[str]:
    """Names of the source files that every consumer compiles, whatever it references."""
    return [source_name(class_name, template) for template in sorted(_templates(contract, layout(contract)))]


def _templates(contract: Contract, plan: Layout) -> tuple[str, ...]:
    if plan.fixed:
        return (*_ALWAYS, *_FIXED, *(("Input.cs",) if plan.row_type else ()))
    return (
        *_ALWAYS,
        *_SIZED,
        *(text_input.TEMPLATES if contract.tokenizer else ()),
        *(("Batcher.cs",) if plan.batched else ()),
        *(("Buffers.cs",) if plan.bindable else ()),
    )


def _with_half(source: str) -> str:
    return source.replace("\n{\n", _HALF, 1) if re.search(r"\bHalf\b", source) else source


def _values(contract: Contract, identity: Identity, plan: Layout, sets: list[LabelSet]) -> dict[str, Any]:
    name, inputs, outputs = identity.class_name, plan.inputs, plan.outputs
    single = None if plan.row_type else inputs[0]
    if single:
        row, row_arguments, expression = single.array, "row", single.parameter
        rows = f"Rows, each: {single.summary}"
    else:
        row, row_arguments = f"{name}Input", ", ".join(f"row.{view.member}" for view in inputs)
        expression = f"new {row}({', '.join(view.parameter for view in inputs)})"
        rows = "Rows."
    types = [
        "",
        *(["Buffers"] if plan.bindable else []),
        "Exception",
        *([] if single else ["Input"]),
        "Options",
        "Output",
    ]
    return {
        **ragged.values(plan),
        "Class": name,
        "Row": row,
        "BatchedRow": row if plan.fixed else f"{name}Input",
        "batched_row_arguments": row_arguments if plan.fixed else "row",
        "fixed": plan.fixed,
        "batched": plan.batched,
        "bindable": plan.bindable,
        "row_type": plan.row_type,
        "sized": bool(plan.axes),
        "halves": any(view.type == "Half" for view in [*inputs, *outputs]),
        "package_id": identity.package_id,
        "version": identity.version,
        "namespace": identity.namespace,
        "description": contract.description or f"The model {contract.name}.",
        "model_file": identity.model_file,
        "vocabulary_file": identity.vocabulary_file,
        "model_sha256": identity.model_sha256,
        "model_bytes": identity.model_bytes,
        "minimum": identity.minimum_onnxruntime,
        "minimum_parts": ", ".join(identity.minimum_onnxruntime.split(".")),
        "validated": identity.validated_onnxruntime,
        "inputs": inputs,
        "outputs": outputs,
        "label_sets": sets,
        "label_list": {
            view.name: sets[0].member if len(sets) == 1 else f"{view.member}Labels"
            for view in outputs
            if view.names_classes
        },
        "array_parameters": ", ".join(f"{view.array} {view.parameter}" for view in inputs),
        "span_parameters": ", ".join(f"{_span(view)} {view.parameter}" for view in inputs),
        "array_cref": ", ".join(view.array for view in inputs),
        "output_parameters": ", ".join(f"{view.array} {view.parameter}" for view in outputs),
        "arguments": ", ".join(view.parameter for view in inputs),
        "row_arguments": row_arguments,
        "row_expression": expression,
        "rows_doc": rows,
        "health_name": contract.name,
        "health_arguments": ", ".join([*(view.example for view in inputs), *("size" for _ in plan.given)]),
        "public_types": types,
    }


def _span(view: View) -> str:
    return view.type if view.scalar else f"ReadOnlySpan<{view.type}>"


def _label_sets(outputs: Sequence[View]) -> list[LabelSet]:
    """One list when all labelled outputs share it, else one an output."""
    labelled = [view for view in outputs if view.labels]
    if not labelled:
        return []
    if all(view.labels == labelled[0].labels for view in labelled) and not any(
        view.member == "Labels" for view in outputs
    ):
        return [LabelSet("Labels", "Names of the classes, by number.", labelled[0].labels)]
    return [
        LabelSet(f"{view.member}Labels", f"Names of the classes of `{view.name}`, by number.", view.labels)
        for view in labelled
    ]


def _check_names(class_name: str, plan: Layout, sets: Sequence[LabelSet]) -> None:
    of_inputs = [(view.member, f"input {literal(view.name)}") for view in plan.inputs]
    of_outputs = [(view.member, f"output {literal(view.name)}") for view in plan.outputs]
    of_axes, of_output_axes = (
        [(axis.member, f"axis {literal(axis.name)}") for axis in axes] for axes in (plan.axes, plan.output_axes)
    )
    of_labels = [
        (view.member + "Name", f"the label of output {literal(view.name)}")
        for view in plan.outputs
        if view.names_classes
    ]
    of_sets = [(labels.member, f"the list {labels.member}") for labels in sets]
    for suffix, members, own in (
        ("Input", of_inputs + of_axes, _INPUT_MEMBERS if plan.fixed else (*_INPUT_MEMBERS, *_SIZED_INPUT_MEMBERS)),
        ("Output", of_outputs + of_labels + of_sets + of_output_axes, ()),
        ("Buffers", of_inputs + of_outputs + of_axes if plan.bindable else [], _BUFFERS_MEMBERS),
        ("Check", of_inputs, () if plan.fixed else _SIZED_CHECK_MEMBERS),
    ):
        where = class_name + suffix
        identifiers.check_distinct(members, (*identifiers.OBJECT_MEMBERS, *own, where), where)
