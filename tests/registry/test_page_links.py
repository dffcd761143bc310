"""Links into MLflow's pages: what each leads to, and what is not there has none."""

from types import SimpleNamespace

import pytest

from pipeline.core.reports import PublishReport, write_report
from pipeline.registry import page_links
from pipeline.registry.page_links import COMMIT_TAG, build_links, choose_view, select_last_sweep
from pipeline.registry.view_state import ViewState

BASE, MODE = "http://x", "workflowType=machine_learning"


def run(number: int, commit: str | None = "c", status: str = "FINISHED", params: dict | None = None, **metrics: float):
    return SimpleNamespace(
        info=SimpleNamespace(run_id=f"r{number}", status=status),
        data=SimpleNamespace(tags={COMMIT_TAG: commit} if commit else {}, metrics=metrics, params=params or {}),
    )


class Store:
    """An MLflow store with one experiment, `digits`, and its runs, the newest first."""

    def __init__(self, *runs, models: int = 1, tags: dict | None = None):
        self.runs, self.models, self.tags = runs, models, tags or {}

    def get_experiment_by_name(self, name):
        return SimpleNamespace(experiment_id="7", tags=self.tags) if name == "digits" else None

    def search_runs(self, experiments, order_by, max_results):
        assert (experiments, order_by) == (["7"], ["attributes.start_time DESC"])
        return self.runs[:max_results]

    def set_experiment_tag(self, experiment, key, value):
        self.tags[key] = value

    def search_registered_models(self, condition):
        assert condition == "name = 'digits'"
        return [object()] * self.models


@pytest.fixture
def links(params, empty):
    """Addresses by title."""
    return lambda store: {link.title: link.address for link in build_links(store, BASE, params().publish)}


def test_before_anything_is_published_there_is_the_list_of_experiments(params):
    (link,) = build_links(Store(), BASE, params("publish.experiment=another").publish)
    assert link.address == f"http://x/#/experiments?{MODE}"


def test_every_page_of_a_project_with_a_sweep(links):
    store = Store(run(2, **{"accuracy.eager": 0.9}), run(1, **{"accuracy.eager": 0.8}))
    key = ViewState("accuracy.eager").key
    assert links(store) == {
        "runs, the best first": f"http://x/#/experiments/7/runs?viewStateShareKey={key}&{MODE}",
        "last published run": f"http://x/#/experiments/7/runs/r2?{MODE}",
        "last 2 runs side by side": f"http://x/#/compare-runs?runs=%5B%22r2%22%2C%22r1%22%5D&experiments=%5B%227%22%5D&{MODE}",
        "model digits": f"http://x/#/models/digits?{MODE}",
    }


def test_who_may_not_keep_a_view_gets_plain_links(links, monkeypatch):
    monkeypatch.setattr(page_links, "write_view", lambda *arguments: False)
    assert links(Store(run(1)))["runs"] == f"http://x/#/experiments/7/runs?{MODE}"


def test_the_published_run_is_the_report_s(links):
    names = ("tracking_uri", "experiment_id", "model", "version", "alias", "package_sha256")
    write_report(PublishReport(run_id="r1", **dict.fromkeys(names, "x")))
    assert "/runs/r1?" in links(Store(run(2), run(1)))["last published run"]


def test_a_report_of_another_store_leaves_the_newest_run(links):
    names = ("tracking_uri", "experiment_id", "model", "version", "alias", "package_sha256")
    write_report(PublishReport(run_id="gone", **dict.fromkeys(names, "x")))
    assert "/runs/r2?" in links(Store(run(2), run(1)))["last published run"]


def test_a_run_in_progress_has_a_link_and_is_not_compared(links):
    addresses = links(Store(run(2, status="RUNNING"), run(1)))
    assert "/runs/r2?" in addresses["run in progress"]
    assert not [title for title in addresses if "side by side" in title]


def test_an_experiment_whose_runs_all_failed(links):
    assert list(links(Store(run(1, status="FAILED")))) == ["runs", "model digits"]


def test_a_model_that_is_not_registered_has_no_link(links):
    assert "model digits" not in links(Store(run(1), models=0))


def test_names_are_quoted():
    assert page_links.link_model(BASE, "a b/c", "3") == f"http://x/#/models/a%20b%2Fc/versions/3?{MODE}"


def test_a_page_of_mlflow_links_to_another_on_any_server():
    assert (
        page_links.link_run("", "7", "r1", "reports/a b.html")
        == f"#/experiments/7/runs/r1/artifacts/reports/a%20b.html?{MODE}"
    )


@pytest.mark.parametrize(
    ("commits", "expected"),
    [
        (["c", "c", "b"], ["r0", "r1"]),
        (["c", "b", "c"], ["r0", "r2"]),
        (["c", "b", "a"], ["r0", "r1", "r2"]),
        ([None, None], ["r0", "r1"]),
        (["c"], []),
        ([], []),
    ],
    ids=["of one commit", "not in a row", "one alone on its commit", "without git", "one run", "none"],
)
def test_the_last_sweep(commits, expected):
    assert select_last_sweep([run(number, commit) for number, commit in enumerate(commits)]) == expected


def test_a_long_sweep_shows_what_fits():
    assert select_last_sweep([run(number) for number in range(30)]) == [f"r{number}" for number in range(10)]


def test_the_metric_is_the_newest_run_s_that_has_one():
    runs = [
        run(3, **{"graph.nodes": 1}),
        run(2, **{"accuracy.dotnet": 1, "accuracy.eager": 1}),
        run(1, **{"mae.eager": 1}),
    ]
    assert choose_view(runs) == ViewState("accuracy.eager", "higher")


def test_of_an_error_the_smallest_is_the_best():
    assert choose_view([run(1, **{"mae.eager": 1})]) == ViewState("mae.eager", "lower")


def test_a_metric_of_one_s_own_has_the_direction_that_was_set():
    assert choose_view([run(1, params={"task.direction": "lower"}, **{"mine.eager": 1})]).direction == "lower"


def test_without_a_metric_the_newest_come_first():
    assert choose_view([run(1, **{"graph.nodes": 1})]) == ViewState()
