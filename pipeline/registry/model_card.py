"""The model card: what a registered version is, what was proven of it and where, and how C# calls it, in Markdown."""

from collections.abc import Iterator

from pipeline.core.dotnet_report import BOUND, NEAREST, NEWEST, DotnetReport, DotnetRuntime
from pipeline.core.parity_report import ParityReport
from pipeline.dotnet.nuget.readme import describe_ports
from pipeline.dotnet.proof.replay_program import example
from pipeline.dotnet.runtime_versions import RUNTIME_PACKAGE, join_versions
from pipeline.registry.run_content import Evidence

# Among the run's artifacts.
ARTIFACT = "model_card.md"
# MLflow's databases hold as many characters of a version's description.
LONGEST_DESCRIPTION = 5000

_ASKED = {
    BOUND: "the package's lower bound",
    NEAREST: "the nearest that there was",
    NEWEST: "the newest that there was",
}


def write(evidence: Evidence) -> str:
    """The card of the model in the package that the reports are about."""
    contract, manifest = evidence.contract, evidence.manifest
    lines = [
        f"# {manifest.id} {manifest.version}",
        "",
        *([contract.description, ""] if contract.description else []),
        "## Proven",
        "",
        *(f"- {line}" for line in describe_proof(evidence)),
        "",
        "## In C#",
        "",
        f"The NuGet package `{manifest.package}` (SHA-256 `{manifest.package_sha256}`) has the model, a typed client and the golden answers; "
        f"it asks for {RUNTIME_PACKAGE} {manifest.onnxruntime.bound} or later.",
        "",
        "```csharp",
        example(contract, manifest.namespace, manifest.class_name),
        "```",
        "",
        *describe_ports(contract),
    ]
    return "\n".join(lines)


def describe_proof(evidence: Evidence) -> Iterator[str]:
    """What was compared with PyTorch, where, and what came of it, in sentences."""
    contract, parity, dotnet = evidence.contract, evidence.parity, evidence.dotnet
    margin = f", {parity.used:.2%} of the tolerance used" if parity.used is not None else ""
    yield (
        f"In Python with onnxruntime {join_versions(evidence.manifest.onnxruntime.proven)}: {len(parity.comparisons):,} comparisons with "
        f"PyTorch's answers, {parity.values:,} values{margin}."
    )
    yield from describe_dotnet(dotnet)
    yield f"Other versions of onnxruntime are untried; the format is ONNX opset {contract.opset}, IR version {contract.ir_version}."
    yield describe_power(parity)
    if task := parity.task:
        in_dotnet = f", in .NET {dotnet.task.dotnet:.4f}" if dotnet.task else ""
        score = "none" if task.simplify is None else f"{task.simplify:.4f}"
        yield f"{task.metric} on {task.rows:,} test rows: {score} (PyTorch {task.eager:.4f}{in_dotnet})."
    for output, reason in parity.exempt.items():
        yield f"**Not judged:** `{output}`: {reason}."


def describe_dotnet(dotnet: DotnetReport) -> Iterator[str]:
    """A sentence for each onnxruntime in .NET, or why there is none."""
    if not dotnet.verified:
        yield f"**Not verified in .NET:** {dotnet.reason}."
    for entry in dotnet.runtimes:
        if entry.onnxruntime is not None:
            yield f"In {dotnet.runtime} with onnxruntime {entry.onnxruntime} ({describe_asked(entry)}): {describe_result(entry)}."
        elif entry.asked != BOUND:
            yield f"In .NET: {entry.reason}."


def describe_asked(entry: DotnetRuntime) -> str:
    return entry.note or _ASKED.get(entry.asked, "asked for")


def describe_result(entry: DotnetRuntime) -> str:
    used = f", {entry.used:.2%} of the tolerance used" if entry.used is not None else ""
    return f"{entry.comparisons:,} comparisons, {entry.values:,} values{used}"


def describe_power(parity: ParityReport) -> str:
    power = parity.power
    if power is None or not power.tried:
        return "The power of the gate was not measured."
    return f"Power of the gate: {power.caught} of {power.tried} broken copies of the graph were caught, {power.equivalent} answer alike."


def shorten(card: str) -> str:
    """The card, or its beginning, as MLflow holds it for a version."""
    if len(card) <= LONGEST_DESCRIPTION:
        return card
    rest = f"\n… the rest is in `{ARTIFACT}` among the run's artifacts.\n"
    return card[: card.rindex("\n", 0, LONGEST_DESCRIPTION - len(rest))] + rest
