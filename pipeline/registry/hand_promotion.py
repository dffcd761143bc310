"""`promote` and `rollback`: a person moves the alias of the champion, and says why."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from pipeline.core.dotnet_report import DotnetReport
from pipeline.core.errors import PipelineError
from pipeline.core.paths import DOTNET_REPORT
from pipeline.core.terminal import warn
from pipeline.registry.champion_alias import ChampionAlias
from pipeline.registry.champion_history import Rule, walk_back
from pipeline.registry.stored_package import download, fetch_package, find_run
from pipeline.registry.tracking import check_there_is_a_store, choose_tracking_uri, connecting
from pipeline.registry.version_address import check_model, find_entry
from pipeline.settings.params import Params, Publish

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

_DOTNET = TypeAdapter(DotnetReport)


@contextlib.contextmanager
def opening_champion(publish: Publish) -> Iterator[ChampionAlias]:
    """The alias of the champion, in its store.

    Raises:
        PipelineError: There is no store, or no such model in it.
    """
    tracking_uri = choose_tracking_uri(publish)
    check_there_is_a_store(tracking_uri)
    with connecting(tracking_uri) as client:
        check_model(client, publish.registered_model)
        yield ChampionAlias(client, publish.registered_model, publish.champion.alias)


def promote(params: Params, version: str | None, reason: str | None) -> str:
    """Make a version champion, whatever it is measured at.

    Args:
        params: Which model, in which store.
        version: Its number, or an alias; None: the candidate.
        reason: For the record.

    Returns:
        What happened, in a sentence.

    Raises:
        PipelineError: There is no such version, it has failed, or its package is gone.
    """
    with opening_champion(params.publish) as alias:
        return move_by_hand(
            alias, find_entry(alias.client, alias.name, version or params.publish.alias), "by hand", reason
        )


def rollback(params: Params, reason: str | None) -> str:
    """Make the champion before this one champion again; what happened, in a sentence.

    Raises:
        PipelineError: There is no champion, none before it is on record, it has failed, or its package is gone.
    """
    with opening_champion(params.publish) as alias:
        champion = alias.read()
        if not champion:
            raise PipelineError(
                f"no version of {alias.name} is {alias.alias}: there is nothing to go back from; `python -m pipeline promote VERSION` makes one"
            )
        versions = {str(entry.version): entry for entry in alias.list_versions()}
        before = next(walk_back(alias.list_moves(), champion, versions), None)
        if before is None:
            raise PipelineError(
                f"version {champion} of {alias.name} is {alias.alias}, and no version that still exists was it before: choose one with "
                "`python -m pipeline promote VERSION`"
            )
        return move_by_hand(alias, versions[before], "rollback", reason)


def move_by_hand(alias: ChampionAlias, entry: "ModelVersion", rule: Rule, reason: str | None) -> str:
    number, champion = str(entry.version), alias.read()
    if number == champion:
        return f"version {number} of {alias.name} is {alias.alias} already: nothing was moved"
    check_promotable(alias.client, entry)
    if entry.tags.get("dotnet.verified") != "true":
        warn("promote", f"version {number} of {alias.name} is not verified in .NET: its model card says why")
    alias.move(number, rule, champion, reason or "no reason was given")
    place = f", in the place of version {champion}" if champion else ""
    return f"version {number} of {alias.name} is {alias.alias} now{place}"


def check_promotable(client: "MlflowClient", entry: "ModelVersion") -> None:
    """Raise PipelineError for a version that did not pass, or whose package nobody could fetch.

    A version that is not verified in .NET may be promoted, as it may be published; one that departs there may not.
    """
    where = f"version {entry.version} of {entry.name}"
    if entry.status != "READY":
        raise PipelineError(f"{where} is {entry.status} in the registry: expected READY; publish it again")
    run = find_passed_run(client, entry, where)
    with tempfile.TemporaryDirectory() as folder:
        if reason := read_departure(client, run.info.run_id, Path(folder)):
            raise PipelineError(
                f"{where} does not answer like PyTorch in .NET ({reason}): it cannot be promoted; publish another"
            )
        fetch_package(client, entry.name, str(entry.version), Path(folder))


def read_departure(client: "MlflowClient", run_id: str, folder: Path) -> str:
    """Why .NET refused the package, by the report among the run's files; "" where it did not, or where no report can be read."""
    try:
        path = download(client, run_id, DOTNET_REPORT.as_posix(), folder, run_id)
        dotnet = _DOTNET.validate_json(path.read_bytes())
    except (PipelineError, ValidationError):
        return ""
    return (dotnet.reason or "its report contradicts itself") if dotnet.departs else ""


def find_passed_run(client: "MlflowClient", entry: "ModelVersion", where: str) -> "Run":
    """The run that published the version, which is finished, and whose gate has passed.

    Raises:
        PipelineError: It is not.
    """
    from mlflow.exceptions import MlflowException

    run_id = find_run(entry)
    try:
        run = client.get_run(run_id)
    except MlflowException:
        raise PipelineError(
            f"{where}: its run {run_id or '(none)'} is not in the store, so nothing says that it passed the gate: publish it again"
        ) from None
    gate = run.data.tags.get("gate", "no gate")
    if run.info.status != "FINISHED" or gate != "passed":
        raise PipelineError(
            f"{where} has not passed: its run {run_id} is {run.info.status} (gate: {gate}), and only what passed can be promoted: publish "
            "it again"
        )
    return run
