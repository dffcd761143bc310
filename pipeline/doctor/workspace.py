"""The workspace: settings, git, what DVC keeps, room on the disk, and what failed or was killed last."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.core.paths import DOTNET_REPORT, PARITY_REPORT
from pipeline.core.run_record import read_run_record
from pipeline.core.workspace_lock import find_holder
from pipeline.doctor.diagnosis import Diagnosis
from pipeline.experiments.plots import TEMPLATE
from pipeline.settings.params import Params

if TYPE_CHECKING:
    from dvc.repo import Repo

# Below it a training of any size may not end.
LEAST_ROOM = 10**9
LONGEST = 300


def diagnose_settings(params: Params) -> Diagnosis:
    """What the stages would work with, and whether the files that it names are here."""
    gone = [f"{setting}={file}" for setting, file in params.files().items() if not Path(file).exists()]
    text = f"params.yaml: model {params.model.name}, {'trained' if params.train.enabled else 'its weights as they are'}"
    if gone:
        return Diagnosis(
            "settings", "wrong", f"{', '.join(gone)}: there is no such file", "`python -m pipeline params` sets another"
        )
    return Diagnosis("settings", "ok", text)


def diagnose_git() -> Diagnosis:
    done = subprocess.run(
        ["git", "status", "--porcelain", "--branch"],  # noqa: S607 (git is where PATH has it)
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return Diagnosis("git", "wrong", "this folder is in no repository of git", "`make setup` makes one")
    branch, *changed = done.stdout.splitlines()
    if branch.startswith("## No commits yet"):
        return Diagnosis(
            "git", "note", "there is no commit yet", "`dvc exp run` needs one: `git add -A && git commit -m start`"
        )
    name = branch.removeprefix("## ").partition("...")[0]
    return Diagnosis("git", "ok", f"{name}, {f'{len(changed)} files not committed' if changed else 'all is committed'}")


def diagnose_dvc(repo: "Repo") -> Iterator[Diagnosis]:
    """Cache and remote, and the page that plots are drawn in."""
    remotes = list(repo.config["remote"])
    default = repo.config["core"].get("remote")
    remote = f"remote {default or ', '.join(remotes)}" if remotes else "no remote"
    yield Diagnosis("DVC", "ok", f"cache {os.path.relpath(repo.cache.local.path)}, {remote}")
    if not TEMPLATE.exists():
        yield Diagnosis(
            "plots",
            "note",
            f"{TEMPLATE} is not there, so that `dvc plots` fails",
            "`python -m pipeline plots --template-only` makes it",
        )


def diagnose_room() -> Diagnosis:
    free = shutil.disk_usage(Path.cwd()).free
    text = f"{free / 1e9:,.1f} GB free"
    if free < LEAST_ROOM:
        return Diagnosis("disk", "note", text, "make room: `dvc gc --workspace` drops what no commit's workspace needs")
    return Diagnosis("disk", "ok", text)


def diagnose_use() -> Iterator[Diagnosis]:
    """A stage that works here now, maybe one that outlived a DVC that was killed: any other would be refused."""
    if holder := find_holder():
        yield Diagnosis("in use", "wrong", f"build/ is in use by {holder}", "wait until it has ended, or end it")


def diagnose_last_run() -> Iterator[Diagnosis]:
    """What failed or was killed last, as build/run.json and the reports have it."""
    record = read_run_record()
    if record and record.ended in ("FAILED", "KILLED"):
        yield Diagnosis(
            "last run",
            "note",
            f"{record.stage} {record.ended.lower()}: run {record.run_id} in MLflow says why",
            "`make ui`",
        )
    elif record and not record.ended and not _is_alive(record.process):
        yield Diagnosis(
            "last run",
            "note",
            f"{record.stage} was opened as run {record.run_id} and not closed",
            "`dvc repro` goes on with it, or closes it",
        )
    for path, sentence in ((PARITY_REPORT, _read_refusal), (DOTNET_REPORT, _read_departure)):
        if path.exists() and (reason := sentence(_read(path))):
            short = reason if len(reason) <= LONGEST else f"{reason[:LONGEST]}…"
            yield Diagnosis("last gate", "note", f"{path}: {short}", "`python -m pipeline locate` names the node")


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _read(path: Path) -> dict[str, Any]:
    try:
        report = json.loads(path.read_text())
    except ValueError:
        return {}
    return report if isinstance(report, dict) else {}


def _read_refusal(report: dict[str, Any]) -> str:
    return str(report.get("gate", "")) if report.get("passed") is False else ""


def _read_departure(report: dict[str, Any]) -> str:
    wrong = any(not entry.get("passed", True) for entry in report.get("comparisons", []))
    return str(report.get("reason", "")) if wrong else ""
