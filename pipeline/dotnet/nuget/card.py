"""MODEL_CARD.md of the package: what the model is, what it was made from and measured at, and where its limits are.

The registry's card is this one, and what was known only after packing.
"""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import NamedTuple

from pipeline.core.contract import Contract
from pipeline.core.errors import PipelineError
from pipeline.core.parity_report import ParityReport
from pipeline.core.reports import TrainReport
from pipeline.dotnet.client.identity import Identity
from pipeline.dotnet.nuget.readme import describe_golden, describe_ports, describe_proven_sizes, describe_sizes
from pipeline.dotnet.runtime_versions import RUNTIME_PACKAGE, join_versions
from pipeline.settings.model import Net
from pipeline.settings.params import Data
from pipeline.settings.train_section import Train

# In the package.
CARD = "MODEL_CARD.md"


class Split(NamedTuple):
    """One part of the data: how many rows it has, and the SHA-256 of its file."""

    rows: int
    sha256: str


@dataclass(frozen=True)
class CardFacts:
    """What the card tells beside contract and gate: how the model was made, its licence, and the user's own sections (`model.card`)."""

    seed: int
    net: Net
    weights: str | None
    data: Data
    splits: Mapping[str, Split]
    train: Train
    training: TrainReport
    license: str
    own_sections: Mapping[str, str]


def write_card(contract: Contract, identity: Identity, parity: ParityReport, facts: CardFacts) -> str:
    """Markdown, the same for the same model.

    Args:
        contract: Inputs, outputs and what was proven of them.
        identity: Names and versions of the package.
        parity: The report of `validate`.
        facts: The rest.
    """
    summary = {
        **({"task": task} if (task := describe_task(parity)) else {}),
        "format": f"ONNX opset {contract.opset}, IR version {contract.ir_version}",
        "size": f"{facts.training.parameters:,} parameters, {identity.model_bytes:,} bytes",
        "onnxruntime": f"proven in {join_versions(identity.proven_onnxruntime)}; asks for {identity.bound_onnxruntime} or later",
        "licence": facts.license,
    }
    return "\n".join(
        [
            f"# {identity.package_id} {identity.version}",
            "",
            *([contract.description, ""] if contract.description else []),
            *(f"- {name}: {text}" for name, text in summary.items()),
            "",
            *(line for title, text in facts.own_sections.items() for line in (f"## {title}", "", text.strip(), "")),
            *describe_ports(contract),
            "## Data",
            "",
            *describe_data(facts),
            "",
            "## Training",
            "",
            *(f"- {line}" for line in describe_training(facts, contract)),
            "",
            *describe_classes(parity),
            "## Proven in Python",
            "",
            *(f"- {line}" for line in describe_proof(parity, identity)),
            "",
            "## Limits",
            "",
            *(f"- {line}" for line in describe_limits(contract, parity)),
            "",
        ]
    )


def read_card(package: Path) -> str:
    """MODEL_CARD.md of a package whose hash was checked.

    Raises:
        PipelineError: It has none.
    """
    try:
        with zipfile.ZipFile(package) as archive:
            return archive.read(CARD).decode()
    except KeyError:
        raise PipelineError(
            f"{package}: expected {CARD} in it, got none: make it again with `python -m pipeline package`"
        ) from None


def draw_table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """A table in Markdown; what would end a cell is escaped."""
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in (head, *rows)]
    return [f"| {' | '.join(cells[0])} |", "|" + "---|" * len(head), *(f"| {' | '.join(row)} |" for row in cells[1:])]


def describe_task(parity: ParityReport) -> str:
    """The task's metric of the packaged graph, beside PyTorch's; empty without a task."""
    task = parity.task
    if task is None:
        return ""
    score = "none" if task.simplify is None else f"{task.simplify:.4f}"
    return f"{task.metric} {score} on {task.rows:,} test rows (PyTorch {task.eager:.4f})"


def describe_data(facts: CardFacts) -> Iterator[str]:
    """Where the rows come from, and a table of the splits."""
    data = facts.data
    paths = [data.path] if isinstance(data.path, str) else list(data.path or [])
    if isinstance(data.path, dict):
        paths = list(data.path.values())
    # Names alone: where a file lies on somebody's machine is nobody's business, and would change the package's bytes.
    files = ", ".join(f"`{PurePath(path).name}`" for path in paths)
    yield f"Rows of `{data.target}`{f', from {files}' if files else ''}; split with seed {facts.seed}."
    yield ""
    rows = [(split, f"{part.rows:,}", f"`{part.sha256}`") for split, part in facts.splits.items()]
    yield from draw_table(("split", "rows", "SHA-256"), rows)


def describe_training(facts: CardFacts, contract: Contract) -> Iterator[str]:
    """What training came to, or where the weights are from."""
    train, training = facts.train, facts.training
    start = f"the weights of `{PurePath(facts.weights).name}`" if facts.weights else f"the seed {facts.seed}"
    yield f"Network: `{facts.net.target}`, from {start}."
    if training.epochs is None:
        yield "Not trained here."
    else:
        loss = "none" if training.validation_loss is None else f"{training.validation_loss:.4f}"
        value = training.validation_metric
        metric = f", {training.metric} {value:.4f}" if training.metric and value is not None else ""
        yield f"{training.epochs} {'epoch' if training.epochs == 1 else 'epochs'} of at most {train.epochs}; the best is {training.best_epoch}: validation loss {loss}{metric}."
        monitor = f"`{train.monitor.target}`" if train.monitor else "the validation loss"
        yield f"Loss: `{train.loss.target}`; the best epoch by {monitor}."
        yield f"Learning rate {train.lr:g}, weight decay {train.weight_decay:g}, batch size {train.batch_size}."
    yield f"Weights: SHA-256 `{contract.weights_sha256}`."


def describe_classes(parity: ParityReport) -> Iterator[str]:
    """The section with the metrics of each class; nothing where none were measured."""
    classes = parity.task_detail.classes if parity.task_detail else []
    if not classes:
        return
    rows = [
        (entry.label, f"{entry.support:,}", f"{entry.precision:.4f}", f"{entry.recall:.4f}", f"{entry.f1:.4f}")
        for entry in classes
    ]
    yield "## Metrics by class"
    yield ""
    yield from draw_table(("class", "test rows", "precision", "recall", "F1"), rows)
    yield ""


def describe_proof(parity: ParityReport, identity: Identity) -> Iterator[str]:
    """What was compared with PyTorch in Python, and what came of it, in sentences.

    Nothing that a tolerance decides: the gate's numbers at another one would make another package of the same model.
    """
    largest = max((entry.max_abs for entry in parity.comparisons if entry.max_abs is not None), default=0.0)
    yield (
        f"With onnxruntime {join_versions(identity.proven_onnxruntime)}: {len(parity.comparisons):,} comparisons with PyTorch's answers, "
        f"{parity.values:,} values, largest difference {largest:.3g}."
    )
    yield "`contract.json` and `manifest.json` have what was proven, and the hashes."
    if identity.golden != "none":
        yield f"`golden/` has {describe_golden(identity.golden)} with PyTorch's answers, and by what the self-test judges."


def describe_limits(contract: Contract, parity: ParityReport) -> Iterator[str]:
    """What was not proven, in sentences."""
    if contract.axes:
        yield describe_proven_sizes(contract).removeprefix("- ")
    if sizes := describe_sizes(contract):
        yield sizes
    for output, reason in parity.exempt.items():
        yield f"**Not judged:** `{output}`: {reason}."
    for output in parity.unvarying:
        yield f"`{output}` hardly varies from row to row: comparing it proves little."
    yield f"Versions of {RUNTIME_PACKAGE} other than those proven are untried."
