"""The typed C# client of a model: a contract -> source files, from templates/*.cs.

The client is plain C# 7.3, so that it compiles in any project that can reference Microsoft.ML.OnnxRuntime; all of its
types carry the model's name, so that the clients of two models stand side by side in one program.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pipeline.contract import Contract
from pipeline.dotnet import names
from pipeline.dotnet.templates import render
from pipeline.dotnet.tensors import View, views
from pipeline.dotnet.text import literal
from pipeline.errors import PipelineError

# Templates of what is always compiled, of what only a client with several inputs has, and of what the consumer's project
# decides: its choice of public types, and what it references.
_ALWAYS = (
    "Batcher.cs",
    "Buffers.cs",
    "Check.cs",
    "Exception.cs",
    "Model.cs",
    "ModelFile.cs",
    "Options.cs",
    "Output.cs",
)
_SEVERAL_INPUTS = ("Input.cs",)
_CHOSEN = ("Public.cs", "Services.cs", "ServicesPublic.cs", "HealthCheck.cs")

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


class LabelSet(NamedTuple):
    """A static list of labels: its C# property, its documentation, its entries."""

    member: str
    summary: str
    labels: list[str]


def generate(contract: Contract, identity: Identity) -> dict[str, str]:
    """File name -> C# source, in a fixed order; the same contract and identity give the same text.

    Raises:
        PipelineError: The contract has what the client does not support, or two of its names become one in C#.
    """
    names.check_identifier(identity.class_name, "the client's class name")
    names.check_identifier(identity.namespace, "the client's namespace", dotted=True)
    if identity.class_name in identity.namespace.split("."):
        raise PipelineError(
            f"the C# class {identity.class_name} cannot live in the namespace {identity.namespace}, which has a part of the same "
            "name: choose another namespace"
        )
    inputs, outputs = views(contract.inputs, "input"), views(contract.outputs, "output")
    _check_batch_axis(contract)
    sets = _label_sets(outputs)
    _check_names(identity.class_name, inputs, outputs, sets)
    values = _values(contract, identity, inputs, outputs, sets)
    several = _SEVERAL_INPUTS if len(inputs) > 1 else ()
    return {
        source_name(identity.class_name, template): render(template, values)
        for template in sorted((*_ALWAYS, *several, *_CHOSEN))
    }


def source_name(class_name: str, template: str) -> str:
    """Name of the source file that `template` becomes: Model.cs -> Digits.cs, Output.cs -> DigitsOutput.cs."""
    return class_name + (".cs" if template == "Model.cs" else template)


def always_compiled(class_name: str, *, several_inputs: bool) -> list[str]:
    """Names of the source files that every consumer compiles, whatever it references."""
    return [
        source_name(class_name, template)
        for template in sorted((*_ALWAYS, *(_SEVERAL_INPUTS if several_inputs else ())))
    ]


def _values(
    contract: Contract, identity: Identity, inputs: list[View], outputs: list[View], sets: list[LabelSet]
) -> dict[str, Any]:
    name = identity.class_name
    single = inputs[0] if len(inputs) == 1 else None
    if single:
        row, row_arguments, expression = _array(single), "row", single.parameter
        rows = f"Rows, each: {single.summary}"
    else:
        row, row_arguments = f"{name}Input", ", ".join(f"row.{view.member}" for view in inputs)
        expression = f"new {row}({', '.join(view.parameter for view in inputs)})"
        rows = "Rows."
    return {
        "Class": name,
        "Row": row,
        "package_id": identity.package_id,
        "version": identity.version,
        "namespace": identity.namespace,
        "description": contract.description or f"The model {contract.name}.",
        "model_file": identity.model_file,
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
        "array_parameters": ", ".join(f"{_array(view)} {view.parameter}" for view in inputs),
        "span_parameters": ", ".join(f"{_span(view)} {view.parameter}" for view in inputs),
        "array_cref": ", ".join(map(_array, inputs)),
        "output_parameters": ", ".join(f"{_array(view)} {view.parameter}" for view in outputs),
        "arguments": ", ".join(view.parameter for view in inputs),
        "row_arguments": row_arguments,
        "row_expression": expression,
        "rows_doc": rows,
        "health_name": contract.name,
        "health_arguments": ", ".join(view.example for view in inputs),
        "public_types": ["", "Buffers", "Exception", *([] if single else ["Input"]), "Options", "Output"],
    }


def _array(view: View) -> str:
    return view.type if view.scalar else f"{view.type}[]"


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


def _check_batch_axis(contract: Contract) -> None:
    axes = {str(tensor.shape[0]): tensor.name for tensor in [*contract.inputs, *contract.outputs]}
    if len(axes) > 1:
        found = ", ".join(f"{axis} (of {name})" for axis, name in axes.items())
        raise PipelineError(
            f"the C# client expects one batch axis, first and of one name in every input and output, got {found}: name it alike in "
            "model.dynamic_axes"
        )


def _check_names(class_name: str, inputs: Sequence[View], outputs: Sequence[View], sets: Sequence[LabelSet]) -> None:
    of_inputs = [(view.member, f"input {literal(view.name)}") for view in inputs]
    of_outputs = [(view.member, f"output {literal(view.name)}") for view in outputs]
    of_labels = [
        (view.member + "Name", f"the label of output {literal(view.name)}") for view in outputs if view.names_classes
    ]
    of_sets = [(labels.member, f"the list {labels.member}") for labels in sets]
    for suffix, members, own in (
        ("Input", of_inputs, _INPUT_MEMBERS),
        ("Output", of_outputs + of_labels + of_sets, ()),
        ("Buffers", of_inputs + of_outputs, _BUFFERS_MEMBERS),
        ("Check", of_inputs, ()),
    ):
        where = class_name + suffix
        names.check_distinct(members, (*names.OBJECT_MEMBERS, *own, where), where)
