"""benchmarks/screenshots.py: which pictures it draws, and what it says where it cannot."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import chromium
from pipeline_runs import PROJECT
from sample_reports import page

SCRIPT = PROJECT / "benchmarks" / "screenshots.py"


def run(folder: Path, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PATH": path or os.environ["PATH"]}
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.skipif(chromium.find() is None, reason="no Chromium: apt-get install chromium")
def test_a_page_is_drawn_at_three_widths_light_and_dark(tmp_path):
    (tmp_path / "some.html").write_text(page())
    assert run(tmp_path, "some.html").returncode == 0
    drawn = {file.name: Image.open(file).width for file in (tmp_path / "reports/screenshots").iterdir()}
    assert drawn == {f"some-{width}-{scheme}.png": width for width in (1200, 700, 390) for scheme in ("light", "dark")}


@pytest.mark.skipif(chromium.find() is None, reason="no Chromium: apt-get install chromium")
def test_without_a_page_it_says_what_makes_one(tmp_path):
    completed = run(tmp_path)
    assert (completed.returncode, completed.stderr) == (
        1,
        "error: screenshots: expected reports/proof.html or reports/parity.html, got neither: run `dvc repro`, or name a page\n",
    )


@pytest.mark.skipif(chromium.find() is None, reason="no Chromium: apt-get install chromium")
def test_a_page_that_is_not_there(tmp_path):
    assert "none.html: there is no such page" in run(tmp_path, "none.html").stderr


def test_without_chromium_it_says_how_to_get_it(tmp_path):
    (tmp_path / "some.html").write_text(page())
    completed = run(tmp_path, "some.html", path=str(tmp_path))
    assert completed.returncode == 1
    assert completed.stderr.startswith("error: screenshots: no browser draws the page: expected one of chromium, ")
