"""benchmarks/screenshots.py: which pictures it draws, and what it says where it cannot."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import devtools
from pipeline_runs import PROJECT
from sample_reports import page

SCRIPT = PROJECT / "benchmarks" / "screenshots.py"


def run(folder: Path, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PATH": path or os.environ["PATH"]}
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


needs_chromium = pytest.mark.skipif(devtools.find_program() is None, reason="no Chromium: apt-get install chromium")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    """A folder in which a report was drawn, also for the README."""
    folder = tmp_path_factory.mktemp("drawn")
    (folder / "report.html").write_text(page())
    assert run(folder, "report.html", "--readme").returncode == 0
    return folder


@needs_chromium
def test_a_page_is_drawn_at_two_widths_light_and_dark(drawn):
    widths = {file.name: Image.open(file).width for file in (drawn / "reports/screenshots").iterdir()}
    assert widths == {f"report-{width}-{scheme}.png": width for width in (1400, 700) for scheme in ("light", "dark")}


@needs_chromium
def test_a_dark_page_is_dark(drawn):
    light, dark = (Image.open(drawn / f"reports/screenshots/report-700-{scheme}.png") for scheme in ("light", "dark"))
    assert dark.getpixel((2, 2)) < (80, 80, 80) < light.getpixel((2, 2))


@needs_chromium
def test_a_picture_of_the_readme_is_the_top_of_the_page_and_small(drawn):
    picture = Image.open(drawn / "docs/report.png")
    assert picture.width == 700
    assert picture.height <= 1540
    assert (drawn / "docs/report.png").stat().st_size < 200_000


@needs_chromium
def test_what_is_not_there_is_left_out_by_name(tmp_path):
    said = run(tmp_path).stderr.splitlines()
    assert said[:2] == [
        "screenshots: report and plots left out: neither reports/proof.html nor reports/parity.html is there: run `dvc repro`",
        "screenshots: site left out: build/site is not there: run `make docs`",
    ]


@needs_chromium
def test_a_page_that_is_not_there(tmp_path):
    assert "none.html: there is no such page" in run(tmp_path, "none.html").stderr


def test_without_chromium_it_says_how_to_get_it(tmp_path):
    (tmp_path / "some.html").write_text(page())
    completed = run(tmp_path, "some.html", path=str(tmp_path))
    assert completed.returncode == 1
    assert completed.stderr.startswith("error: screenshots: no browser draws the pages: expected one of chromium, ")
