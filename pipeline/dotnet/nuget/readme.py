"""The package's README, which NuGet shows: how to use this model, and what was measured."""

from collections.abc import Sequence

from pipeline.core.contract import Contract, TensorSpec
from pipeline.core.golden import GoldenCall
from pipeline.core.parity_report import ParityReport
from pipeline.dotnet.client.identity import Identity
from pipeline.dotnet.client.layout import derive_layout
from pipeline.dotnet.client.proven_sizes import OPTION, proven_sizes
from pipeline.dotnet.nuget.code_lines import lift_comments
from pipeline.dotnet.nuget.readme_service import describe_service
from pipeline.dotnet.nuget.readme_usage import describe_usage
from pipeline.dotnet.proof.replay_program import example
from pipeline.dotnet.runtime_versions import join_versions
from pipeline.settings import compat
from pipeline.settings.params import GoldenMode

TABLE_HEAD = ["| name | type | shape | range, unit | classes | description |", "|---|---|---|---|---|---|"]


def describe_ports(contract: Contract) -> list[str]:
    """Lines of Markdown: a table of the inputs, and one of the outputs."""
    return [
        line
        for title, tensors in (("Inputs", contract.inputs), ("Outputs", contract.outputs))
        for line in (f"## {title}", "", *TABLE_HEAD, *map(describe_tensor, tensors), "")
    ]


def describe_tensor(tensor: TensorSpec) -> str:
    """One row of the table of inputs or outputs."""
    shape = " × ".join(str(size) for size in tensor.shape)
    bounds = (
        ""
        if tensor.minimum is None and tensor.maximum is None
        else f"{_number(tensor.minimum)} to {_number(tensor.maximum)}"
    )
    cells = (
        f"`{tensor.name}`",
        tensor.dtype,
        shape,
        ", ".join(part for part in (bounds, tensor.unit, "NaN: not known" if tensor.missing else "") if part),
        ", ".join(tensor.labels[:20]),
        tensor.description,
    )
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _number(value: float | None) -> str:
    return "…" if value is None else f"{value:g}"


def describe_calls(contract: Contract) -> list[str]:
    """How this client may be called, in lines."""
    layout = derive_layout(contract)
    sizes = describe_sizes(contract)
    threads = "One instance is thread-safe: share it between all callers, and dispose it at the end."
    if not layout.batched:
        whole = f"{threads} The model has no batch axis: each call is one run, and there is no micro-batching."
        return [whole, *([sizes] if sizes else [])]
    if layout.bindable:
        buffers = "`CreateBuffers` gives one caller at a time memory for IO binding: the model reads and writes it without a copy or an allocation."
    else:
        reason = (
            "text cannot be bound to flat memory"
            if layout.has_text
            else "the sizes of the outputs are known only after a run"
        )
        buffers = f"There is no `CreateBuffers` (IO binding), because {reason}."
    micro = "`RunAsync` does micro-batching: it runs the rows of concurrent callers together, off the caller's thread."
    lines = [threads, micro, buffers]
    if layout.axes:
        lines.append(
            "A batch may be ragged: rows of equal sizes run together, and nothing is padded. "
            + (
                "The caller passes the sizes that do not follow from the lengths of the arrays."
                if layout.explicit_axes
                else "The sizes follow from the lengths of the arrays."
            )
        )
    if sizes:
        texts = f" Every text fits: it is cut at {contract.tokenizer.max_length} tokens." if contract.tokenizer else ""
        lines.append(f"{sizes} A call may have any number of rows.{texts}")
    return lines


def describe_sizes(contract: Contract) -> str:
    """Which sizes the client takes of each dynamic axis, in sentences; empty where it takes all."""
    entries = proven_sizes(contract, derive_layout(contract))
    if not entries:
        return ""
    taken = ", ".join(f"`{entry.axis.name}` {entry.range}" for entry in entries)
    refused = ", ".join(f"`{entry.axis.name}` {entry.refused}" for entry in entries if entry.refused)
    return f"The client takes {taken}; others only with the option `{OPTION}`" + (
        f", and never {refused}, where the network itself fails." if refused else "."
    )


def describe_proven_sizes(contract: Contract) -> str:
    """A line with the sizes of each dynamic axis at which the model was compared with PyTorch, such as `batch`: 1, 3."""
    sizes = "; ".join(f"`{axis}`: {', '.join(map(str, proven.sizes))}" for axis, proven in contract.axes.items())
    return f"- Sizes proven: {sizes}."


def describe_golden(golden: GoldenMode) -> str:
    """Which golden calls travel, where some do."""
    return "every golden call" if golden == "full" else "the smallest golden calls of each purpose"


def write(
    contract: Contract,
    identity: Identity,
    parity: ParityReport,
    sections: Sequence[str] = (),
    calls: Sequence[GoldenCall] = (),
) -> str:
    """Markdown: usage, inputs, outputs, and what was measured.

    Args:
        contract: What the client is for.
        identity: Names and versions of the package.
        parity: The report of `validate`.
        sections: Those on the runtimes that a program may take and on what changed since the release before, line by line.
        calls: Golden calls that travel, of which one is an example of a request.
    """
    comparisons = [entry for entry in parity.comparisons if entry.stage == "simplify" and entry.runtime is None]
    largest = max((entry.max_abs for entry in comparisons if entry.max_abs is not None), default=0.0)
    oldest = compat.minimum_onnxruntime(contract.opset, contract.ir_version)
    task = parity.task
    lines = [
        f"# {identity.package_id}",
        "",
        contract.description,
        "",
        "The model, a typed client for it, and the proof that it gives the same answers as the network in PyTorch. It needs no Python,",
        "no model file to copy and no tensor code.",
        "",
        "```sh",
        f"dotnet add package {identity.package_id} --version {identity.version}",
        "```",
        "",
        "```csharp",
        *lift_comments(example(contract, identity.namespace, identity.class_name).split("\n"), "//"),
        "```",
        "",
        *describe_calls(contract),
        "",
        *describe_ports(contract),
        *describe_service(contract, identity, calls),
        *describe_usage(contract, identity),
        *sections,
        "## Measured",
        "",
        f"- {sum(entry.values for entry in comparisons):,} values compared with PyTorch's in onnxruntime {parity.onnxruntime}: "
        f"largest difference {largest:.3g}.",
        *([describe_proven_sizes(contract)] if contract.axes else []),
        *(f"- **Not judged:** `{output}`: {reason}." for output, reason in parity.exempt.items()),
        *(
            [f"- {task.metric} on {task.rows:,} test rows: {task.simplify:.4f} (PyTorch: {task.eager:.4f})."]
            if task
            else []
        ),
        f"- Proven in Python with onnxruntime {join_versions(identity.proven_onnxruntime)}; this package asks for onnxruntime "
        f"{identity.bound_onnxruntime} or later.",
        f"- Its format (ONNX opset {contract.opset}, IR version {contract.ir_version}) may load in others from {oldest} on: untried.",
        f"- Model: {identity.model_bytes:,} bytes, SHA-256 `{identity.model_sha256}`, which the client checks whenever it loads the file.",
        "- `manifest.json` in this package has the SHA-256 of every file, and what the model was made from.",
        *(
            [
                f"- `golden/` has {describe_golden(identity.golden)} with PyTorch's answers: `model.SelfTest()` replays them on your machine, by what this",
                "  package was proven by.",
            ]
            if identity.golden != "none"
            else []
        ),
        "- [MODEL_CARD.md](MODEL_CARD.md) in this package: what it was trained on, how good it is by class, and its limits.",
        "",
    ]
    return "\n".join(lines)
