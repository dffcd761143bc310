import configparser
import contextlib
import json
import re
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from experiment_projects import Project
from pipeline.core.errors import PipelineError
from pipeline.experiments import plots
from pipeline.experiments.plots import PAGE, TEMPLATE, draw, write_template
from pipeline_runs import PROJECT


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("template") / "plots.html"
    write_template(path)
    return path


def make_drawable(project: Project, template: Path) -> Path:
    """Give a project our plots, their templates, and rows for them."""
    folder = project.folder
    shutil.copy(template, folder / TEMPLATE)
    shutil.copytree(PROJECT / ".dvc" / "plots", folder / ".dvc" / "plots")
    shutil.copy(PROJECT / ".dvc" / "config", folder / ".dvc" / "config")
    definitions = YAML(typ="safe").load(PROJECT / "dvc.yaml")["plots"]
    (folder / "dvc.yaml").write_text(json.dumps({"plots": definitions}))
    (folder / "reports" / "plots").mkdir(parents=True)
    (folder / "reports" / "plots" / "train.csv").write_text(
        "epoch,train_loss,train_metric,validation_loss,validation_metric\n1,2.0,0.5,1.9,0.6\n2,1.0,0.7,1.1,0.7\n"
    )
    (folder / "reports" / "plots" / "parity.csv").write_text(
        "stage,case,output,used\nexport,rows-1,label,\nexport,rows-1,y,0.02\n"
    )
    project.commit()
    return folder


@pytest.fixture
def drawable(project, template) -> Path:
    return make_drawable(project, template)


@pytest.fixture(scope="module")
def page(tmp_path_factory, template) -> Path:
    """The page of a model that was trained."""
    folder = make_drawable(Project(tmp_path_factory.mktemp("drawn")), template)
    with contextlib.chdir(folder), contextlib.redirect_stdout(None):
        draw([])
    return folder / PAGE


def specs(page: Path = PAGE) -> dict[str, str]:
    """Plot -> the specification that the page draws it from."""
    return dict(re.findall(r'<div id = "(\w+)">\s*<script[^>]*>\s*var spec = (\{.*\});\n', page.read_text()))


def test_the_template_carries_vega(template):
    assert "window.vegaEmbed=" in template.read_text()


def test_the_template_loads_nothing(template):
    page = re.sub(r"<script>.*?</script>", "", template.read_text(), flags=re.DOTALL)
    assert re.findall(r"(?:src|href)=|url\(|@import", page) == []


@pytest.mark.parametrize("place", ["{plot_divs}", "{refresh_tag}"])
def test_the_template_has_dvc_s_places_once(place, template):
    assert template.read_text().count(place) == 1


def test_a_template_that_is_there_is_left_alone(template, monkeypatch):
    monkeypatch.setattr("vl_convert.javascript_bundle", None)
    before = template.stat().st_mtime_ns
    write_template(template)
    assert template.stat().st_mtime_ns == before


def test_a_template_of_another_page_is_made_again(template, tmp_path, monkeypatch):
    source = tmp_path / "plots_page.html"
    source.write_text("another {vega_bundle}")
    path = shutil.copy(template, tmp_path / "plots.html")
    monkeypatch.setattr(plots, "SOURCE", source)
    write_template(path)
    assert path.read_text().startswith("another ")


def test_dvc_takes_the_same_template():
    config = configparser.ConfigParser()
    config.read(PROJECT / ".dvc" / "config")
    assert Path(".dvc") / config["plots"]["html_template"] == TEMPLATE


def test_the_template_is_not_kept_in_git():
    assert f"/{TEMPLATE.name}" in (PROJECT / ".dvc" / ".gitignore").read_text().splitlines()


@pytest.mark.parametrize("plot", ["loss", "metric", "parity"])
def test_every_plot_is_drawn(plot, page):
    assert specs(page)[plot].startswith('{"')


def test_titles_and_axes_are_filled_in(page):
    assert "<DVC_METRIC" not in page.read_text()


def test_nothing_comes_from_the_network(page):
    assert re.findall(r"<script[^>]* src=[^>]*>", page.read_text()) == []


def test_an_untrained_model_has_no_curves(drawable):
    curves = drawable / "reports" / "plots" / "train.csv"
    curves.write_text(curves.read_text().splitlines()[0] + "\n")
    draw([])
    drawn = specs()
    assert (drawn["loss"], drawn["metric"]) == ("{}", "{}")
    assert drawn["parity"].startswith('{"')


def test_revisions_are_drawn_over_each_other(drawable):
    draw(["HEAD", "workspace"])
    assert '"rev": "HEAD"' in PAGE.read_text()


def test_a_revision_that_is_not_there(drawable):
    with pytest.raises(PipelineError, match=r"dvc plots diff nowhere: unknown Git revision 'nowhere'"):
        draw(["nowhere"])


def test_nothing_to_draw(drawable):
    shutil.rmtree(drawable / "reports" / "plots")
    with pytest.raises(PipelineError, match="there is nothing to draw, because nothing has run: run `make repro`"):
        draw([])


def test_a_page_of_before_is_no_page_of_now(drawable):
    draw([])
    shutil.rmtree(drawable / "reports")
    (drawable / "dvc.yaml").write_text("{}")
    with pytest.raises(PipelineError, match="nothing to draw"):
        draw([])


def test_no_project_is_left_as_it_is(empty):
    with pytest.raises(PipelineError, match=rf"expected a project of DVC in {empty}, got none"):
        draw([])
    assert list(empty.iterdir()) == []


def test_the_command_says_where_the_page_is(drawable, passes):
    assert passes("plots") == f"plots: {(drawable / PAGE).as_uri()}\n"


def test_the_command_makes_only_the_template(drawable, passes):
    passes("plots", "--template-only")
    assert not PAGE.exists()


def test_the_command_s_error_is_one_sentence(drawable, fails):
    assert fails("plots", "nowhere") == "error: plots: dvc plots diff nowhere: unknown Git revision 'nowhere'\n"
