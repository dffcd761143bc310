"""MLflow's saved view: the bytes of the tag, when it is written, and that a real browser shows its columns."""

import json
from types import SimpleNamespace

import pytest

import devtools
from pipeline.registry import ui
from pipeline.registry.page_links import link_runs
from pipeline.registry.tracking import connecting
from pipeline.registry.view_state import TAG, ViewState, write_view

ACCURACY = ViewState("accuracy.eager")


class Experiments:
    """A client that keeps, or refuses, tags."""

    def __init__(self, refusal: Exception | None = None):
        self.refusal, self.tags = refusal, {}

    def set_experiment_tag(self, experiment, key, value):
        if self.refusal:
            raise self.refusal
        self.tags[experiment, key] = value


def experiment(**tags: str):
    return SimpleNamespace(experiment_id="7", tags=tags)


def test_the_envelope_is_what_mlflow_s_page_reads():
    envelope = json.loads(ACCURACY.encode())
    assert {key: type(value) for key, value in envelope.items()} == {
        "name": str,
        "createdAt": int,
        "updatedAt": int,
        "state": str,
    }


def test_the_columns_are_few_and_in_the_order_of_a_reader():
    state = json.loads(json.loads(ACCURACY.encode())["state"])
    assert state["selectedColumns"] == [
        "metrics.`accuracy.eager`",
        "metrics.`parity.margin`",
        "metrics.`parity.power`",
        "metrics.`graph.bytes`",
        "tags.`dotnet.verified`",
        "tags.`gate`",
    ]


def test_the_order_of_columns_and_their_widths_are_about_the_selected_ones():
    state = ACCURACY.build_state()
    assert state["columnOrder"] == list(state["columnWidths"]) == state["selectedColumns"]


@pytest.mark.parametrize(
    ("view", "key", "ascending"),
    [
        (ACCURACY, "metrics.`accuracy.eager`", False),
        (ViewState("mae.eager", "lower"), "metrics.`mae.eager`", True),
        (ViewState(), "attributes.start_time", False),
        (ViewState("", "lower"), "attributes.start_time", False),
    ],
    ids=["more is better", "less is better", "no metric", "no metric of any direction"],
)
def test_the_best_run_comes_first(view, key, ascending):
    state = view.build_state()
    assert (state["orderByKey"], state["orderByAsc"]) == (key, ascending)


def test_the_same_view_has_the_same_key():
    assert ViewState("accuracy.eager").key == ACCURACY.key


def test_another_view_has_another_key():
    assert ViewState("mae.eager", "lower").key != ACCURACY.key


def test_a_view_is_kept_in_the_experiment():
    client = Experiments()
    assert write_view(client, experiment(), ACCURACY)
    assert client.tags == {("7", TAG + ACCURACY.key): ACCURACY.encode()}


def test_a_view_that_is_there_stays_as_a_person_has_changed_it():
    client = Experiments()
    assert write_view(client, experiment(**{TAG + ACCURACY.key: "theirs"}), ACCURACY)
    assert client.tags == {}


def test_who_may_not_write_has_no_view():
    from mlflow.exceptions import RestException

    refusal = RestException({"error_code": "PERMISSION_DENIED", "message": "Permission denied"})
    assert not write_view(Experiments(refusal), experiment(), ACCURACY)


# MLflow keeps this to itself, and may keep it otherwise in its next version: so one test asks its own server and page.
@pytest.mark.skipif(devtools.find_program() is None, reason="no Chromium: apt-get install chromium")
def test_mlflow_s_page_shows_the_columns(tmp_path):
    store = f"sqlite:///{tmp_path}/mlflow.db"
    port = ui.choose_free_port()
    with ui.serving(store, port), connecting(f"http://{ui.HOST}:{port}") as client:
        number = client.create_experiment("digits")
        for accuracy in (0.25, 0.75, 0.5):
            run = client.create_run(number, tags={"gate": "passed"})
            client.log_metric(run.info.run_id, "accuracy.eager", accuracy)
        assert write_view(client, client.get_experiment(number), ACCURACY)
        with (
            devtools.launching() as browser,
            browser.opening(link_runs(f"http://{ui.HOST}:{port}", number, ACCURACY.key), 1400, 900) as page,
        ):
            cells = "[...document.querySelectorAll('.ag-center-cols-container [col-id=\"metrics.`accuracy.eager`\"]')].map(e => e.innerText)"
            page.wait_for(f"{cells}.length >= 3")
            headers = page.evaluate(
                "[...document.querySelectorAll('.ag-header-cell')].map(e => e.getAttribute('col-id'))"
            )
            assert page.evaluate(cells)[:3] == ["0.75", "0.5", "0.25"]
    assert set(ACCURACY.build_state()["selectedColumns"]) & set(headers) == {"metrics.`accuracy.eager`", "tags.`gate`"}
