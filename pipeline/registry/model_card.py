"""Model cards in MLflow: the package's, with what came after it was packed, for a version; what the aliases mean, for the model."""

from collections.abc import Iterator

from pipeline.core.dotnet_report import BOUND, NEAREST, NEWEST, DotnetReport, DotnetRuntime
from pipeline.core.parity_report import ParityReport
from pipeline.dotnet.nuget.card import read_card
from pipeline.dotnet.nuget.readme import describe_ports
from pipeline.registry.run_content import Evidence, choose_page
from pipeline.registry.run_note import CARD_ARTIFACT, Place, show_csharp, show_python, space_tables
from pipeline.settings.params import Params

# MLflow's databases hold as many characters of a description.
LONGEST_DESCRIPTION = 5000
# Of the places where the gate's own power has a gap, as many as one reads.
MOST_GAPS = 5
_SECTION = "\n## "
_ASKED = {
    BOUND: "the package's lower bound",
    NEAREST: "the nearest that there was",
    NEWEST: "the newest that there was",
}


def write(evidence: Evidence, place: Place) -> str:
    """The card of a registered version: that of its package, with the proof in .NET, where it is, and how it is used.

    Raises:
        PipelineError: The package has no card.
    """
    head, *sections = read_card(evidence.manifest.path).split(_SECTION)
    later = "\n".join(
        [
            f"Registered as version {place.version} of `{place.model}`, from [this run]({place.run_page}): "
            f"[report]({place.link_artifact(choose_page(evidence.dotnet).as_posix())}), "
            f"[package]({place.link_artifact(evidence.manifest.path.as_posix())}) `{evidence.manifest.package}`, "
            f"SHA-256 `{evidence.manifest.package_sha256}`.",
            "",
            "## The gate",
            "",
            *(f"- {line}" for line in describe_gate(evidence.parity)),
            "",
            "## Proven in .NET",
            "",
            *(f"- {line}" for line in describe_dotnet(evidence.dotnet)),
            "",
            "## How C# calls it",
            "",
            *show_csharp(evidence, place),
            "## How Python calls it",
            "",
            *show_python(evidence.contract, place),
        ]
    )
    return _SECTION.join([f"{head}\n{later}", *sections])


def write_model_page(evidence: Evidence, params: Params, place: Place) -> str:
    """The description of the registered model, whatever version: what it is, what the aliases mean, inputs and outputs."""
    alias = params.publish.alias
    return "\n".join(
        [
            evidence.contract.description,
            "",
            f"- `{alias}` is the last version that passed the gate, by intent: whatever was trained last.",
            "- `champion` moves only when a version is at least as good on today's test split, or by hand (`python -m pipeline promote`).",
            "",
            f"`python -m pipeline fetch models:/{place.model}@champion` puts package, contract and card into a folder, hashes checked.",
            "",
            *(line for title, text in params.model.card.items() for line in (f"## {title}", "", text.strip(), "")),
            *describe_ports(evidence.contract),
            f"Last published: [version {place.version}]({place.version_page}). Every version has a model card of its own.",
            "",
        ]
    )


def describe_gate(parity: ParityReport) -> Iterator[str]:
    """How far from refusal the graph is, and what the gate itself would have noticed, in sentences."""
    if parity.used is not None and parity.margin is not None:
        yield f"{parity.used:.2%} of the tolerance used: {parity.margin:,.1f} times the largest difference would have passed."
    power = parity.power
    if power is None or not power.tried:
        yield "The power of the gate was not measured."
        return
    yield (
        f"Power: {power.caught} of {power.tried} broken copies of the graph were caught, "
        f"{_count(power.equivalent, 'answers', 'answer')} alike."
    )
    missed = [survivor for survivor in power.survivors if survivor.result == "missed"]
    if missed:
        places = ", ".join(dict.fromkeys(f"`{survivor.layer}` ({survivor.kind})" for survivor in missed[:MOST_GAPS]))
        more = f" and {len(missed) - MOST_GAPS} more" if len(missed) > MOST_GAPS else ""
        yield f"**Not caught:** a small fault in {places}{more}."


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def describe_dotnet(dotnet: DotnetReport) -> Iterator[str]:
    """A sentence for each onnxruntime in .NET, or why there is none; the task's metric there."""
    if not dotnet.verified:
        yield f"**Not verified in .NET:** {dotnet.reason}."
    for entry in dotnet.runtimes:
        if entry.onnxruntime is not None:
            yield f"In {dotnet.runtime} with onnxruntime {entry.onnxruntime} ({describe_asked(entry)}): {describe_result(entry)}."
        elif entry.asked != BOUND:
            yield f"In .NET: {entry.reason}."
    if task := dotnet.task:
        yield f"{task.metric} {task.dotnet:.4f} on {task.rows:,} test rows (PyTorch {task.eager:.4f})."


def describe_asked(entry: DotnetRuntime) -> str:
    return entry.note or _ASKED.get(entry.asked, "asked for")


def describe_result(entry: DotnetRuntime) -> str:
    used = f", {entry.used:.2%} of the tolerance used" if entry.used is not None else ""
    return f"{entry.comparisons:,} comparisons, {entry.values:,} values{used}"


def describe_version(evidence: Evidence, place: Place) -> str:
    """The card as the version's description: MLflow lists versions with its first line, so that one tells them apart."""
    title, _, rest = write(evidence, place).removeprefix("# ").partition("\n")
    task = evidence.parity.task
    score = f", {task.metric} {task.simplify:.4f}" if task and task.simplify is not None else ""
    verified = "verified in .NET" if evidence.dotnet.verified else "not verified in .NET"
    return shorten(f"{title}{score}, {verified}\n{rest}", place)


def shorten(card: str, place: Place) -> str:
    """A card as MLflow's page shows it and its database holds it: whole sections as far as they fit, and where the others are."""
    card = space_tables(card)
    if len(card) <= LONGEST_DESCRIPTION:
        return card
    head, *sections = card.split(_SECTION)
    left_out: list[str] = []
    kept = [head]
    rest = f"More is in the [model card]({place.link_artifact(CARD_ARTIFACT)}) among the run's artifacts: "
    titles = [section.partition("\n")[0] for section in sections]
    room = LONGEST_DESCRIPTION - len(head) - len(rest) - len(", ".join(titles)) - len(_SECTION)
    for title, section in zip(titles, sections, strict=True):
        room -= len(_SECTION) + len(section)
        if room < 0:
            room += len(_SECTION) + len(section)
            left_out.append(title)
        else:
            kept.append(section)
    return f"{_SECTION.join(kept)}\n{rest}{', '.join(left_out)}.\n"[:LONGEST_DESCRIPTION]
