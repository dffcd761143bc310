"""Links into MLflow's pages: the experiment, a run, runs side by side, and the registered model.

A link begins with the address of a server, or, where that is "", is one that MLflow's pages have to each other, on any server.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlencode

from pipeline.core.paths import PUBLISH_REPORT
from pipeline.core.reports import PublishReport, read_report
from pipeline.metrics.metric import SHIPPED
from pipeline.registry.view_state import ViewState, write_view
from pipeline.settings.model import Direction
from pipeline.settings.params import Publish

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

# MLflow opens in another mode unless it is told.
MODE = ("workflowType", "machine_learning")
COMMIT_TAG = "mlflow.source.git.commit"
DIRECTION_PARAM = "task.direction"
# Runs that are looked at, and of these the ones that fit beside each other.
NEWEST, COMPARED = 50, 10


@dataclass(frozen=True)
class Link:
    """A page of MLflow, its kind, and what a person finds there."""

    page: Literal["start", "runs", "run", "running", "comparison", "model"]
    title: str
    address: str


def _address(base: str, page: str, query: Sequence[tuple[str, str]] = ()) -> str:
    return f"{f'{base}/' if base else ''}#/{page}?{urlencode([*query, MODE])}"


def link_runs(base: str, experiment_id: str, view_key: str = "") -> str:
    """The list of an experiment's runs, with a saved view's columns."""
    query = [("viewStateShareKey", view_key)] if view_key else []
    return _address(base, f"experiments/{quote(experiment_id, safe='')}/runs", query)


def link_run(base: str, experiment_id: str, run_id: str, artifact: str = "") -> str:
    """A run's page, or one of its artifacts'."""
    page = f"/artifacts/{quote(artifact)}" if artifact else ""
    return _address(base, f"experiments/{quote(experiment_id, safe='')}/runs/{quote(run_id, safe='')}{page}")


def link_comparison(base: str, experiment_id: str, run_ids: list[str]) -> str:
    """Runs side by side: parameters, metrics and tags, with what differs."""
    compact = (",", ":")
    query = {
        "runs": json.dumps(run_ids, separators=compact),
        "experiments": json.dumps([experiment_id], separators=compact),
    }
    return _address(base, "compare-runs", [*query.items()])


def link_model(base: str, model: str, version: str = "") -> str:
    """A registered model's page, or one of its versions'."""
    page = f"/versions/{quote(version, safe='')}" if version else ""
    return _address(base, f"models/{quote(model, safe='')}{page}")


def link_start(base: str) -> str:
    """The list of experiments: all that is there before anything is published."""
    return _address(base, "experiments")


def select_last_sweep(runs: "list[Run]") -> list[str]:
    """Ids of the last runs that belong together, the newest first: those of the commit on which the newest one stands.

    That is what `make compare` puts side by side too: what was tried since the last commit, by `dvc exp run --queue` or one by one. Where
    that is one run, the newest of the experiment; none where it has only one.

    Args:
        runs: The experiment's finished runs, the newest first.
    """
    commits = {run.info.run_id: run.data.tags.get(COMMIT_TAG) for run in runs}
    together = [run_id for run_id, commit in commits.items() if commit == next(iter(commits.values()))]
    chosen = together if len(together) > 1 else list(commits)
    return chosen[:COMPARED] if len(chosen) > 1 else []


def choose_view(runs: "list[Run]") -> ViewState:
    """The view whose first column is the task's metric as PyTorch answered, of the newest run that has one; the best run first."""
    for run in runs:
        for key in sorted(run.data.metrics):
            metric, _, answered_by = key.rpartition(".")
            if answered_by == "eager":
                return ViewState(key, _find_direction(metric, run.data.params.get(DIRECTION_PARAM, "")))
    return ViewState()


def _find_direction(metric: str, direction: str) -> Direction:
    """Which direction is better: what was set, else what is known of the metrics that ship."""
    for known in ("higher", "lower"):
        if direction == known:
            return known
    return next((shipped.direction for function, shipped in SHIPPED.items() if function.__name__ == metric), "higher")


def build_links(client: "MlflowClient", base: str, publish: Publish) -> list[Link]:
    """What there is to see of the project in a store; what is not there has no link.

    The experiment's list of runs opens with the columns that matter, where this user may keep a view in the store or someone has.

    Args:
        client: Of the store behind the pages.
        base: The address before `/#/`.
        publish: Names of the experiment and of the registered model.
    """
    experiment = client.get_experiment_by_name(publish.experiment)
    if experiment is None:
        return [Link("start", "experiments; nothing is published yet", link_start(base))]
    number = experiment.experiment_id
    runs = list(client.search_runs([number], order_by=["attributes.start_time DESC"], max_results=NEWEST))
    finished = [run for run in runs if run.info.status == "FINISHED"]
    running = [run.info.run_id for run in runs if run.info.status == "RUNNING"]
    view = choose_view(finished)
    kept = write_view(client, experiment, view)
    links = [
        Link(
            "runs", "runs, the best first" if view.metric else "runs", link_runs(base, number, view.key if kept else "")
        )
    ]
    if running:
        links.append(Link("running", "run in progress", link_run(base, number, running[0])))
    if finished:
        links.append(Link("run", "last published run", link_run(base, number, _find_published(finished))))
    if sweep := select_last_sweep(finished):
        links.append(Link("comparison", f"last {len(sweep)} runs side by side", link_comparison(base, number, sweep)))
    if client.search_registered_models(f"name = '{publish.registered_model}'"):
        links.append(Link("model", f"model {publish.registered_model}", link_model(base, publish.registered_model)))
    return links


def _find_published(finished: "list[Run]") -> str:
    """The run that reports/publish.json names, else the newest."""
    run_ids = [run.info.run_id for run in finished]
    published = read_report(PublishReport).run_id if PUBLISH_REPORT.exists() else ""
    return published if published in run_ids else run_ids[0]
