"""The README that NuGet shows: how to use this very model, and what was measured."""

from pipeline.core.contract import Contract, TensorSpec
from pipeline.core.reports import ParityReport
from pipeline.dotnet.client.generator import Identity
from pipeline.dotnet.client.layout import layout
from pipeline.dotnet.proof.replay_program import example


def describe(tensor: TensorSpec) -> str:
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
        tensor.unit or bounds,
        ", ".join(tensor.labels[:20]),
        tensor.description,
    )
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _number(value: float | None) -> str:
    return "…" if value is None else f"{value:g}"


def ways(contract: Contract) -> list[str]:
    """How this client may be called, in lines."""
    plan = layout(contract)
    if not plan.batched:
        return [
            "One instance serves any number of threads. The model knows no rows: one call is one answer, and nothing is gathered."
        ]
    buffers = (
        [
            "One instance serves any number of threads. `CreateBuffers` gives memory that the model reads and writes without a copy or an",
            "allocation, for one caller at a time; `RunAsync` gathers the rows of concurrent callers into batches.",
        ]
        if plan.bindable
        else [
            "One instance serves any number of threads. `RunAsync` gathers the rows of concurrent callers into batches. There is no",
            f"`CreateBuffers`: {'text has no memory of its own to bind' if plan.strings else 'only a run tells how large its outputs are'}.",
        ]
    )
    if not plan.axes:
        return buffers
    return [
        *buffers,
        "Rows may differ in size: those of equal sizes run together, and nothing is padded. "
        + (
            "The caller gives the sizes that no length tells."
            if plan.given
            else "Their sizes follow from their lengths."
        ),
    ]


def write(contract: Contract, who: Identity, parity: ParityReport) -> str:
    """Markdown: usage, inputs, outputs, parity."""
    head = ["| name | type | shape | range or unit | classes | what it is |", "|---|---|---|---|---|---|"]
    measured = [entry for entry in parity.comparisons if entry.stage == "simplify"]
    largest = max((entry.max_abs for entry in measured if entry.max_abs is not None), default=0.0)
    task = parity.task
    lines = [
        f"# {who.package_id}",
        "",
        contract.description,
        "",
        "The model, its typed client and the proof that it answers what the network answered in PyTorch. Nothing else is needed: no",
        "Python, no file to copy, no tensor code.",
        "",
        "```csharp",
        example(contract, who),
        "```",
        "",
        *ways(contract),
        "",
        "## Inputs",
        "",
        *head,
        *(describe(tensor) for tensor in contract.inputs),
        "",
        "## Outputs",
        "",
        *head,
        *(describe(tensor) for tensor in contract.outputs),
        "",
        "## Measured",
        "",
        f"- {sum(entry.values for entry in measured):,} values compared with PyTorch's own in onnxruntime {parity.onnxruntime}: "
        f"largest difference {largest:.3g}.",
        *(
            [f"- {task.metric} on {task.rows:,} test rows: {task.simplify:.4f} (PyTorch: {task.eager:.4f})."]
            if task
            else []
        ),
        f"- ONNX opset {contract.opset}, IR version {contract.ir_version}: needs onnxruntime {who.minimum_onnxruntime} or later.",
        f"- Model: {who.model_bytes:,} bytes, SHA-256 `{who.model_sha256}`, checked whenever it is loaded.",
        "- `manifest.json` in this package has the SHA-256 of every file, and what the model was made from; `golden/` has inputs and",
        "  PyTorch's answers to them.",
        "",
    ]
    return "\n".join(lines)
