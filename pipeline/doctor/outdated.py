"""What `dvc repro` would run, and why, in words."""

import contextlib
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.core.errors import PipelineError
from pipeline.core.paths import BUILD, FINGERPRINT, KNOWN_FILES, REPORTS
from pipeline.core.terminal import QUIET
from pipeline.doctor.diagnosis import Diagnosis
from pipeline.settings.compose import PARAMS, PROJECT
from pipeline.settings.overrides import flatten

if TYPE_CHECKING:
    from dvc.repo import Repo

# The stage that always runs: what it finds is why others do.
ALWAYS = "fingerprint"
MOST_REASONS = 4
SHA256_LENGTH = 64
# What has to be where it is when the first stage looks, and what it must not touch.
OWN = (BUILD, REPORTS)


class StalenessGraph(NamedTuple):
    """The stages in the order in which they run: what each reads and writes."""

    reads: Mapping[str, list[str]]
    writes: Mapping[str, list[str]]


def explain_outdated(repo: "Repo", world: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Stage -> why it would run, in the order in which they run; `fingerprint`, which always does, is not among them.

    Args:
        repo: The project.
        world: What the first stage would find otherwise, by the file that it writes, as `look_outside` gives it.
    """
    lock = _read_lock()
    status: dict[str, list[Any]] = repo.status()
    stages = [stage for stage in repo.index.stages if getattr(stage, "name", "")]
    graph = StalenessGraph(
        {stage.name: [dep.def_path for dep in stage.deps] for stage in stages},
        {stage.name: [out.def_path for out in stage.outs] for stage in stages},
    )
    reasons: dict[str, list[str]] = {}
    # The stages before that have a reason of their own.
    roots: dict[str, list[str]] = {}
    for stage in _in_order(graph):
        if stage == ALWAYS:
            continue
        own = ["it has never run here"] if stage not in lock else [*_explain(status.get(stage, []), lock[stage])]
        own += [text for path in graph.reads[stage] for text in world.get(path, [])]
        before = [other for other in reasons if _touches(graph.writes[other], graph.reads[stage])]
        causes = dict.fromkeys(cause for other in before for cause in roots[other])
        if own or before:
            roots[stage] = [stage] if own else [*causes]
            reasons[stage] = own or [f"follows {' and '.join(causes)}"]
    return reasons


def _in_order(graph: StalenessGraph) -> list[str]:
    """Every stage behind those whose outputs it reads."""
    ordered: list[str] = []
    waiting = sorted(graph.reads)
    while waiting:
        ready = [
            stage
            for stage in waiting
            if not any(_touches(graph.writes[other], graph.reads[stage]) for other in waiting if other != stage)
        ]
        ordered += ready
        waiting = [stage for stage in waiting if stage not in ready]
    return ordered


def _touches(written: list[str], read: list[str]) -> bool:
    return any(Path(path).is_relative_to(out) for out in written for path in read)


def _explain(changes: list[Any], lock: Mapping[str, Any]) -> Iterator[str]:
    """What DVC says of one stage, in words."""
    for change in changes:
        if change == "changed command":
            yield "its command in dvc.yaml"
        elif isinstance(change, dict):
            for path, how in change.get("changed deps", {}).items():
                yield from _explain_params(how, lock) if path == PARAMS.name else _explain_dependency(path, how)
            for path, how in change.get("changed outs", {}).items():
                yield f"{path} is {'gone' if how == 'deleted' else 'not what it wrote'}"


def _explain_dependency(path: str, how: str) -> Iterator[str]:
    # What another stage writes is told where that stage is.
    if not path.startswith((f"{BUILD}/", f"{REPORTS}/")):
        yield f"the code in {path} {'is gone' if how == 'deleted' else 'was edited'}"


def _explain_params(how: Any, lock: Mapping[str, Any]) -> Iterator[str]:
    """Each setting with its old and its new value."""
    from ruamel.yaml import YAML

    now = flatten(YAML(typ="safe").load(PARAMS.read_text()))
    then = flatten(lock.get("params", {}).get(PARAMS.name, {}))
    then = {key: value for section, entry in then.items() for key, value in flatten({section: entry}).items()}
    sections = [*how] if isinstance(how, dict) else []
    shown = {key: value for key, value in now.items() if _is_within(key, sections)}
    for key, value in shown.items():
        if then.get(key, value) != value or key not in then:
            yield f"{key} {_show(then.get(key))} -> {_show(value)}"
    yield from (
        f"{key} {_show(value)} -> gone" for key, value in then.items() if _is_within(key, sections) and key not in now
    )


def _is_within(key: str, sections: list[str]) -> bool:
    return any(key == section or key.startswith(f"{section}.") for section in sections)


def _show(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _read_lock() -> dict[str, Any]:
    from ruamel.yaml import YAML

    lock = Path("dvc.lock")
    return ((YAML(typ="safe").load(lock.read_text()) if lock.exists() else None) or {}).get("stages") or {}


def look_outside() -> tuple[dict[str, list[str]], Diagnosis | None]:
    """What the first stage would find: it runs in a folder beside, which leaves everything here as it is.

    Returns:
        By the file that it writes what is otherwise than when it ran last; and what it refuses.
    """
    with tempfile.TemporaryDirectory(prefix="torch2dotnet-doctor-") as name:
        folder = Path(name)
        for path in Path.cwd().iterdir():
            if path.name not in {own.name for own in OWN}:
                (folder / path.name).symlink_to(path)
        (folder / BUILD).mkdir()
        with contextlib.suppress(OSError):
            shutil.copy2(KNOWN_FILES, folder / KNOWN_FILES)
        # Not `-m pipeline`, which would put a refusal on record as a run that failed.
        command = [sys.executable, "-c", f"from pipeline.__main__ import main; raise SystemExit(main(['{ALWAYS}']))"]
        # The very code that asks, wherever the folder is.
        places = [str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, QUIET: "1", "PYTHONPATH": os.pathsep.join(places)}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            sentence = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
            return {}, Diagnosis(ALWAYS, "wrong", sentence.removeprefix(f"error: {ALWAYS}: "))
        return {path: texts for path, texts in _compare(folder) if texts}, None


def _compare(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """What the fingerprints in `folder` say otherwise than those here."""
    for path in sorted((folder / FINGERPRINT).glob("*.json")):
        here = FINGERPRINT / path.name
        if not here.exists():
            continue
        now, then = (_list_facts(json.loads(file.read_text())) for file in (path, here))
        changed = [fact for fact in {**then, **now} if then.get(fact) != now.get(fact)]
        yield here.as_posix(), [_explain_fact(fact, then.get(fact), now.get(fact)) for fact in changed]


def _list_facts(content: dict[str, Any]) -> dict[str, Any]:
    """What a fingerprint says, by what it says it of: a library, or a file or module of a setting."""
    facts: dict[str, Any] = {}
    for name, value in content.items():
        if isinstance(value, dict) and name in ("files", "code"):
            for setting, hashes in value.items():
                facts |= {
                    f"{'' if item == '.' else f'{item} '}({setting})".strip(): sha for item, sha in hashes.items()
                }
        else:
            facts[name] = value
    return facts


def _explain_fact(fact: str, then: Any, now: Any) -> str:
    texts = [value for value in (then, now) if value is not None]
    if all(isinstance(value, str) and len(value) == SHA256_LENGTH for value in texts):
        return f"{fact} {'was edited' if then and now else 'is new' if now else 'is gone'}"
    return f"{fact} {_show(then)} -> {_show(now)}"


def describe(reasons: list[str]) -> str:
    """The first of many reasons."""
    more = f" and {len(reasons) - MOST_REASONS} more" if len(reasons) > MOST_REASONS else ""
    return f"{', '.join(reasons[:MOST_REASONS])}{more}"


@contextlib.contextmanager
def open_project() -> Iterator["Repo"]:
    """The project of DVC here; what DVC refuses within is one sentence.

    Raises:
        PipelineError: There is none, dvc.yaml cannot be read, or another DVC works here and holds its lock.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    loggers = [logging.getLogger(name) for name in ("dvc", "dvc_data", "dvc_objects")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)  # as `dvc -q` does: it takes the bars of DVC's own away
    try:
        with Repo() as repo:
            yield repo
    except DvcException as error:
        raise PipelineError(f"DVC cannot look at {Path.cwd()}: {' '.join(str(error).split())}") from None
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
