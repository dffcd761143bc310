"""`python -m pipeline doctor`: everything that is looked at, printed; exit 1 where the next `dvc repro` would fail."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.core.progress import LongWork
from pipeline.core.terminal import open_console
from pipeline.doctor import environment, outdated, workspace
from pipeline.doctor.diagnosis import Diagnosis
from pipeline.doctor.tracking_store import diagnose_store
from pipeline.settings.compose import PROJECT
from pipeline.settings.params import Params, load

COLOURS = {"ok": "green", "note": "yellow", "wrong": "bold red", "runs": "cyan"}


def check_up(path: Path) -> None:
    """Look at everything and print it.

    Args:
        path: The configuration.

    Raises:
        PipelineError: Something is wrong that the next `dvc repro` needs.
    """
    diagnoses: list[Diagnosis] = []
    runs: dict[str, list[str]] = {}
    with LongWork("doctor", "looking") as shown:
        for diagnosis in look_at_machine():
            diagnoses.append(diagnosis)
            shown.note = diagnosis.topic
        try:
            params = load(path)
        except PipelineError as error:
            diagnoses.append(Diagnosis("settings", "wrong", str(error)))
        else:
            for diagnosis in look_at_settings(params):
                diagnoses.append(diagnosis)
                shown.note = diagnosis.topic
        try:
            with outdated.open_project() as repo:
                diagnoses += workspace.diagnose_dvc(repo)
                shown.note = "what would run"
                world, refusal = outdated.look_outside()
                diagnoses += [refusal] if refusal else []
                runs = outdated.explain_outdated(repo, world)
        except PipelineError as error:
            diagnoses.append(Diagnosis("DVC", "wrong", str(error)))
        diagnoses += workspace.diagnose_use()
        diagnoses += workspace.diagnose_last_run()
    show(diagnoses, runs)
    wrong = [diagnosis.topic for diagnosis in diagnoses if diagnosis.state == "wrong"]
    if wrong:
        raise PipelineError(f"{' and '.join(dict.fromkeys(wrong))}: `dvc repro` would fail, as is said above")
    print(f"doctor: {summarize(runs)}")


def look_at_machine() -> Iterator[Diagnosis]:
    """What does not hang on the settings."""
    yield environment.diagnose_python()
    yield environment.diagnose_libraries(PROJECT / "pyproject.toml", PROJECT / "constraints.txt")
    yield workspace.diagnose_room()
    yield workspace.diagnose_git()


def look_at_settings(params: Params) -> Iterator[Diagnosis]:
    """What the settings ask for."""
    yield workspace.diagnose_settings(params)
    yield environment.diagnose_target(params)
    yield from environment.diagnose_dotnet(params.verify.mode, params.package.client)
    yield diagnose_store(params.publish)


def show(diagnoses: list[Diagnosis], runs: dict[str, list[str]]) -> None:
    """Print a line for each: in columns on a terminal, a whole line where programs read it."""
    from rich.table import Table
    from rich.text import Text

    lines: list[tuple[str, str, str]] = [
        (
            entry.state,
            entry.topic,
            f"{entry.text}{f' -> {entry.advice}' if entry.advice and entry.state != 'ok' else ''}",
        )
        for entry in diagnoses
    ]
    lines += [("runs", stage, outdated.describe(reasons)) for stage, reasons in runs.items()]
    console = open_console()
    if console.is_terminal:
        table = Table.grid(padding=(0, 2))
        for state, topic, text in lines:
            table.add_row(Text(state, style=COLOURS[state]), Text(topic), Text(text, overflow="fold"))
        console.print(table)
        return
    for state, topic, text in lines:
        print(f"{state:<6}{topic:<12}{text}")


def summarize(runs: dict[str, list[str]]) -> str:
    """The closing line where nothing is wrong."""
    if not runs:
        return "all is well and up to date: `dvc repro` would run fingerprint alone, as it always does"
    return f"all is well; `dvc repro` would run {', '.join(runs)}; what comes out as before ends it earlier"
