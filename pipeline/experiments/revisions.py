"""The workspace, the commits and DVC's experiments: what each was set to, and what its reports say."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.core.errors import PipelineError
from pipeline.experiments.failure_log import find_reason
from pipeline.settings.overrides import flatten

if TYPE_CHECKING:
    from dvc.repo import Repo

PARAMS = "params.yaml"
LOCK = "dvc.lock"
METRICS = "reports/metrics.json"
DOTNET = "reports/dotnet.json"
PUBLISHED = "reports/publish.json"


@dataclass(frozen=True)
class Revision:
    """One row of the comparison.

    Attributes:
        name: What the reader calls it: `workspace`, `baseline master`, or the experiment's name.
        state: `done`, or why there are no numbers: `not run`, `unreadable`, `queued`, `running`, `failed`.
        params: params.yaml as it stands there.
        metrics: reports/metrics.json; empty when there are no numbers.
        verified: Whether real .NET has proven the package; None when nobody looked.
        registered: The registered model and its version, `digits/3`; empty when nothing was published.
        reason: Why it failed, or did not run, in one line.
    """

    name: str
    state: str
    params: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    verified: bool | None = None
    registered: str = ""
    reason: str = ""


def collect(every_commit: bool = False) -> list[Revision]:
    """The workspace, the last commit, and the experiments that started from it; the baseline is the second.

    Args:
        every_commit: Every other commit that experiments started from as well, and theirs.

    Raises:
        PipelineError: There is no project of DVC and git here, no commit, or DVC cannot read what it keeps.
    """
    from dvc.exceptions import DvcException, NotDvcRepoError
    from dvc.repo import Repo
    from dvc.scm import NoSCM, SCMError

    try:
        # dvc.api.exp_show() flattens the very same states: it drops where logs are and mixes settings with metrics.
        with Repo() as repo:
            if isinstance(repo.scm, NoSCM) or repo.scm.no_commits:
                raise PipelineError(
                    "expected a git commit to compare with, got none: run `git add -A && git commit -m start`, then `make repro`"
                )
            head = repo.scm.get_rev()
            baselines = [head, *(sorted(_baselines(repo) - {head}) if every_commit else [])]
            states = [state.dumpd() for state in repo.experiments.show(revs=baselines)]
            return [revision for state in states for revision in read_state(state, head)]
    except (NotDvcRepoError, SCMError) as error:
        raise PipelineError(
            f"expected a project of DVC and git in {Path.cwd()}, got none ({error}): run it in the project's folder"
        ) from None
    except DvcException as error:
        raise PipelineError(f"DVC cannot read its experiments: {error}; look with `dvc exp show`") from None


def _baselines(repo: "Repo") -> set[str]:
    """The commits that experiments started from, those in the queue too."""
    from dvc.repo.experiments.utils import exp_refs

    queue = repo.experiments.celery_queue
    waiting = [*queue.iter_queued(), *queue.iter_active(), *(entry for entry, _ in queue.iter_failed())]
    return {ref.baseline_sha for ref in exp_refs(repo.scm)} | {entry.baseline_rev for entry in waiting}


def read_state(state: dict[str, Any], head: str) -> Iterator[Revision]:
    """What one of DVC's states says: the workspace, or a commit and the experiments that started from it.

    Args:
        state: As `dvc exp show --json` prints it.
        head: The commit that is checked out.
    """
    if state["rev"] == "workspace":
        yield _read_revision("workspace", state, None)
        return
    word = "baseline" if state["rev"] == head else "commit"
    yield _read_revision(f"{word} {state['name'] or state['rev'][:7]}", state, state["rev"])
    finished = set()
    for experiment in sorted(state["experiments"] or [], key=_unfinished):
        newest = experiment["revs"][0]
        name = experiment["name"] or newest["rev"][:7]
        executor = experiment["executor"]
        if not _unfinished(experiment):
            finished.add(name)
            yield _read_revision(name, newest, newest["rev"])
        # One that ends while DVC looks is there twice.
        elif executor["state"] != "running" or name not in finished:
            # DVC shows the baseline's reports for these: they have none of their own.
            log = (executor["local"] or {}).get("log")
            reason = find_reason(log and Path(log)) if executor["state"] == "failed" else ""
            yield Revision(name, executor["state"], _params(newest), reason=reason)


def _unfinished(experiment: dict[str, Any]) -> bool:
    return experiment["executor"] is not None and bool(experiment["executor"]["state"] != "success")


def _params(state: dict[str, Any]) -> dict[str, Any]:
    return _plain(_params_file(state).get("data") or {})  # type: ignore[no-any-return]


def _params_file(state: dict[str, Any]) -> dict[str, Any]:
    return ((state["data"] or {}).get("params") or {}).get(PARAMS) or {}


def _plain(settings: Any) -> Any:
    """Settings with text for keys: DVC's cache of experiments is JSON, in which `{0: batch}` becomes `{"0": "batch"}`."""
    return json.loads(json.dumps(settings, default=str))


def _read_revision(name: str, state: dict[str, Any], rev: str | None) -> Revision:
    """A revision that has reports of its own, if it ran with the settings that it holds; `rev` is None for the workspace."""
    from dvc.api import DVCFileSystem

    if error := state["error"]["msg"] if state["error"] else _params_file(state).get("error"):
        return Revision(name, "unreadable", reason=" ".join(str(error).split()))
    files = DVCFileSystem(rev=rev)
    params = _params(state)
    if reason := explain_missing_run(params, read_file(files, LOCK)):
        return Revision(name, "not run", params, reason=reason if rev else f"{reason}: run `make repro`")
    metrics, dotnet, published = (parse_report(read_file(files, path)) for path in (METRICS, DOTNET, PUBLISHED))
    registered = f"{published['model']}/{published['version']}" if {"model", "version"} <= set(published) else ""
    return Revision(name, "done", params, metrics, dotnet.get("verified"), registered)


def read_file(files: Any, path: str) -> str:
    """A file of a revision, through DVC's cache or git; empty when it is in neither."""
    try:
        return files.read_text(path)  # type: ignore[no-any-return]
    except FileNotFoundError:
        return ""


def parse_report(text: str) -> dict[str, Any]:
    """A report; empty when it is not there, or is not what a stage writes."""
    try:
        report = json.loads(text or "{}")
    except ValueError:
        return {}
    return report if isinstance(report, dict) else {}


def explain_missing_run(params: dict[str, Any], lock: str) -> str:
    """Why the reports beside `params` are not theirs, by what dvc.lock says that the stages ran with; empty when they are."""
    from ruamel.yaml import YAML

    stages = ((YAML(typ="safe").load(lock) if lock else None) or {}).get("stages") or {}
    if not stages:
        return "nothing has run"
    here = flatten(params)
    for stage, recorded in stages.items():
        for section, value in recorded.get("params", {}).get(PARAMS, {}).items():
            for key, then in flatten({section: _plain(value)}).items():
                if here.get(key) != then:
                    return f"{stage} has not finished with these settings: {key} was {json.dumps(then)}"
    return ""
