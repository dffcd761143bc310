"""The typed C# client of a model: source files from a contract and templates/*.cs.

The client is plain C# 7.3, so that it compiles in any project that can reference Microsoft.ML.OnnxRuntime; all of its
types carry the model's name, so that the clients of two models stand side by side in one program.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from pipeline.core.contract import Contract
from pipeline.core.errors import PipelineError
from pipeline.dotnet.client import health_check, identifiers, name_conflicts, proven_sizes, ragged, text_input
from pipeline.dotnet.client.layout import Layout, derive_layout
from pipeline.dotnet.client.members import View
from pipeline.dotnet.runtime_versions import join_versions
from pipeline.dotnet.templates import render
from pipeline.settings.params import GoldenMode

# Templates of every client, of a client whose rows all have one size, of a ragged client, and of what the consumer's project
# decides: whether the types are public, and which packages it references.
_EVERY = ("Exception.cs", "Model.cs", "ModelFile.cs", "Options.cs", "Output.cs")
_FIXED = ("Batcher.cs", "Buffers.cs", "Check.cs")
_RAGGED = ("Call.cs", "RaggedCheck.cs", "RaggedInput.cs", "RaggedRun.cs")
_CONDITIONAL = ("Public.cs", "Services.cs", "ServicesPublic.cs", "HealthCheck.cs")

# One name for the 16-bit float: System.Half on targets that have it, onnxruntime's Float16 on others.
_HALF_ALIAS = """
{
#if NET5_0_OR_GREATER
    using Half = global::System.Half;
#else
    using Half = global::Microsoft.ML.OnnxRuntime.Float16;
#endif
"""


@dataclass(frozen=True)
class Identity:
    """Names of the package and its C# types, the model file in it, and versions of onnxruntime.

    `bound` is the lowest that the package asks for, `proven` are those in which Python has proven the model; the bound is among them.
    """

    package_id: str
    version: str
    namespace: str
    class_name: str
    # The file's name in the output folder. It contains the start of the content's hash: NuGet sets one constant time on
    # every file, so a build that compares times would keep an older package's model under the same name.
    model_file: str
    model_sha256: str
    model_bytes: int
    bound_onnxruntime: str
    proven_onnxruntime: tuple[str, ...]
    # Of a model with a tokenizer; named in the same way.
    vocabulary_file: str = ""
    # Which golden calls travel in the package (package.golden).
    golden: GoldenMode = "slim"


class LabelList(NamedTuple):
    """A static C# property with the labels of an output: its name, its documentation, its entries."""

    member: str
    summary: str
    labels: list[str]


def generate(
    contract: Contract, identity: Identity, characters: str = "", probe_sizes: Mapping[str, int] = MappingProxyType({})
) -> dict[str, str]:
    """The client's source files: file name -> C#, in a fixed order. The same arguments give the same text.

    Args:
        contract: What the client is for.
        identity: Names, files and versions to write into it.
        characters: The tokenizer's character table, as pipeline/tokenizer/wordpiece.py writes it.
        probe_sizes: Sizes of the dynamic axes in the health check's call, as `health_check.choose_sizes` gives them.

    Raises:
        PipelineError: The client does not support the contract, or two of its names become one in C#.
    """
    identifiers.check_identifier(identity.class_name, "the client's class name")
    identifiers.check_identifier(identity.namespace, "the client's namespace", dotted=True)
    if identity.class_name in identity.namespace.split("."):
        raise PipelineError(
            f"the C# class {identity.class_name} cannot live in the namespace {identity.namespace}, which has a part of the same "
            "name: choose another namespace"
        )
    layout = derive_layout(contract)
    label_lists = _label_lists(layout.outputs)
    name_conflicts.check_members(identity.class_name, layout, [labels.member for labels in label_lists])
    values = {
        **_template_values(contract, identity, layout, label_lists),
        "health_probe": health_check.probe(contract, layout, identity.class_name, probe_sizes),
        **ragged.template_values(layout),
        **proven_sizes.template_values(contract, layout),
        **text_input.template_values(contract, layout, characters),
    }
    return {
        source_name(identity.class_name, template): _add_half_alias(render(template, values))
        for template in sorted((*_compiled_templates(contract, layout), *_CONDITIONAL))
    }


def source_name(class_name: str, template: str) -> str:
    """Name of the source file that `template` becomes: Model.cs -> Digits.cs, RaggedCheck.cs -> DigitsCheck.cs."""
    return class_name + (".cs" if template == "Model.cs" else template.removeprefix("Ragged"))


def always_compiled(contract: Contract, class_name: str) -> list[str]:
    """Names of the source files that every consumer compiles, whatever it references."""
    templates = _compiled_templates(contract, derive_layout(contract))
    return [source_name(class_name, template) for template in sorted(templates)]


def _compiled_templates(contract: Contract, layout: Layout) -> tuple[str, ...]:
    if layout.fixed:
        return (*_EVERY, *_FIXED, *(("Input.cs",) if layout.has_row_type else ()))
    return (
        *_EVERY,
        *_RAGGED,
        *(text_input.TEMPLATES if contract.tokenizer else ()),
        *(("Batcher.cs",) if layout.batched else ()),
        *(("Buffers.cs",) if layout.bindable else ()),
    )


def _add_half_alias(source: str) -> str:
    return source.replace("\n{\n", _HALF_ALIAS, 1) if re.search(r"\bHalf\b", source) else source


def _template_values(
    contract: Contract, identity: Identity, layout: Layout, label_lists: list[LabelList]
) -> dict[str, Any]:
    """Values for the templates of every client."""
    name, inputs, outputs = identity.class_name, layout.inputs, layout.outputs
    only_input = None if layout.has_row_type else inputs[0]
    if only_input:
        row_type, row_arguments, new_row = only_input.array, "row", only_input.parameter
        rows_doc = f"Rows, each: {only_input.summary}"
    else:
        row_type, row_arguments = f"{name}Input", ", ".join(f"row.{view.member}" for view in inputs)
        new_row = f"new {row_type}({', '.join(view.parameter for view in inputs)})"
        rows_doc = "Rows."
    return {
        "Class": name,
        "Row": row_type,
        "BatchedRow": row_type if layout.fixed else f"{name}Input",
        "batched_row_arguments": row_arguments if layout.fixed else "row",
        "fixed": layout.fixed,
        "batched": layout.batched,
        "bindable": layout.bindable,
        "has_row_type": layout.has_row_type,
        "halves": any(view.type == "Half" for view in [*inputs, *outputs]),
        "package_id": identity.package_id,
        "version": identity.version,
        "namespace": identity.namespace,
        "description": contract.description or f"The model {contract.name}.",
        "model_file": identity.model_file,
        "vocabulary_file": identity.vocabulary_file,
        "model_sha256": identity.model_sha256,
        "model_bytes": identity.model_bytes,
        "bound": identity.bound_onnxruntime,
        "proven": join_versions(identity.proven_onnxruntime),
        "inputs": inputs,
        "outputs": outputs,
        "label_lists": label_lists,
        "label_list_of": {
            view.name: label_lists[0].member if len(label_lists) == 1 else f"{view.member}Labels"
            for view in outputs
            if view.names_classes
        },
        "array_parameters": ", ".join(f"{view.array} {view.parameter}" for view in inputs),
        "span_parameters": ", ".join(f"{_span_type(view)} {view.parameter}" for view in inputs),
        "array_cref": ", ".join(view.array for view in inputs),
        "output_parameters": ", ".join(f"{view.array} {view.parameter}" for view in outputs),
        "arguments": ", ".join(view.parameter for view in inputs),
        "row_arguments": row_arguments,
        "new_row": new_row,
        "rows_doc": rows_doc,
        "health_name": contract.name,
        "public_types": [
            "",
            *(["Buffers"] if layout.bindable else []),
            "Exception",
            *([] if only_input else ["Input"]),
            "Options",
            "Output",
        ],
    }


def _span_type(view: View) -> str:
    return view.type if view.scalar else f"ReadOnlySpan<{view.type}>"


def _label_lists(outputs: Sequence[View]) -> list[LabelList]:
    """One list when all outputs with labels have the same, else one for each of them."""
    labelled = [view for view in outputs if view.labels]
    if not labelled:
        return []
    if all(view.labels == labelled[0].labels for view in labelled) and not any(
        view.member == "Labels" for view in outputs
    ):
        return [LabelList("Labels", "Names of the classes, by number.", labelled[0].labels)]
    return [
        LabelList(f"{view.member}Labels", f"Names of the classes of `{view.name}`, by number.", view.labels)
        for view in labelled
    ]
