import pytest
from rich.console import Console

from experiment_projects import METRICS, SETTINGS
from pipeline.core.errors import PipelineError
from pipeline.core.terminal import WIDTH
from pipeline.experiments.comparison_table import compare, find_best, find_task_metric, make_table, sort_rows
from pipeline.experiments.revisions import Revision

BASELINE = {"train": {"lr": 0.1}, "model": {"name": "digits"}}


def row(name: str, accuracy: float | None = None, state: str = "done", **metrics) -> Revision:
    scores = {} if accuracy is None else {"accuracy": accuracy}
    return Revision(name, state, BASELINE, {**scores, **metrics})


@pytest.fixture
def printed():
    """The cells of the table, by experiment and column."""

    def show(*rows: Revision) -> dict[str, dict[str, str]]:
        shown = make_table(list(rows), BASELINE)
        columns = {str(column.header): [str(cell) for cell in column.cells] for column in shown.columns}
        return {
            name: {title: cells[place] for title, cells in columns.items()}
            for place, name in enumerate(columns["experiment"])
        }

    return show


@pytest.mark.parametrize(
    ("metrics", "metric"),
    [
        (METRICS, ("accuracy", 0.9)),
        ({"parity_used": 0.1, "f1": 0.5, "nodes": 3}, ("f1", 0.5)),
        ({"parity_used": 0.1, "power": 0.9, "nodes": 3, "bytes": 4}, None),
        ({"accuracy": None, "parity_used": 0.9}, None),
        ({"lower_is_better": ["rmse"], "rmse": 2.0}, ("rmse", 2.0)),
        ({}, None),
    ],
    ids=["accuracy", "another", "no task", "not computed", "an error", "no report"],
)
def test_the_task_s_metric_is_found_by_its_place_and_not_its_name(metrics, metric):
    assert find_task_metric(metrics) == metric


def test_the_best_comes_first():
    rows = [row("a", 0.8), row("b", 0.9), row("c", 0.7)]
    assert [each.name for each in sort_rows(rows)] == ["b", "a", "c"]


def test_of_two_alike_the_nearer_to_pytorch_comes_first():
    rows = [row("a", 0.8, parity_used=0.5), row("b", 0.8, parity_used=0.1)]
    assert [each.name for each in sort_rows(rows)] == ["b", "a"]


def test_what_has_no_task_or_no_numbers_comes_after():
    rows = [
        row("unreadable", state="unreadable"),
        row("not run", state="not run"),
        row("failed", state="failed"),
        row("queued", state="queued"),
        row("running", state="running"),
        row("no reports"),
        row("no task", nodes=1),
        row("a", 0.1),
    ]
    assert [each.name for each in sort_rows(rows)] == [each.name for each in reversed(rows)]


def test_the_best_is_marked_and_no_other(printed):
    rows = printed(row("a", 0.8), row("b", 0.9861))
    assert (rows["b"]["task metric"], rows["a"]["task metric"]) == ("accuracy 0.9861 best", "accuracy 0.8000")


def test_each_metric_has_its_own_best():
    assert find_best([row("a", 0.8), row("b", 0.7), row("c", f1=0.2), row("d")]) == {"accuracy": 0.8, "f1": 0.2}


def test_of_an_error_less_is_better(printed):
    rows = [row(name, rmse=value, lower_is_better=["rmse"]) for name, value in (("a", 3.0), ("b", 2.0), ("c", 4.0))]
    assert [each.name for each in sort_rows(rows)] == ["b", "a", "c"]
    assert find_best(rows) == {"rmse": 2.0}
    assert printed(*rows)["b"]["task metric"] == "rmse 2.0000 best"


def test_every_cell_of_a_row(printed):
    revision = Revision("a", "done", {**BASELINE, "train": {"lr": 0.5}}, METRICS, True, "digits/3")
    assert printed(revision)["a"] == {
        "experiment": "a",
        "changed": "train.lr=0.5",
        "task metric": "accuracy 0.9000 best",
        "tolerance used": "2.00%",
        "power": "97%",
        "nodes": "11",
        "bytes": "1,234",
        ".NET": "yes",
        "registered": "digits/3",
    }


@pytest.mark.parametrize(("verified", "cell"), [(True, "yes"), (False, "no"), (None, "-")])
def test_what_dotnet_said(verified, cell, printed):
    assert printed(Revision("a", "done", verified=verified))["a"][".NET"] == cell


def test_what_is_not_known_is_a_dash(printed):
    cells = printed(row("a"))["a"]
    assert {title: cell for title, cell in cells.items() if title != "experiment"} == dict.fromkeys(
        ("changed", "task metric", "tolerance used", "power", "nodes", "bytes", ".NET", "registered"), "-"
    )


@pytest.mark.parametrize("state", ["not run", "unreadable", "queued", "running", "failed"])
def test_what_did_not_end_says_so_instead_of_numbers(state, printed):
    assert printed(row("a", state=state))["a"]["task metric"] == state


def test_settings_that_cannot_be_read_are_no_change(printed):
    assert printed(Revision("a", "unreadable"))["a"]["changed"] == "-"


def test_a_long_change_is_cut(printed):
    revision = Revision("a", "done", {**BASELINE, "train": {"lr": list(range(200))}})
    assert printed(revision)["a"]["changed"].endswith("…")


def test_the_table_is_not_wider_than_it_may_be():
    rows = [Revision("n" * 90, "done", {**BASELINE, "a": {"x" * 90: "[bold]" * 9}}, METRICS, True, "m" * 90)]
    console = Console(width=WIDTH, record=True)
    console.print(make_table(rows, BASELINE))
    lines = console.export_text().splitlines()
    assert max(len(line) for line in lines) <= WIDTH
    assert "[bold]" in "".join(lines).replace(" ", "")


def test_workspace_and_baseline_are_in_the_table(run_once, capsys):
    compare()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines[2:4]] == ["workspace", "baseline main"]


def test_what_is_printed_into_a_pipe_is_as_wide_as_it_may_be(run_once, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    run_once.experiment("deep-sea", {**SETTINGS, "train": {"lr": 0.5, "note": "long " * 20}}, metrics=METRICS)
    compare()
    longest = max(len(line) for line in capsys.readouterr().out.splitlines())
    assert 100 < longest <= WIDTH


def test_reasons_stand_below_the_table(run_once, capsys):
    (run_once.folder / "params.yaml").write_text('{"train": {"lr": 0.7}}')
    compare()
    assert "\n\nworkspace: validate has not finished with these settings: train.lr was 0.1" in capsys.readouterr().out


def test_without_an_experiment_one_reads_how_to_make_one(run_once, capsys):
    compare()
    assert "There is no experiment yet: `dvc exp run -S train.epochs=5` runs one" in capsys.readouterr().out


def test_with_an_experiment_one_does_not(run_once, capsys):
    run_once.experiment("deep-sea", SETTINGS, metrics=METRICS)
    compare()
    assert "There is no experiment" not in capsys.readouterr().out


def test_nothing_to_compare(project):
    project.write(SETTINGS)
    project.commit()
    with pytest.raises(PipelineError, match="nothing has run yet, neither here nor in an experiment: run `make repro`"):
        compare()


def test_the_command(run_once, passes):
    run_once.experiment("deep-sea", SETTINGS, metrics={**METRICS, "accuracy": 0.95})
    assert "accuracy 0.9500 best" in passes("compare")


def test_the_command_takes_every_commit(run_once, passes):
    run_once.experiment("deep-sea", SETTINGS, metrics=METRICS)
    run_once.commit()
    assert "deep-sea" in passes("compare", "--all")


def test_the_command_s_error_is_one_sentence(empty, fails):
    assert fails("compare").startswith("error: compare: expected a project of DVC and git in")
