"""What a person sees first of a run: its name, its note in Markdown, and a few tags to search by."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pipeline.core.contract import Contract
from pipeline.core.paths import PROOF_PAGE
from pipeline.dotnet.nuget.card import draw_table
from pipeline.dotnet.nuget.code_lines import lift_comments
from pipeline.dotnet.proof.replay_program import example
from pipeline.dotnet.runtime_versions import join_versions
from pipeline.registry.page_links import link_model, link_run
from pipeline.registry.pictures.gallery import embed_pictures
from pipeline.registry.run_content import Evidence, choose_page
from pipeline.registry.run_lifecycle import ORIGIN_TAG
from pipeline.settings.params import Params, file_of
from pipeline.settings.presets import list_changes

if TYPE_CHECKING:
    from mlflow import MlflowClient

NOTE_TAG = "mlflow.note.content"
# Among the run's artifacts.
CARD_ARTIFACT = "model_card.md"
# MLflow draws a table without room between its cells and behind it, and cuts blanks off.
GAP = "&emsp;"
# Characters of a run's name, and of a tag that MLflow takes.
LONGEST_NAME = 80
LONGEST_NOTE = 8000


class Place(NamedTuple):
    """Where a run, and the version that was registered of it, are in MLflow."""

    experiment_id: str
    run_id: str
    model: str
    version: str

    @property
    def run_page(self) -> str:
        """Relative to MLflow's one page, so that it holds for any server and port."""
        return link_run("", self.experiment_id, self.run_id)

    def link_artifact(self, path: str) -> str:
        return link_run("", self.experiment_id, self.run_id, path)

    @property
    def version_page(self) -> str:
        return link_model("", self.model, self.version)


def name_run(params: Params, weights_sha256: str | None) -> str:
    """Model, what was set beside its presets, and the start of the weights' SHA-256: `digits epochs=5 width=16 3f9c2a7`.

    Changes that do not fit are counted.

    Args:
        params: The settings; the file that they were read from is looked at once more, as people wrote it.
        weights_sha256: None before there are weights.
    """
    from ruamel.yaml import YAML

    changes = list_changes(YAML(typ="safe").load(file_of(params)))
    end = [weights_sha256[:7]] if weights_sha256 else []
    for count in range(len(changes), -1, -1):
        more = [f"+{len(changes) - count}"] if count < len(changes) else []
        name = " ".join([params.model.name, *changes[:count], *more, *end])
        if len(name) <= LONGEST_NAME:
            break
    return name


def list_tags(evidence: Evidence) -> dict[str, str]:
    """What people search runs by; hashes are in lineage.json."""
    return {
        "model": evidence.contract.name,
        "gate": evidence.parity.gate,
        "dotnet.verified": str(evidence.dotnet.verified).lower(),
        "exporter": evidence.export.exporter,
        "opset": str(evidence.contract.opset),
    }


def log_note(client: "MlflowClient", run_id: str, evidence: Evidence, place: Place) -> None:
    """Write note and tags into the run."""
    from mlflow.entities import RunTag

    trained_in = client.get_run(run_id).data.tags.get(ORIGIN_TAG, "")
    note = shorten(space_tables(write_note(evidence, place, trained_in)), embed_pictures(run_id, evidence))
    tags = {**list_tags(evidence), NOTE_TAG: note}
    client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])


def shorten(note: str, pictures: Sequence[str]) -> str:
    """The note, cut to what MLflow keeps, and below it those pictures for which there is room."""
    note = note[:LONGEST_NOTE]
    for picture in pictures:
        if len(note) + len(picture) + 2 <= LONGEST_NOTE:
            note += f"\n\n{picture}"
    return note


def space_tables(markdown: str) -> str:
    """The same text with room in and behind its tables, for MLflow's page."""
    lines = markdown.split("\n")
    for place, line in enumerate(lines):
        if line.startswith("| "):
            lines[place] = line.replace(" | ", f"{GAP} | ")
            if not lines[place + 1].startswith("|"):
                lines[place] += f"\n\n{GAP}"
    return "\n".join(lines)


def write_note(evidence: Evidence, place: Place, trained_in: str = "") -> str:
    """The note: the verdict, the numbers, where things are, and how C# and Python use the package."""
    manifest, page = evidence.manifest, choose_page(evidence.dotnet)
    links = {
        "proof" if page == PROOF_PAGE else "report of the gate": place.link_artifact(page.as_posix()),
        "package": place.link_artifact(manifest.path.as_posix()),
        "model card": place.link_artifact(CARD_ARTIFACT),
        f"version {place.version} of {place.model}": place.version_page,
    }
    return "\n".join(
        [
            f"**{describe_verdict(evidence)}**",
            "",
            *draw_scores(evidence),
            *draw_table(("what", ""), list(list_facts(evidence).items())),
            "",
            " · ".join(f"[{text}]({address})" for text, address in links.items()),
            "",
            *(
                [f"Trained in run [{trained_in[:8]}]({link_run('', place.experiment_id, trained_in)}).", ""]
                if trained_in
                else []
            ),
            "#### How C# calls it",
            "",
            *show_csharp(evidence, place),
            "#### How Python calls it",
            "",
            *show_python(evidence.contract, place),
        ]
    )


def describe_verdict(evidence: Evidence) -> str:
    """One sentence: what answers like PyTorch, and where that was not looked at."""
    dotnet = evidence.dotnet
    if dotnet.verified:
        return f"Passed: graph and package answer what PyTorch answered, the package in {dotnet.runtime}."
    return f"Passed: the graph answers what PyTorch answered; the package was not verified in .NET ({dotnet.reason})."


def draw_scores(evidence: Evidence) -> Iterator[str]:
    """A table of the task's metric by place; nothing without a task."""
    task, proven = evidence.parity.task, evidence.dotnet.task
    if task is None:
        return
    scores = (task.eager, task.simplify, proven.dotnet if proven else None)
    cells = tuple("–" if score is None else f"{score:.4f}" for score in scores)
    yield from draw_table((f"on {task.rows:,} test rows", "eager", "graph", ".NET"), [(task.metric, *cells)])
    yield ""


def list_facts(evidence: Evidence) -> dict[str, str]:
    """The few numbers that one asks for first."""
    parity, manifest, verified = evidence.parity, evidence.manifest, evidence.dotnet.list_verified()
    power = parity.power
    facts = {
        "margin": f"{parity.margin:,.1f} times the largest difference would have passed" if parity.margin else "",
        "power": f"{power.caught} of {power.tried} broken copies caught" if power and power.tried else "not measured",
        "size": f"{evidence.simplify.bytes:,} bytes, {evidence.simplify.nodes} nodes",
        "opset": f"{evidence.contract.opset} (IR version {evidence.contract.ir_version}), by {evidence.export.exporter}",
        "onnxruntime": f"proven in Python {join_versions(manifest.onnxruntime.proven)}"
        + (f", in .NET {join_versions(verified)}" if verified else ""),
        "package": f"{manifest.id} {manifest.version}, asks for onnxruntime {manifest.onnxruntime.bound} or later",
    }
    return {name: text for name, text in facts.items() if text}


def show_csharp(evidence: Evidence, place: Place) -> list[str]:
    """How a program in C# gets the package and calls it."""
    manifest = evidence.manifest
    return [
        "```bash",
        f"python -m pipeline fetch models:/{place.model}/{place.version}   # or take it from the artifacts",
        f"dotnet add package {manifest.id} --version {manifest.version} --source FOLDER",
        "```",
        "",
        "```csharp",
        *lift_comments(example(evidence.contract, manifest.namespace, manifest.class_name).split("\n"), "//"),
        "```",
        "",
    ]


def show_python(contract: Contract, place: Place) -> list[str]:
    """How Python asks the registered model."""
    feeds = ", ".join(f'"{tensor.name}": {_identifier(tensor.name)}' for tensor in contract.inputs)
    shapes = "; ".join(
        f"{tensor.name}: {tensor.dtype} [{', '.join(map(str, tensor.shape))}]" for tensor in contract.inputs
    )
    return [
        "```python",
        "import mlflow, onnxruntime",
        "",
        f'model = mlflow.onnx.load_model("models:/{place.model}/{place.version}")',
        "session = onnxruntime.InferenceSession(model.SerializeToString())",
        *lift_comments([f"outputs = session.run(None, {{{feeds}}})  # {shapes}"], "#"),
        "```",
        "",
    ]


def _identifier(name: str) -> str:
    """A name of Python for an input."""
    return "".join(character if character.isalnum() else "_" for character in name)
